/** Where the state lives, and what may be in a file name. */
import { encodeNamePart, STATE_ROOT } from '../sys/platform.ts';

export { LOG_PATH, STATE_ROOT } from '../sys/platform.ts';

export const LOCK_PATH = `${STATE_ROOT}/lock`;
export const IPAM_DIR = `${STATE_ROOT}/ipam`;
/** Damaged records, set aside for a person to look at. */
export const QUARANTINE_DIR = `${STATE_ROOT}/quarantine`;
/** Records that are being written, each named after its process. */
export const TEMPORARY_DIR = `${STATE_ROOT}/tmp`;

/**
 * Longer file names are shortened, and are then still longer than this; NAME_MAX is 255, the rest is for the
 * hash and for prefixes of temporary files.
 */
export const MAX_NAME_BYTES = 200;

/**
 * A file name for a key: its parts joined by `@`. Everything but letters, digits, `.`, `_` and `-` is
 * written as %xx, as is a leading dot, so two keys never share a name and no name leaves its directory.
 * A long name is cut and ends in `~` and a hash; therefore a record's content holds the whole key.
 */
export function recordName(...parts: readonly string[]): string {
  const name = parts.map(encodeNamePart).join('@') || '%';
  return name.length <= MAX_NAME_BYTES ? name : `${name.slice(0, MAX_NAME_BYTES)}~${fnv1a(name)}`;
}

/** The parts of a name that was not shortened; undefined for one that was. */
export function recordNameParts(name: string): string[] | undefined {
  if (name.includes('~')) return undefined;
  try {
    return name.split('@').map(decodeURIComponent);
  } catch {
    return undefined; // Not written by recordName.
  }
}

/** 64 bits of FNV-1a as hex digits, over two 32-bit halves with different seeds. */
function fnv1a(text: string): string {
  return [0x811c9dc5, 0x01000193]
    .map((seed) => {
      let hash = seed;
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
      return hash.toString(16).padStart(8, '0');
    })
    .join('');
}
