/**
 * What a runtime remembers of an attachment between ADD and DEL, in the form in which the specification's
 * library stores it (libcni/api.go, cachedInfo), so that its tools can read ours and the other way round.
 */
import type { Attachment, JsonObject } from '../types.ts';
import type { AttachmentCall } from './call.ts';

export interface CacheDocument {
  readonly kind: 'cniCacheV1';
  readonly containerId: string;
  readonly ifName: string;
  readonly networkName: string;
  readonly netns: string;
  /** The network configuration, base64. */
  readonly config: string;
  readonly cniArgs?: readonly (readonly [string, string])[];
  readonly capabilityArgs?: JsonObject;
  /** Result of the last plugin, in the version of the list. */
  readonly result: JsonObject;
}

export function cacheDocument(call: AttachmentCall, result: JsonObject): CacheDocument {
  return {
    kind: 'cniCacheV1',
    containerId: call.containerId,
    ifName: call.ifname,
    networkName: call.list.name,
    netns: call.netns,
    config: base64OfUtf8(call.list.text),
    ...(call.args && { cniArgs: call.args }),
    ...(call.capabilityArgs && { capabilityArgs: call.capabilityArgs }),
    result,
  };
}

/** Name of the file in the cache directory, `/var/lib/cni/results` by custom. */
export function cacheFileName(network: string, { containerId, ifname }: Attachment): string {
  return `${network}-${containerId}-${ifname}`;
}

/** RFC 4648 §4, without the help of either engine: QuickJS has no btoa. */
export function base64OfUtf8(text: string): string {
  const bytes = [...encodeURIComponent(text).matchAll(/%(..)|./g)].map(([character, hex]) =>
    hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16),
  );
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = bytes.slice(i, i + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET[(bits >> shift) & 63]);
    encoded += digits
      .slice(0, c !== undefined ? 4 : b !== undefined ? 3 : 2)
      .join('')
      .padEnd(4, '=');
  }
  return encoded;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
