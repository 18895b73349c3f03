/** The `lab` command: finds the command by its first words and prints failures as one sentence. */
import { parseArgs } from 'node:util';
import { nearest } from '../src/sys/suggest.ts';
import { COMMANDS } from './commands/all.ts';
import { type Arguments, type Command, FLAGS, type Flag } from './commands/command.ts';
import { LabError } from './error.ts';

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0 || words[0] === 'help' || words[0] === '--help' || words[0] === '-h') {
    process.stdout.write(usage());
    return 0;
  }
  const command = COMMANDS.find(({ name }) => name.every((word, index) => words[index] === word));
  if (command === undefined) return explain(words);
  const given = readArguments(command, words.slice(command.name.length));
  if (given.flags.help !== true) return command.run(given);
  process.stdout.write(`Usage, as root:\n${usageOf(command)}\n${NAME_HELP}\n`);
  return 0;
}

/** What there is under the first word, such as `lab pod`; an error unless help was asked for. */
function explain([first = '', second = '']: readonly string[]): number {
  const group = COMMANDS.filter(({ name }) => name.length > 1 && name[0] === first);
  if (group.length === 0) {
    const near = nearest(first, [...new Set(COMMANDS.map(({ name }) => name[0] ?? ''))]);
    const hint = near === undefined ? '' : `, did you mean "${near}"?`;
    throw new LabError(`There is no command "${first}"${hint} (see \`lab help\`)`);
  }
  const list = `Usage, as root:\n${group.map(usageOf).join('\n')}\n${NAME_HELP}\n`;
  if (second === '--help' || second === '-h') {
    process.stdout.write(list);
    return 0;
  }
  const what =
    second === '' ? `"lab ${first}" needs a second word` : `There is no command "${first} ${second}"`;
  throw new LabError(`${what}.\n${list.trimEnd()}`);
}

/** Everything after `--` belongs to the program that is to be run. */
function readArguments(command: Command, words: readonly string[]): Arguments {
  const end = words.indexOf('--');
  const [own, program] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const flags: readonly Flag[] = ['name', 'help', ...command.flags];
  const options = Object.fromEntries(flags.map((flag) => [flag, FLAGS[flag].parse]));
  try {
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true });
    return { flags: values, words: positionals, program };
  } catch (error) {
    if (error instanceof TypeError) throw new LabError(`${error.message} (see \`lab help\`)`);
    throw error;
  }
}

function usage(): string {
  return `The virtual VNet on one machine. Usage, as root:\n${COMMANDS.map(usageOf).join('\n')}\n${NAME_HELP}\n`;
}

function usageOf(command: Command): string {
  const flags = command.flags.map((flag) => `[--${flag}${FLAGS[flag].value}]`).join(' ');
  const call = ['lab', ...command.name, command.words, flags].filter((part) => part !== '').join(' ');
  return `  ${call}\n      ${command.help}`;
}

const NAME_HELP = 'Each command takes --name NAME for a lab of another name; several can be up at once.';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A LabError speaks to the person who typed the command; anything else is a defect and shows its stack.
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`lab: ${error.message}\n`);
  process.exitCode = 1;
}
