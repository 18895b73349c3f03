/** CHECK, GC and STATUS of the small CNI runtime; see chain.ts. */
import { err, ok, type Result } from '../../sys/result.ts';
import type { Attachment } from '../types.ts';
import { atLeast } from '../version.ts';
import type { CacheDocument } from './cache.ts';
import {
  type AttachmentCall,
  callPlugin,
  type ExecPlugin,
  type NetworkCall,
  type PluginError,
  type PluginSteps,
  requestConfig,
} from './call.ts';
import { cachedResult, delSteps, runOn } from './chain.ts';
import { drive } from './drive.ts';

/** Whether the chain was asked at all: older versions and `disableCheck` say that it must not be. */
export type Asked = 'asked' | 'not asked';

/** Runs CHECK on each plugin with the cached result; the first failure ends it. */
export function checkChain(
  exec: ExecPlugin,
  call: AttachmentCall,
  cache: CacheDocument,
): Promise<Result<Asked, PluginError>> {
  return drive(exec, checkSteps(call, cache));
}

function* checkSteps(call: AttachmentCall, cache: CacheDocument): PluginSteps<Result<Asked, PluginError>> {
  if (call.list.disableCheck || !atLeast(call.list.cniVersion, '0.4.0')) return ok('not asked');
  for (const plugin of call.list.plugins) {
    const checked = yield* runOn('CHECK', call, plugin, cachedResult(call, cache));
    if (!checked.ok) return checked;
  }
  return ok('asked');
}

export interface Collected {
  /** Cached attachments that have been removed: the caller deletes their documents. */
  readonly removed: readonly CacheDocument[];
  readonly errors: readonly PluginError[];
}

/**
 * Removes what is not in `valid`: DEL for every such cached attachment of this network, then GC on each
 * plugin. A failure does not stop the rest.
 */
export function gcChain(
  exec: ExecPlugin,
  call: NetworkCall,
  valid: readonly Attachment[],
  cached: readonly CacheDocument[],
): Promise<Collected> {
  return drive(exec, gcSteps(call, valid, cached));
}

function* gcSteps(
  call: NetworkCall,
  valid: readonly Attachment[],
  cached: readonly CacheDocument[],
): PluginSteps<Collected> {
  const removed: CacheDocument[] = [];
  const errors: PluginError[] = [];
  if (call.list.disableGC) return { removed, errors };
  const isValid = (cache: CacheDocument) =>
    valid.some(({ containerId, ifname }) => containerId === cache.containerId && ifname === cache.ifName);
  for (const cache of cached) {
    if (cache.networkName !== call.list.name || isValid(cache)) continue;
    const failures = yield* delSteps(attachmentOf(call, cache), cache);
    errors.push(...failures);
    if (failures.length === 0) removed.push(cache);
  }
  if (!atLeast(call.list.cniVersion, '1.1.0')) return { removed, errors };
  for (const plugin of call.list.plugins) {
    const config = requestConfig(call.list, plugin, {}, { attachments: valid });
    const done = yield* callPlugin('GC', call, plugin, {}, config);
    if (!done.ok) errors.push(done.error);
  }
  return { removed, errors };
}

/** Asks each plugin whether it could serve ADD; the first failure ends it, so that its code is clear. */
export function statusChain(exec: ExecPlugin, call: NetworkCall): Promise<Result<Asked, PluginError>> {
  return drive(exec, statusSteps(call));
}

function* statusSteps(call: NetworkCall): PluginSteps<Result<Asked, PluginError>> {
  if (!atLeast(call.list.cniVersion, '1.1.0')) return ok('not asked');
  for (const plugin of call.list.plugins) {
    const config = requestConfig(call.list, plugin, {}, {});
    const status = yield* callPlugin('STATUS', call, plugin, {}, config);
    if (!status.ok) return err(status.error);
  }
  return ok('asked');
}

/** The call that made a cached attachment. */
export function attachmentOf(call: NetworkCall, cache: CacheDocument): AttachmentCall {
  return {
    ...call,
    containerId: cache.containerId,
    ifname: cache.ifName,
    netns: cache.netns,
    ...(cache.cniArgs && { args: cache.cniArgs }),
    ...(cache.capabilityArgs && { capabilityArgs: cache.capabilityArgs }),
  };
}
