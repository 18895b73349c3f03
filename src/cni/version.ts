/** Versions of the protocol: which ones are spoken, and what a configuration's version allows. */
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { CNI_VERSIONS, type CniCommand, type CniVersion } from './types.ts';

export const NEWEST_VERSION: CniVersion = '1.1.0';

/** A configuration without `cniVersion` is one of the first version, as for the specification's library. */
export const DEFAULT_VERSION: CniVersion = '0.1.0';

export function isSupported(version: string): version is CniVersion {
  return (CNI_VERSIONS as readonly string[]).includes(version);
}

/** Both are versions of the list, which is in ascending order. */
export function atLeast(version: CniVersion, minimum: CniVersion): boolean {
  return CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(minimum);
}

/**
 * Is this `cniVersion` one for this command? ADD and DEL compare with the list, text by text. CHECK, GC
 * and STATUS first compare numbers with the version that introduced the command, then with the list.
 */
export function checkVersion(command: CniCommand, text: string): Result<CniVersion, Failure> {
  const since = INTRODUCED[command];
  if (since !== undefined) {
    const asked = parseVersion(text);
    if (asked === undefined) {
      return err(failure('UNDECODABLE', `cniVersion: expected up to three numbers, got "${text}"`));
    }
    const minimum = parseVersion(since) ?? [];
    if (compare(asked, minimum) < 0) return incompatible(`config version does not allow ${command}`, text);
    if (compare(asked, parseVersion(NEWEST_VERSION) ?? []) > 0) {
      return incompatible(`plugin version does not allow ${command}`, text);
    }
  }
  return isSupported(text) ? ok(text) : incompatible('incompatible CNI versions', text);
}

/** "1", "1.0" or "1.0.0" as numbers; undefined for anything else. */
export function parseVersion(text: string): readonly number[] | undefined {
  return /^\d+(\.\d+){0,2}$/.test(text) ? text.split('.').map(Number) : undefined;
}

/** Negative, zero or positive, as for Array.sort; missing parts count as zero. */
export function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function incompatible(message: string, text: string): Result<never, Failure> {
  const supported = CNI_VERSIONS.map((version) => `"${version}"`).join(' ');
  const details = `config is ${JSON.stringify(text)}, plugin supports [${supported}]`;
  return err(failure('INCOMPATIBLE_VERSION', message, details));
}

const INTRODUCED: { readonly [C in CniCommand]?: CniVersion } = {
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0',
};
