/** azure-vnet docker run: a container with an address of the VNet, or nothing. */
import type { NetworkCall } from '../../cni/runtime/call.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { type Call, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS, STATUS_USAGE } from '../command.ts';
import { shortId } from '../node/names.ts';
import { type Attached, attach, detach } from './attach.ts';
import { Docker } from './client.ts';
import { NAMESPACE_LABEL, PORTS_LABEL } from './container.ts';
import { openForwarding } from './forwarding.ts';
import { withContainerLock } from './locks.ts';
import { problemOfImage, problemOfName, problemOfNamespace } from './names.ts';
import { readNetwork } from './plugins.ts';
import { formatMapping, type PortMapping, parsePorts } from './ports.ts';
import { readDockerRecord, removeDockerRecord } from './records.ts';
import { staleHolders, takenPort } from './taken-ports.ts';

interface Wanted {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly ports: readonly PortMapping[];
  /** Instead of the image's own; empty for that. */
  readonly command: readonly string[];
}

export function run(call: Call): number {
  const { out, given, log } = call;
  const wanted = readWanted(call);
  if (!wanted.ok) {
    out.complain(`azure-vnet: ${wanted.error}\n`);
    return STATUS_USAGE;
  }
  const { name, namespace, image, ports } = wanted.value;
  const made = make(call, wanted.value);
  if (!made.ok) {
    log.set('error', made.error);
    out.complain(`azure-vnet: ${name}: ${made.error}\n`);
    return STATUS_PROBLEMS;
  }
  openForwarding(call);
  const { id, addresses, result } = made.value;
  log.set('container', id);
  log.set('address', addresses.join(','));
  if (given.switches.has(JSON_FLAG.name)) {
    const container = { id, name, namespace, image, addresses, ports: ports.map(formatMapping) };
    out.printJson({ ...container, result });
  } else out.print(`${name}: ${addresses.join(', ')}, container ${shortId(id)}\n`);
  return STATUS_OK;
}

function readWanted({ given }: Call): Result<Wanted, string> {
  const [name = '', namespace = '', image = ''] = given.words ?? [];
  const problem = problemOfName(name) ?? problemOfNamespace(namespace) ?? problemOfImage(image);
  if (problem !== undefined) return err(problem);
  const ports = parsePorts(given.values.get('publish') ?? '');
  return ports.ok ? ok({ name, namespace, image, ports: ports.value, command: given.tail ?? [] }) : ports;
}

interface Made extends Attached {
  readonly id: string;
}

/** What can be known beforehand is found out before anything is made. */
function make(call: Call, wanted: Wanted): Result<Made, string> {
  const { sys, out } = call;
  const docker = Docker.find(sys);
  if (!docker.ok) return docker;
  const network = readNetwork(call);
  if (!network.ok) return network;
  const taken = takenPort(sys, wanted.ports, '') ?? releaseStale(call, network.value, wanted.ports);
  if (taken !== undefined) return err(taken);
  const created = docker.value.create(argumentsFor(wanted), () =>
    out.complain(`azure-vnet: ${wanted.name}: pulling ${wanted.image}\n`),
  );
  if (!created.ok) return created;
  const id = created.value;
  return withContainerLock(sys, id, () => {
    const started = start(call, docker.value, network.value, id);
    return started.ok
      ? ok({ id, ...started.value })
      : err(takeBack(call, docker.value, network.value, id, started.error));
  });
}

/** Of `docker create`. With its standard input open, an image whose command is a shell stays up. */
function argumentsFor({ name, namespace, image, ports, command }: Wanted): string[] {
  const labels = [`${NAMESPACE_LABEL}=${namespace}`];
  if (ports.length > 0) labels.push(`${PORTS_LABEL}=${ports.map(formatMapping).join(',')}`);
  const flags = ['--interactive', '--network', 'none', ...labels.flatMap((label) => ['--label', label])];
  return ['--name', name, ...flags, image, ...command];
}

function start(call: Call, docker: Docker, network: NetworkCall, id: string): Result<Attached, string> {
  const started = docker.start(id);
  if (!started.ok) return started;
  const found = runningContainer(docker, id);
  if (!found.ok) return found;
  const attached = attach(call, network, found.value, undefined);
  if (attached.ok) return attached;
  // An ADD that fails because the container has ended meanwhile is not to blame for it.
  const after = runningContainer(docker, id);
  return after.ok ? attached : after;
}

function runningContainer(docker: Docker, id: string) {
  const inspected = docker.inspect([id]);
  if (!inspected.ok) return inspected;
  const [container] = inspected.value;
  if (container === undefined) return err('somebody removed the container meanwhile');
  if (container.pid > 0) return ok(container);
  const words = docker.lastWords(id);
  const said = words === '' ? '' : `: ${words}`;
  return err(
    `the container ended at once, with status ${container.exitCode}${said}; give it a command after --`,
  );
}

/** Removes what a run that failed has made; returns the whole error. */
function takeBack({ sys }: Call, docker: Docker, { path }: NetworkCall, id: string, error: string): string {
  const record = readDockerRecord(sys, id);
  const left = record === undefined || record.netns === '' ? [] : detach(sys, record, path);
  if (left.length === 0) removeDockerRecord(sys, id);
  const removed = docker.remove(id);
  if (!removed.ok) left.push(removed.error);
  return [error, ...left.map((text) => `not undone: ${text}`)].join('; ');
}

/** Takes the ports from containers that have stopped; why that failed. */
function releaseStale(call: Call, { path }: NetworkCall, ports: readonly PortMapping[]): string | undefined {
  const { sys } = call;
  for (const { containerId } of ports.length === 0 ? [] : staleHolders(sys, ports, '')) {
    const released = withContainerLock(sys, containerId, () => {
      const stale = staleHolders(sys, ports, '').find((record) => record.containerId === containerId);
      const left = stale === undefined ? [] : detach(sys, stale, path);
      return left.length === 0 ? ok(undefined) : err(left.join('; '));
    });
    if (!released.ok) return released.error;
  }
  return undefined;
}
