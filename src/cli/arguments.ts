/**
 * Reads the arguments of a command: its action if it has some, `--flag`, `--flag value`, `--flag=value`, and the
 * words that the action takes.
 */
import { err, ok, type Result } from '../sys/result.ts';
import { nearest } from '../sys/suggest.ts';
import type { Command, Flag, Given, Words } from './command.ts';

/** The arguments after the command's name, or one line that says what is wrong with them. */
export function parseArguments(command: Command, args: readonly string[]): Result<Given, string> {
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const words: string[] = [];
  const rest = [...args];
  const action = command.actions === undefined ? undefined : (rest.shift() ?? '');
  if (action !== undefined && !command.actions?.includes(action)) return err(unknownAction(command, action));
  const wanted = command.words?.[action ?? ''];
  for (let word = rest.shift(); word !== undefined && !(word === '--' && wanted?.tail); word = rest.shift()) {
    const named = readFlag(command, word);
    if (named === undefined && wanted !== undefined && !/^-./.test(word)) {
      words.push(word);
      continue;
    }
    if (named === undefined) return err(strayWord(command, word));
    const { flag, name, inline } = named;
    if (flag === undefined) return err(unknownFlag(command, name));
    if (flag.only?.includes(action ?? '') === false) {
      return err(`--${name} goes with ${flag.only.join(' and ')} only`);
    }
    const before = values.get(name);
    if (switches.has(name) || (before !== undefined && flag.repeats !== true)) {
      return err(`--${name} is given twice`);
    }
    if (flag.value === undefined) {
      if (inline !== undefined) return err(`--${name} takes no value`);
      switches.add(name);
      continue;
    }
    const value = inline ?? rest.shift();
    const problem = value === undefined ? missingValue(flag) : refusedValue(flag, value);
    if (value === undefined || problem !== undefined) return err(problem ?? missingValue(flag));
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  const missing = command.flags.find((flag) => flag.required === true && !values.has(flag.name));
  if (missing !== undefined) return err(`${command.name} needs ${shown(missing)}`);
  const miscounted = wanted && wrongCount(`${command.name} ${action}`, wanted, words);
  if (miscounted !== undefined) return err(miscounted);
  return ok({
    ...(action === undefined ? {} : { action }),
    switches,
    values,
    ...(command.words === undefined ? {} : { words, tail: rest }),
  });
}

/** `--name`, `--name=value`, `-n` and `-nvalue`; undefined for what is no flag. `flag` when there is one. */
function readFlag({ flags }: Command, word: string) {
  const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name !== undefined) return { name, inline, flag: flags.find((candidate) => candidate.name === name) };
  const [, letter, joined = ''] = /^-([a-z])=?(.*)$/s.exec(word) ?? [];
  const flag = flags.find(({ short }) => short !== undefined && short === letter);
  return flag && { name: flag.name, inline: joined === '' ? undefined : joined, flag };
}

function wrongCount(
  name: string,
  { shown, least, most }: Words,
  words: readonly string[],
): string | undefined {
  if (words.length >= least && words.length <= most) return undefined;
  return `${name} takes ${shown}, but got ${words.length === 0 ? 'no word' : `${words.length}: ${words.join(' ')}`}`;
}

/** A flag as the help shows it. */
export function shown({ name, value, short }: Flag): string {
  const long = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? long : `${long} ${value}`;
}

function unknownAction({ name, actions = [] }: Command, word: string): string {
  const known = `${name} needs ${alternatives(actions)} as its first word`;
  const near = nearest(word, actions);
  if (word === '' || word.startsWith('-')) return known;
  return `${known}, but got "${word}"${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** `run, del or list` */
function alternatives(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

function strayWord(command: Command, word: string): string {
  if (/^-[^-]/.test(word)) return `there is no flag ${word}; flags begin with two dashes`;
  return `${command.name} takes no words, but got "${word}"`;
}

function unknownFlag(command: Command, name: string): string {
  const near = nearest(
    name,
    command.flags.map((flag) => flag.name),
  );
  return `${command.name} has no flag --${name}${near === undefined ? '' : `; did you mean --${near}?`}`;
}

function missingValue(flag: Flag): string {
  return `--${flag.name} needs a value: ${shown(flag)}`;
}

function refusedValue({ name, accepts }: Flag, value: string): string | undefined {
  if (accepts === undefined || accepts.test(value)) return undefined;
  return `--${name}: expected ${accepts.expected}, got "${value}"`;
}
