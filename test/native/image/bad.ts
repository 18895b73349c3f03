/** Wrong arguments, by kind, and the errno name that each must be refused with. */
import { call } from './check.ts';

export type Bad = readonly [what: string, value: unknown, errno: string];
export type BadSpan = readonly [what: string, span: readonly unknown[], errno: string];

/** An object that would convert to anything, if something converted it. */
const CONVERTIBLE = { valueOf: () => 3, toString: () => '/tmp' };

const NO_INTEGERS: readonly Bad[] = [
  ['missing', undefined, 'EINVAL'],
  ['null', null, 'EINVAL'],
  ['text', '3', 'EINVAL'],
  ['boolean', true, 'EINVAL'],
  ['BigInt', 3n, 'EINVAL'],
  ['symbol', Symbol('3'), 'EINVAL'],
  ['array', [3], 'EINVAL'],
  ['convertible object', CONVERTIBLE, 'EINVAL'],
  ['function', () => 3, 'EINVAL'],
  ['NaN', Number.NaN, 'EINVAL'],
  ['infinite', Number.POSITIVE_INFINITY, 'EINVAL'],
  ['fraction', 2.5, 'EINVAL'],
  ['beyond exact integers', 2 ** 60, 'EINVAL'],
];

/** Wrong values for an integer between `least` and `most`. */
export function badIntegers(least: number, most: number): readonly Bad[] {
  return [...NO_INTEGERS, ['too small', least - 1, 'EINVAL'], ['too large', most + 1, 'EINVAL']];
}

export const BAD_TIMEOUTS: readonly Bad[] = badIntegers(0, 600_000);
export const BAD_MODES: readonly Bad[] = badIntegers(0, 0o7777);

/** `foreign`: a descriptor, open or not, that the host has not returned; `open` opens one. */
export function badFds(
  foreign: number,
  open: () => unknown = () => call('openWithFlags', '/dev/null', 1, 0),
): readonly Bad[] {
  /* The lowest free number is given: the last of many stays closed while a few others are opened. */
  const opened = Array.from({ length: 40 }, open);
  for (const fd of opened) call('close', fd);
  const closed = opened.at(-1);
  return [
    ...NO_INTEGERS,
    ['negative', -1, 'EBADF'],
    ['closed', closed, 'EBADF'],
    ['foreign', foreign, 'EBADF'],
    ['never opened', 900, 'EBADF'],
    ['end of the table', 1024, 'EBADF'],
    ['wraps to 1 in 32 bits', 2 ** 32 + 1, 'EBADF'],
  ];
}

export const BAD_PATHS: readonly Bad[] = [
  ['missing', undefined, 'EINVAL'],
  ['null', null, 'EINVAL'],
  ['number', 1, 'EINVAL'],
  ['convertible object', CONVERTIBLE, 'EINVAL'],
  ['String object', Object('/tmp'), 'EINVAL'],
  ['empty', '', 'EINVAL'],
  ['relative', 'tmp/x', 'EINVAL'],
  ['NUL inside', '/tmp\0/x', 'EINVAL'],
  ['NUL at the end', '/tmp\0', 'EINVAL'],
  ['4096 bytes', `/${'x'.repeat(4095)}`, 'ENAMETOOLONG'],
  ['4096 bytes in UTF-8', `/${'é'.repeat(2048)}`, 'ENAMETOOLONG'],
  ['one megabyte', `/${'x/'.repeat(500_000)}`, 'ENAMETOOLONG'],
];

/** TypeScript's library of es2022 does not have these yet; the engine does. */
interface ModernBuffer extends ArrayBuffer {
  transfer(): ArrayBuffer;
  transferToImmutable(): ArrayBuffer;
  resize(size: number): void;
}
type ModernBufferConstructor = new (size: number, options: { maxByteLength: number }) => ModernBuffer;

function detached(): Uint8Array {
  const array = new Uint8Array(16);
  (array.buffer as ModernBuffer).transfer();
  return array;
}

/** A view of 16 bytes whose buffer has shrunk to 4; `tracking`: the view shrinks with it. */
function shrunk(tracking: boolean): Uint8Array {
  const buffer = new (ArrayBuffer as unknown as ModernBufferConstructor)(16, { maxByteLength: 32 });
  const array = tracking ? new Uint8Array(buffer) : new Uint8Array(buffer, 0, 16);
  buffer.resize(4);
  return array;
}

function immutable(): Uint8Array {
  const array = new Uint8Array(16);
  return new Uint8Array((array.buffer as ModernBuffer).transferToImmutable());
}

const GOOD = new Uint8Array(16);
const VIEW = new Uint8Array(new ArrayBuffer(64), 8, 16);

/** Wrong (buffer, offset, length), whatever is done with them. */
export const BAD_SPANS: readonly BadSpan[] = [
  ...(
    [
      ['missing', undefined],
      ['null', null],
      ['text', 'text'],
      ['array', [1, 2, 3, 4]],
      ['ArrayBuffer', new ArrayBuffer(16)],
      ['DataView', new DataView(new ArrayBuffer(16))],
      ['Uint8ClampedArray', new Uint8ClampedArray(16)],
      ['Int8Array', new Int8Array(16)],
      ['Uint16Array', new Uint16Array(16)],
      ['Float64Array', new Float64Array(16)],
      ['likeness', { length: 16, buffer: new ArrayBuffer(16), byteLength: 16, byteOffset: 0 }],
      ['prototype only', Object.create(Uint8Array.prototype)],
      ['detached', detached()],
      ['out of its buffer', shrunk(false)],
    ] as const
  ).map(([what, buffer]): BadSpan => [`buffer ${what}`, [buffer, 0, 4], 'EINVAL']),
  ...NO_INTEGERS.map(([what, value]): BadSpan => [`offset ${what}`, [GOOD, value, 1], 'EINVAL']),
  ...NO_INTEGERS.map(([what, value]): BadSpan => [`length ${what}`, [GOOD, 0, value], 'EINVAL']),
  ['offset negative', [GOOD, -1, 1], 'ERANGE'],
  ['offset beyond the end', [GOOD, 17, 0], 'ERANGE'],
  ['offset huge', [GOOD, 2 ** 53 - 1, 1], 'ERANGE'],
  ['offset wraps in 32 bits', [GOOD, 2 ** 32, 1], 'ERANGE'],
  ['length negative', [GOOD, 0, -1], 'ERANGE'],
  ['length one too many', [GOOD, 0, 17], 'ERANGE'],
  ['length huge', [GOOD, 0, 2 ** 53 - 1], 'ERANGE'],
  ['length wraps in 32 bits', [GOOD, 0, 2 ** 32 + 1], 'ERANGE'],
  ['end one too far', [GOOD, 8, 9], 'ERANGE'],
  ['sum wraps', [GOOD, 2 ** 53 - 1, 2 ** 53 - 1], 'ERANGE'],
  ['length of the buffer, not of the view', [VIEW, 0, 17], 'ERANGE'],
  ['length before the buffer shrank', [shrunk(true), 0, 16], 'ERANGE'],
  ['offset before the buffer shrank', [shrunk(true), 5, 0], 'ERANGE'],
  ['empty buffer', [new Uint8Array(0), 0, 1], 'ERANGE'],
];

/** Also wrong where bytes are stored. */
export const BAD_TARGETS: readonly BadSpan[] = [
  ...BAD_SPANS,
  ['buffer immutable', [immutable(), 0, 4], 'EINVAL'],
  ['buffer shared', [new Uint8Array(new SharedArrayBuffer(16)), 0, 4], 'EINVAL'],
];
