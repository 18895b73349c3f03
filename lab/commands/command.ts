/** What a command of `lab` is made of. */
import { LabError } from '../error.ts';
import { Lab } from '../lab.ts';

/** Every flag of any command: how parseArgs reads it and what the help shows for its value. */
export const FLAGS = {
  name: { parse: { type: 'string' }, value: ' NAME' },
  vms: { parse: { type: 'string' }, value: ' COUNT' },
  pods: { parse: { type: 'string' }, value: ' COUNT' },
  subnet: { parse: { type: 'string', multiple: true }, value: ' CIDR' },
  primary: { parse: { type: 'string' }, value: ' ADDRESS' },
  secondaries: { parse: { type: 'string' }, value: ' COUNT' },
  mac: { parse: { type: 'string' }, value: ' MAC' },
  mtu: { parse: { type: 'string' }, value: ' BYTES' },
  nic: { parse: { type: 'string' }, value: ' ethN' },
  eth1: { parse: { type: 'string' }, value: ' CIDR' },
  port: { parse: { type: 'string', multiple: true }, value: ' HOST:POD[/udp]' },
  json: { parse: { type: 'boolean' }, value: '' },
  help: { parse: { type: 'boolean', short: 'h' }, value: '' },
} as const;
export type Flag = keyof typeof FLAGS;

export interface Arguments {
  readonly flags: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly words: readonly string[];
  /** What came after `--`. */
  readonly program: readonly string[];
}

export interface Command {
  readonly name: readonly string[];
  /** The further words, for the help. */
  readonly words: string;
  readonly flags: readonly Flag[];
  readonly help: string;
  /** Returns the exit status. */
  run(given: Arguments): Promise<number>;
}

export function labName({ flags }: Arguments): string {
  return text(flags.name) ?? DEFAULT_NAME;
}

/** Opens the lab for one piece of work; the lab stays up. */
export async function withRunningLab<T>(given: Arguments, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = Lab.open(labName(given));
  try {
    return await work(lab);
  } finally {
    lab.disconnect();
  }
}

/** Of a flag that is given several times the last one. */
export function textFlag(given: Arguments, flag: Flag): string | undefined {
  return textFlags(given, flag).at(-1);
}

export function textFlags({ flags }: Arguments, flag: Flag): string[] {
  const value = flags[flag];
  return (Array.isArray(value) ? value : [value]).map(text).filter((it) => it !== undefined);
}

export function countFlag(given: Arguments, flag: Flag): number | undefined {
  const value = textFlag(given, flag);
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value)) throw new LabError(`--${flag} ${value} is not a number from 0 to 99999.`);
  return Number(value);
}

/** The word at this position; `what` names it in the complaint. */
export function word({ words }: Arguments, index: number, what: string): string {
  const value = words[index];
  if (value === undefined) throw new LabError(`The command needs ${what}: see \`lab help\`.`);
  return value;
}

/** Properties for an options object, without those that were not given. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const DEFAULT_NAME = 'default';
