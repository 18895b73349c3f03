/** The plugins of a network, called in order as a container runtime does; azure-vnet is usually the only one. */
import { findPlugin } from '../../cni/find-plugin.ts';
import { isObject, lookup, oneLine, parseJson } from '../../cni/json.ts';
import { type AttachmentCall, attachmentEnv, requestConfig } from '../../cni/runtime/call.ts';
import type { PluginConfig } from '../../cni/runtime/conflist.ts';
import type { JsonObject } from '../../cni/types.ts';
import { failureOf } from '../../sys/failure.ts';
import { PATH_LIST_SEPARATOR } from '../../sys/platform.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';

/** A first ADD may wait for HNS twice. */
const PLUGIN_LIMIT_MS = 300_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** ADD on each plugin; when one fails, DEL on all of them. The result of the last one. */
export function addAll(sys: Sys, call: AttachmentCall): Result<JsonObject, string> {
  let prevResult: JsonObject | undefined;
  for (const plugin of call.list.plugins) {
    const added = callOne(sys, 'ADD', call, plugin, prevResult);
    if (!added.ok) {
      const left = delAll(sys, call);
      return err([`error executing ADD: ${added.error}`, ...left].join('; '));
    }
    prevResult = added.value;
  }
  return ok(prevResult ?? {});
}

/** DEL on each plugin in reverse; what could not be done, nothing when all is well. */
export function delAll(sys: Sys, call: AttachmentCall): string[] {
  const failed: string[] = [];
  for (const plugin of [...call.list.plugins].reverse()) {
    const done = callOne(sys, 'DEL', call, plugin, undefined);
    if (!done.ok) failed.push(`error executing DEL: ${done.error}`);
  }
  return failed;
}

function callOne(
  sys: Sys,
  command: 'ADD' | 'DEL',
  call: AttachmentCall,
  plugin: PluginConfig,
  prevResult: JsonObject | undefined,
): Result<JsonObject, string> {
  const found = findPlugin(sys, plugin.type, call.path);
  if (!found.ok) return err(found.error.message);
  const extras = prevResult === undefined ? {} : { prevResult };
  const config = requestConfig(call.list, plugin, call.capabilityArgs ?? {}, extras);
  const env = { CNI_COMMAND: command, CNI_PATH: call.path.join(PATH_LIST_SEPARATOR), ...attachmentEnv(call) };
  try {
    const ended = sys.spawn({
      argv: [found.value.path],
      env: { ...sys.environ(), ...env },
      stdin: JSON.stringify(config),
      timeoutMs: PLUGIN_LIMIT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (ended.timedOut) return err(`${plugin.type}: not finished after ${PLUGIN_LIMIT_MS / 1000} s`);
    const document = parseJson(ended.stdout);
    const value = document.ok && isObject(document.value) ? document.value : {};
    if (ended.status === 0) return ok(value);
    const message = lookup(value, 'msg');
    const said = typeof message === 'string' ? message : ended.stderr.trim() || ended.stdout.trim();
    return err(`${plugin.type}: ${oneLine(said).slice(0, MAX_SHOWN) || `exit status ${ended.status}`}`);
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return err(`${plugin.type}: ${refused.message}`);
  }
}

const MAX_SHOWN = 1000;
