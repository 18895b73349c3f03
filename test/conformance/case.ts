/**
 * The form of cases.json: what a plugin is given and what it must do, as data. Every case runs the built
 * executables in a fresh machine of their own (vm.ts).
 *
 * Texts may hold placeholders: {{CNI_PATH}} the directory with both plugins, {{FAKE}} the directory of the
 * stand-in IPAM plugin, {{EMPTY}} an empty directory, {{NS}} and {{NETNS}} the name and path of the
 * container's namespace, {{CID}} 64 hex digits, {{BRIDGE}} the bridge. A value {{RESULT:x}} is a result
 * remembered as x.
 */
import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../../src/cni/types.ts';

export type Level = 'protocol' | 'delegation' | 'ipam';

export interface Case {
  readonly name: string;
  /** Answers on 168.63.129.16: `addresses` secondary addresses from 10.91.0.10 on. */
  readonly wireserver?: { readonly addresses: number; readonly answer?: string };
  readonly steps: readonly Step[];
}

export type Step = Call | ParallelStep | RunStep | WriteStep | EmptyStep | CalledStep | DetachStep;

/** One call of a plugin. What is not said is as `callDefaults` has it. */
export interface Call {
  /** Name of the plugin, or an absolute path. */
  readonly plugin?: string;
  readonly command: string;
  /** CNI_ variables that differ; null unsets one. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Keys of the configuration that differ. */
  readonly config?: JsonObject;
  /** Keys of the configuration that are not there. */
  readonly without?: readonly string[];
  /** Instead of a configuration: exactly this text, or this document. */
  readonly stdin?: JsonValue;
  readonly expect: Expectation;
}

/** All calls at once; `distinct` is a path whose values must differ. */
export interface ParallelStep {
  readonly parallel: readonly Call[];
  readonly distinct?: string;
}

/** A program that looks at the machine, or changes it. */
export interface RunStep {
  readonly run: readonly string[];
  /** It must fail. */
  readonly fails?: true;
  readonly prints?: string;
  readonly printsNot?: string;
  /** Keeps what this pattern finds in each line; then `remember` it or compare it with what was the `same`. */
  readonly extract?: string;
  readonly remember?: string;
  readonly same?: string;
}

export interface WriteStep {
  readonly write: string;
  readonly text: string;
}

export interface EmptyStep {
  readonly emptyDirectory: string;
}

/** The stand-in IPAM plugin has been called with this command. */
export interface CalledStep {
  readonly ipamWasCalledFor: string;
}

/** Takes every container's veth off the bridge. */
export interface DetachStep {
  readonly detachPorts: string;
}

export interface Expectation {
  /** Exit status. With 1, stdout must be one error document. */
  readonly status: 0 | 1;
  readonly code?: number;
  readonly msg?: JsonValue;
  readonly details?: JsonValue;
  /** A pattern for the document, see match.ts. */
  readonly document?: JsonObject;
  readonly prints?: 'nothing';
  readonly stdoutIncludes?: string;
  readonly stderrIncludes?: string;
  /** Each `ips[].interface` points to an interface with a sandbox. */
  readonly addressesAreSandboxed?: true;
  readonly withinMs?: number;
  readonly remember?: string;
  /** Name of a remembered result, and the path of a value that must be another one, or the same. */
  readonly differsFrom?: readonly [string, string];
  readonly equals?: readonly [string, string];
}

type FlatCase = Omit<Case, 'steps'> & (Pick<Case, 'steps'> | Call);

/** The cases of one level; a case of one call is written without `steps`. */
export function loadCases(level: Level): Case[] {
  const file = new URL('cases.json', import.meta.url);
  const all = JSON.parse(readFileSync(file, 'utf8')) as Record<Level, FlatCase[]>;
  return all[level].map((flat) => {
    if ('steps' in flat) return flat;
    const { name, wireserver, ...call } = flat;
    return { name, ...(wireserver && { wireserver }), steps: [call] };
  });
}

/** The environment and configuration of a call that says nothing about them. */
export function callDefaults(
  level: Level,
  command: string,
): { env: Record<string, string>; config: JsonObject } {
  const subnet = level === 'ipam' ? { subnet: '10.91.0.0/24' } : {};
  const config = {
    cniVersion: '0.3.1',
    name: 'azure',
    type: 'azure-vnet',
    mode: 'bridge',
    bridge: '{{BRIDGE}}',
    ipam: { type: 'azure-vnet-ipam', ...subnet },
  };
  if (command === 'VERSION' || command === '') return { env: {}, config: {} };
  if (command === 'GC' || command === 'STATUS') return { env: { CNI_PATH: '{{CNI_PATH}}' }, config };
  const env = {
    CNI_CONTAINERID: '{{CID}}',
    CNI_NETNS: level === 'delegation' ? '{{NETNS}}' : '/run/netns/none-such',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '{{CNI_PATH}}',
  };
  const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=pod1;K8S_POD_INFRA_CONTAINER_ID={{CID}}';
  const hasArgs = command === 'ADD' || command === 'CHECK';
  return { env: hasArgs ? { ...env, CNI_ARGS: args } : env, config };
}
