/** Values that programs stumble over. */
import type { JsonValue } from '../../../src/cni/types.ts';
import type { Random } from './random.ts';

/** Names that every object has without anybody having put them there. */
export const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'toJSON',
  'then',
  'length',
] as const;

/** Texts in place of names, addresses, paths. None has a NUL: see `ANY_TEXTS`. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '/',
  '../../etc/passwd',
  '/etc/passwd',
  'a/b',
  'a:b',
  'a b',
  '-',
  '--help',
  '~',
  '@',
  'c1@eth0',
  '%',
  '%00',
  '%2e%2e%2f',
  'eth%d',
  '%s%n',
  '$(reboot)',
  '`reboot`',
  ';reboot;',
  '| tee /x',
  "' OR 1=1 --",
  '"><script>',
  '\n',
  'a\nb',
  'a\r\nCNI_COMMAND=ADD',
  '\t',
  '\u001b[2J',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u200b',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\ufffd',
  'é',
  'ж0',
  '網路',
  '😀',
  '\ud800',
  '\udc00x',
  'İ',
  'K',
  'null',
  'undefined',
  'NaN',
  '0',
  '-1',
  '1e999',
  '0x10',
  '010.0.0.1',
  '10.240.0.5',
  '10.240.0.4',
  '10.240.0.5/16',
  '10.240.0.0/33',
  '0.0.0.0/0',
  '255.255.255.255',
  '256.1.1.1',
  '::',
  '::1/128',
  'fd00::5/64',
  '::ffff:10.0.0.1',
  'azure-vnet',
  'azure-vnet-ipam',
  'host-local',
  'eth0',
  'nic0',
  'lo',
  'all',
  'default',
  'azure0',
  'azv00000000000',
  '0123456789abcde',
  '0123456789abcdef',
  ...PROTOTYPE_NAMES,
];

/** For places that a C string does not reach. */
const ANY_TEXTS: readonly string[] = [...TEXTS, '\0', 'eth0\0', 'a\0b'];

export function hostileText(random: Random): string {
  switch (random.weighted({ known: 20, long: 2, random: 4, glued: 3 })) {
    case 'known':
      return random.pick(TEXTS);
    case 'long':
      return random.pick(TEXTS.filter((text) => text !== '')).repeat(random.pick([7, 16, 64, 300, 2000]));
    case 'glued':
      return random.pick(TEXTS) + random.pick(TEXTS);
    default:
      return randomText(random);
  }
}

function randomText(random: Random): string {
  const limit = random.pick([0x80, 0x100, 0x3000, 0x11_0000]);
  // Not 0: the caller may put the text in an environment.
  return Array.from({ length: 1 + random.below(12) }, () =>
    String.fromCodePoint(1 + random.below(limit - 1)),
  ).join('');
}

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-9,
  127,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 63),
  1e21,
  1e308,
  -1e308,
  5e-324,
];

/** A value of any type; sometimes with values in it. */
export function hostileValue(random: Random, depth = 0): JsonValue {
  const kinds = {
    text: 6,
    number: 3,
    constant: 3,
    list: depth < 3 ? 2 : 0,
    object: depth < 3 ? 2 : 0,
    deep: 1,
  };
  switch (random.weighted(kinds)) {
    case 'text':
      return random.oneIn(8) ? random.pick(ANY_TEXTS) : hostileText(random);
    case 'number':
      return random.pick(NUMBERS);
    case 'constant':
      return random.pick([null, true, false]);
    case 'list':
      return Array.from({ length: random.below(4) }, () => hostileValue(random, depth + 1));
    case 'object': {
      const keys = Array.from({ length: random.below(4) }, () => hostileKey(random));
      // Not by assignment, for which __proto__ is no name like others.
      return Object.fromEntries(keys.map((key) => [key, hostileValue(random, depth + 1)]));
    }
    default:
      return nested(random.pick([2, 20, 200]), random.oneIn(2));
  }
}

export function hostileKey(random: Random): string {
  return random.oneIn(2) ? random.pick(PROTOTYPE_NAMES) : random.pick(ANY_TEXTS);
}

function nested(depth: number, asList: boolean): JsonValue {
  let value: JsonValue = 'deep';
  for (let i = 0; i < depth; i++) value = asList ? [value] : { name: value };
  return value;
}
