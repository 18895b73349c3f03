/** What every call has to keep, whatever it was given. */
import assert from 'node:assert/strict';
import { CNI_VERSIONS } from '../../../src/cni/types.ts';
import type { FuzzCall } from './calls.ts';

/** What a call printed and how it ended, in this process or in one of its own. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
}

/** Codes of the specification that our plugins answer with, and the first of their own. */
const SPECIFIED: readonly number[] = [1, 2, 4, 5, 6, 7, 8, 11, 50, 51];
const FIRST_OWN_CODE = 100;
const INTERNAL_CODE = 999;
/** Codes that say that the call was wrong in itself: it must not have begun to work. */
const REFUSED: readonly number[] = [1, 2, 4, 6, 7, 8];

/** A text in the errors of the third-party IPAM plugin, whose code may be any. */
export const FOREIGN = 'said the other plugin';

/** The code of the error, 0 for success. Throws when the answer is none that the specification allows. */
export function codeOf({ env }: FuzzCall, { status, stdout }: Answer): number {
  assert.ok(status === 0 || status === 1, `exit status ${status}`);
  if (status === 1) return codeOfError(stdout);
  switch (env.CNI_COMMAND) {
    case 'ADD':
      assertResult(stdout);
      break;
    case 'VERSION':
      assert.deepEqual(documentOf(stdout).supportedVersions, [...CNI_VERSIONS]);
      break;
    case 'DEL':
    case 'CHECK':
    case 'GC':
    case 'STATUS':
    case '':
    case undefined:
      assert.equal(stdout, '', 'nothing is printed');
      break;
    default:
      assert.fail(`success of the command ${env.CNI_COMMAND}`);
  }
  return 0;
}

/** True when this code says that nothing may have been changed. */
export function isRefusal(code: number): boolean {
  return REFUSED.includes(code);
}

/**
 * The code that the specification asks for, from what a second reading of the call finds; undefined where
 * there is no simple rule. Independent of the code that is tested.
 */
export function codeRequired({ env, stdin }: FuzzCall): number | undefined {
  const { CNI_COMMAND: command = '' } = env;
  const required = Object.hasOwn(REQUIRED, command) ? REQUIRED[command] : undefined;
  if (required === undefined) return undefined;
  if (required.some((name) => (env[name] ?? '') === '')) return 4;
  if (required.includes('CNI_CONTAINERID') && !/^[a-zA-Z0-9][\w.-]*$/.test(env.CNI_CONTAINERID ?? ''))
    return 4;
  if (required.includes('CNI_IFNAME')) {
    const name = env.CNI_IFNAME ?? '';
    if (
      Buffer.byteLength(name) > 15 ||
      name === '.' ||
      name === '..' ||
      /[/:\s\u0085]/.test(name.replaceAll('\ufeff', ''))
    )
      return 4;
  }
  return isJson(stdin) ? undefined : 6;
}

function codeOfError(stdout: string): number {
  const { cniVersion, code, msg, details } = documentOf(stdout);
  assert.ok(
    CNI_VERSIONS.some((version) => version === cniVersion),
    `cniVersion ${String(cniVersion)}`,
  );
  assert.ok(typeof msg === 'string' && msg !== '' && !/[\r\n]/.test(msg), 'msg is one line');
  assert.ok(details === undefined || (typeof details === 'string' && details !== ''), 'details is a text');
  assert.ok(
    typeof code === 'number' && Number.isInteger(code) && code > 0 && code <= 0xffff_ffff,
    `code ${code}`,
  );
  if (msg.includes(FOREIGN)) return FIRST_OWN_CODE;
  assert.notEqual(code, INTERNAL_CODE, `an internal error: ${msg}`);
  assert.ok(
    SPECIFIED.includes(code) || code >= FIRST_OWN_CODE,
    `code ${code} is none of the specification: ${msg}`,
  );
  return code;
}

function assertResult(stdout: string): void {
  const { cniVersion, ips, ip4, ip6 } = documentOf(stdout);
  assert.ok(
    CNI_VERSIONS.some((version) => version === cniVersion),
    `cniVersion ${String(cniVersion)}`,
  );
  const addresses = cniVersion === '0.1.0' || cniVersion === '0.2.0' ? [ip4 ?? ip6] : ips;
  assert.ok(Array.isArray(addresses) && addresses.length > 0 && addresses[0] !== undefined, 'an address');
}

/** Exactly one object, and nothing after it. */
function documentOf(stdout: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(stdout);
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), `one object: ${stdout}`);
  return value as Readonly<Record<string, unknown>>;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(DECODER.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** A byte order mark is no white space of JSON. */
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
};
