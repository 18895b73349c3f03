/** A container as docker describes it, reduced to what matters here. */
import { Fields } from '../../cni/fields.ts';
import { isObject, parseJson } from '../../cni/json.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { type PortMapping, parsePorts } from './ports.ts';

/** Label with the namespace: who has it wants an address of the VNet. */
export const NAMESPACE_LABEL = 'azure-vnet.namespace';
/** Label with the ports of the node, as `-p` takes them, with commas. */
export const PORTS_LABEL = 'azure-vnet.ports';

export interface DockerContainer {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Undefined for a container that is not ours. */
  readonly namespace: string | undefined;
  /** Of the label as it is; damaged by hand, it says what is wrong. */
  readonly ports: Result<readonly PortMapping[], string>;
  /** running, exited, created, restarting, paused … */
  readonly status: string;
  /** Of its first process, as the node sees it; 0 when nothing runs. */
  readonly pid: number;
  readonly exitCode: number;
  readonly networkMode: string;
  /** Where docker keeps its network namespace as a file; empty when it has none. */
  readonly sandboxKey: string;
  readonly hostname: string;
  /** The files that are /etc/resolv.conf and /etc/hosts in the container. */
  readonly resolvConf: string;
  readonly hosts: string;
  /** True when it was made with --dns and the like. */
  readonly hasOwnDns: boolean;
}

/** For `docker inspect --format`: one line for each container. */
export const INSPECT_FORMAT = `[${[
  '.Id',
  '.Name',
  '.Config.Image',
  '.Config.Labels',
  '.State.Status',
  '.State.Pid',
  '.State.ExitCode',
  '.HostConfig.NetworkMode',
  '.NetworkSettings.SandboxKey',
  '.Config.Hostname',
  '.ResolvConfPath',
  '.HostsPath',
  '.HostConfig.Dns',
  '.HostConfig.DnsSearch',
  '.HostConfig.DnsOptions',
]
  .map((field) => `{{json ${field}}}`)
  .join(',')}]`;

/** Reads a line of that format. */
export function parseContainer(line: string): Result<DockerContainer, string> {
  const json = parseJson(line);
  if (!json.ok || !Array.isArray(json.value)) return err(`docker inspect printed "${line.slice(0, 80)}"`);
  const values: readonly unknown[] = json.value;
  const text = (index: number) => (typeof values[index] === 'string' ? values[index] : '');
  const count = (index: number) => (typeof values[index] === 'number' ? values[index] : 0);
  const isFilled = (value: unknown) => Array.isArray(value) && value.length > 0;
  const labels = new Fields(isObject(json.value[3]) ? json.value[3] : {});
  if (!/^[0-9a-f]{64}$/.test(text(0))) return err(`docker inspect printed the id "${text(0).slice(0, 80)}"`);
  return ok({
    id: text(0),
    name: text(1).replace(/^\//, ''),
    image: text(2),
    namespace: labels.string(NAMESPACE_LABEL) || undefined,
    ports: parsePorts(labels.string(PORTS_LABEL)),
    status: text(4),
    pid: count(5),
    exitCode: count(6),
    networkMode: text(7),
    sandboxKey: text(8),
    hostname: text(9),
    resolvConf: text(10),
    hosts: text(11),
    hasOwnDns: values.slice(12).some(isFilled),
  });
}
