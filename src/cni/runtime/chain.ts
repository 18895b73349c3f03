/**
 * A small CNI runtime: ADD and DEL of one attachment through all plugins of a network (SPEC.md "Lifecycle
 * & Ordering"). It asks for each call of a plugin (`PluginSteps`) and stores nothing, so it works on every
 * engine; the caller runs the programs, keeps the cache document and hands it back.
 */
import { broken, err, ok, type Result } from '../../sys/result.ts';
import { parseJson } from '../json.ts';
import { formatResult, parseResult } from '../result.ts';
import type { CniResult, JsonObject } from '../types.ts';
import { atLeast } from '../version.ts';
import { type CacheDocument, cacheDocument } from './cache.ts';
import {
  type AttachmentCall,
  attachmentEnv,
  type CallExtras,
  callPlugin,
  type ExecPlugin,
  type PluginError,
  type PluginSteps,
  requestConfig,
} from './call.ts';
import type { PluginConfig } from './conflist.ts';
import { drive } from './drive.ts';

export interface AddedChain {
  /** The last plugin's result. */
  readonly result: CniResult;
  /** To be stored by the caller until DEL. */
  readonly cache: CacheDocument;
}

export interface FailedChain {
  readonly error: PluginError;
  /** What went wrong while everything was removed again. */
  readonly cleanup: readonly PluginError[];
}

/**
 * Runs ADD on each plugin in order, each with the result of the one before. When one fails, DEL is run on
 * the whole chain, also on the plugins that were never reached, as the specification asks.
 */
export function* addSteps(call: AttachmentCall): PluginSteps<Result<AddedChain, FailedChain>> {
  let prevResult: JsonObject | undefined;
  for (const plugin of call.list.plugins) {
    const printed = yield* runOn('ADD', call, plugin, prevResult ? { prevResult } : {});
    const added = printed.ok ? readResult(printed.value, call, plugin) : printed;
    if (!added.ok) return err({ error: added.error, cleanup: yield* delSteps(call) });
    prevResult = added.value;
  }
  const document = prevResult ?? {};
  const result = parseResult(document, call.list.cniVersion);
  if (!result.ok) broken(`own result does not parse: ${result.error}`);
  return ok({ result: result.value, cache: cacheDocument(call, document) });
}

/**
 * Runs DEL on each plugin in reverse order, with the cached result where the version knows that. A failure
 * does not keep the other plugins from cleaning up; all failures are returned, none means success.
 */
export function* delSteps(call: AttachmentCall, cache?: CacheDocument): PluginSteps<PluginError[]> {
  const errors: PluginError[] = [];
  const withResult = cache !== undefined && atLeast(call.list.cniVersion, '0.4.0');
  for (const plugin of [...call.list.plugins].reverse()) {
    const done = yield* runOn('DEL', call, plugin, withResult ? cachedResult(call, cache) : {});
    if (!done.ok) errors.push(done.error);
  }
  return errors;
}

/** `addSteps` with promises. */
export function addChain(exec: ExecPlugin, call: AttachmentCall): Promise<Result<AddedChain, FailedChain>> {
  return drive(exec, addSteps(call));
}

/** `delSteps` with promises. */
export function delChain(
  exec: ExecPlugin,
  call: AttachmentCall,
  cache?: CacheDocument,
): Promise<PluginError[]> {
  return drive(exec, delSteps(call, cache));
}

/** The cached result in the version that the list has now; nothing when it cannot be read. */
export function cachedResult(call: AttachmentCall, cache: CacheDocument): CallExtras {
  const result = parseResult(cache.result, call.list.cniVersion);
  const document = result.ok ? formatResult(result.value, call.list.cniVersion) : result;
  return document.ok ? { prevResult: withoutAbsentKeys(document.value) } : {};
}

export function runOn(
  command: 'ADD' | 'DEL' | 'CHECK',
  call: AttachmentCall,
  plugin: PluginConfig,
  extras: CallExtras,
): PluginSteps<Result<string, PluginError>> {
  const config = requestConfig(call.list, plugin, call.capabilityArgs ?? {}, extras);
  return callPlugin(command, call, plugin, attachmentEnv(call), config);
}

/** What the plugin printed, as a document of the list's version. */
function readResult(
  text: string,
  { list }: AttachmentCall,
  plugin: PluginConfig,
): Result<JsonObject, PluginError> {
  const json = parseJson(text);
  const result = json.ok ? parseResult(json.value, list.cniVersion) : json;
  const document = result.ok ? formatResult(result.value, list.cniVersion) : result;
  if (document.ok) return ok(withoutAbsentKeys(document.value));
  const message = `cannot read the result: ${document.error}`;
  return err({ plugin: plugin.type, command: 'ADD', code: UNDECODABLE_CODE, message });
}

/** The document as anyone would read it back: keys whose value is undefined are gone. */
function withoutAbsentKeys(document: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}

const UNDECODABLE_CODE = 6;
