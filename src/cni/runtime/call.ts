/** One call of one plugin by the runtime: what it is given, and how its answer is read. */
import { err, ok, type Result } from '../../sys/result.ts';
import { optional } from '../fields.ts';
import { isObject, lookup, oneLine, parseJson } from '../json.ts';
import type { Attachment, CniCommand, JsonObject } from '../types.ts';
import type { ConfList, PluginConfig } from './conflist.ts';

export interface PluginCall {
  /** Name of the executable, to be looked for in CNI_PATH. */
  readonly type: string;
  /** The CNI_ variables; the executor adds what else a program needs, such as PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

export interface PluginOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a plugin. A rejection (no such file, not executable) counts as the plugin's failure. */
export type ExecPlugin = (call: PluginCall) => Promise<PluginOutcome>;

/**
 * The work of a chain: yields each call of a plugin that it wants, and is given its outcome. What is thrown
 * into it (no such file, not executable) counts as the plugin's failure. drive.ts runs it.
 */
export type PluginSteps<T> = Generator<PluginCall, T, PluginOutcome>;

/** The failure of one plugin of a chain. */
export interface PluginError {
  readonly plugin: string;
  readonly command: CniCommand;
  /** Of the error document; 999 when there was none. */
  readonly code: number;
  readonly message: string;
  readonly details?: string;
}

/** Where the executables are, and which network this is about. */
export interface NetworkCall {
  readonly list: ConfList;
  /** Directories for CNI_PATH. */
  readonly path: readonly string[];
}

/** One interface of one container in one network. */
export interface AttachmentCall extends NetworkCall, Attachment {
  /** Path of the network namespace; empty on DEL when it is gone. */
  readonly netns: string;
  /** CNI_ARGS. */
  readonly args?: readonly (readonly [string, string])[];
  /** What the runtime knows, by capability; a plugin gets what it declares. */
  readonly capabilityArgs?: JsonObject;
}

/** The keys of stdin that differ from call to call. */
export interface CallExtras {
  readonly prevResult?: JsonObject;
  readonly attachments?: readonly Attachment[];
}

export function attachmentEnv(call: AttachmentCall): Record<string, string> {
  return {
    CNI_CONTAINERID: call.containerId,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.ifname,
    CNI_ARGS: (call.args ?? []).map(([key, value]) => `${key}=${value}`).join(';'),
  };
}

/** The plugin's configuration with what the runtime inserts (SPEC.md "Deriving request configuration"). */
export function requestConfig(
  list: ConfList,
  plugin: PluginConfig,
  capabilityArgs: JsonObject,
  { prevResult, attachments }: CallExtras,
): JsonObject {
  const known = plugin.capabilities.filter((name) => capabilityArgs[name] !== undefined);
  const runtimeConfig = Object.fromEntries(known.map((name) => [name, capabilityArgs[name]]));
  const valid = attachments?.map(({ containerId, ifname }) => ({ containerID: containerId, ifname }));
  return {
    ...plugin.config,
    cniVersion: list.cniVersion,
    name: list.name,
    ...(known.length > 0 && { runtimeConfig }),
    ...optional('prevResult', prevResult),
    // The text of 1.1.0 and the library disagree about the name of the key (containernetworking/cni#1101).
    ...(valid && { 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid }),
  };
}

/** Runs the plugin and returns what it printed, or its error. */
export function* callPlugin(
  command: CniCommand,
  call: NetworkCall,
  plugin: PluginConfig,
  env: Readonly<Record<string, string>>,
  config: JsonObject,
): PluginSteps<Result<string, PluginError>> {
  const failed = (code: number, message: string, details?: string) =>
    err({ plugin: plugin.type, command, code, message: oneLine(message), ...optional('details', details) });
  let outcome: PluginOutcome;
  try {
    outcome = yield {
      type: plugin.type,
      env: { ...env, CNI_COMMAND: command, CNI_PATH: call.path.join(':') },
      stdin: JSON.stringify(config),
    };
  } catch (error) {
    return failed(INTERNAL_CODE, error instanceof Error ? error.message : String(error));
  }
  if (outcome.status === 0) return ok(outcome.stdout);
  const document = parseJson(outcome.stdout);
  if (document.ok && isObject(document.value)) {
    const [code, message, details] = ['code', 'msg', 'details'].map((key) =>
      lookup(document.value as JsonObject, key),
    );
    if (typeof code === 'number' && typeof message === 'string') {
      return failed(code, message, typeof details === 'string' ? details : undefined);
    }
  }
  const said = outcome.stderr.trim() || outcome.stdout.trim();
  return failed(INTERNAL_CODE, `exit status ${outcome.status} without a CNI error: ${said.slice(0, 400)}`);
}

const INTERNAL_CODE = 999;
