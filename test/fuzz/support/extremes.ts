/** Calls at the limits: sizes and depths that the generator makes too rarely. */
import type { FuzzCall, PluginName } from './calls.ts';
import { utf8 } from './mutate.ts';

export interface Extreme {
  readonly name: string;
  readonly call: FuzzCall;
  /** The code of the answer, 0 for success; several where it depends on the machine. */
  readonly codes: readonly number[];
}

/** MAX_CONFIG_BYTES of src/cni/stdio.ts. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** One variable of the environment is at most 128 KiB with its name (linux/binfmts.h, MAX_ARG_STRLEN). */
const LONG_VARIABLE = 'x'.repeat(128 * 1024 - 100);

/** Each of them for a command that is given `env`, which is right. */
export function extremes(env: FuzzCall['env'], plugin: PluginName): Extreme[] {
  const config = (more: string) =>
    `{"cniVersion":"1.1.0","name":"azure","ipam":{"type":"azure-vnet-ipam"}${more}}`;
  const padded = (bytes: number) => config(`,"x":"${'y'.repeat(bytes - config(',"x":""').length)}"`);
  const nested = (levels: number, open: string, close: string) =>
    config(`,"x":${open.repeat(levels)}0${close.repeat(levels)}`);
  const stdin: Readonly<Record<string, readonly [string | Uint8Array, number]>> = {
    'nothing on stdin': ['', 6],
    'a configuration of the largest size': [padded(MAX_CONFIG_BYTES), 0],
    'a configuration that is a byte too large': [padded(MAX_CONFIG_BYTES + 1), 6],
    '8 MiB of zeros': [new Uint8Array(2 * MAX_CONFIG_BYTES), 6],
    '4 MiB of spaces': [' '.repeat(MAX_CONFIG_BYTES), 6],
    'a million open lists': ['['.repeat(1_000_000), 6],
    'a million lists': [nested(1_000_000, '[', ']'), 6],
    'half a million objects': [nested(500_000, '{"":', '}'), 6],
    '99 levels': [nested(98, '[', ']'), 0],
    '101 levels': [nested(101, '[', ']'), 6],
    'a million numbers': [config(`,"x":[${'1,'.repeat(1_000_000)}1]`), 0],
    'a hundred thousand keys': [config(Array.from({ length: 100_000 }, (_, i) => `,"k${i}":1`).join('')), 0],
    'a number of a million digits': [config(`,"x":${'9'.repeat(1_000_000)}`), 0],
    'a name of 1024 letters': [config('').replace('azure', 'a'.repeat(1024)), 0],
    'a name of two million letters': [config('').replace('azure', 'a'.repeat(2_000_000)), 7],
    'a name of two million spaces': [config('').replace('azure', ' '.repeat(2_000_000)), 7],
    'a version of two million digits': [config('').replace('1.1.0', '1'.repeat(2_000_000)), 1],
    'an unknown mode of two million lines': [config(`,"mode":"${'\\n'.repeat(2_000_000)}"`), 2],
    'bytes that are not UTF-8': [
      Uint8Array.of(...utf8(config('').slice(0, -1)), 0x2c, 0x22, 0xff, 0xc3, 0x28, 0x22),
      6,
    ],
  };
  const calls = Object.entries(stdin).map(([name, [text, code]]) => ({
    name,
    call: { plugin, env, stdin: typeof text === 'string' ? utf8(text) : text },
    codes: [code],
  }));
  const longVariables = Object.entries(LONG_CODES).map(([name, codes]) => ({
    name: `a long ${name}`,
    call: { plugin, env: { ...env, [name]: LONG_VARIABLE }, stdin: utf8(config('')) },
    codes,
  }));
  return [...calls, ...longVariables];
}

/** The container id is long, not wrong; the others are no name of a file, a link, an argument. */
const LONG_CODES: Readonly<Record<string, readonly number[]>> = {
  CNI_CONTAINERID: [0],
  CNI_NETNS: [8],
  CNI_IFNAME: [4],
  CNI_ARGS: [4],
  CNI_COMMAND: [4],
  UNKNOWN: [0],
};
