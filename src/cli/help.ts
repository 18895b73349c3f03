/** The help texts. */
import { shown } from './arguments.ts';
import { type Command, type Flag, STATUS_OK, STATUS_PROBLEMS, STATUS_USAGE } from './command.ts';
import { table } from './table.ts';

const HELP_FLAG: Flag = { name: 'help', help: 'Prints this text.' };

/** `azure-vnet --help` */
export function overallHelp(commands: readonly Command[]): string {
  return [
    'azure-vnet, the Azure Virtual Network CNI plugin, for the person on the node.',
    '',
    'Usage: azure-vnet COMMAND [FLAGS]',
    '',
    'Commands',
    table(
      commands.map(({ name, summary }) => [name, summary]),
      '  ',
    ).trimEnd(),
    '',
    'azure-vnet COMMAND --help tells more about one, azure-vnet --version tells the version.',
    'With CNI_COMMAND in its environment it is the plugin that container runtimes call.',
    '',
    STATUSES,
    '',
  ].join('\n');
}

/** `azure-vnet COMMAND --help`, and `azure-vnet COMMAND ACTION --help` with the usage and the flags of that one. */
export function commandHelp(command: Command, action?: string): string {
  const { actions, details, statuses } = command;
  const flags = command.flags.filter((flag) => action === undefined || goesWith(flag, action));
  return [
    `azure-vnet ${command.name}: ${command.summary}`,
    '',
    ...usages(action === undefined ? command : { ...command, flags, actions: [action] }),
    '',
    ...details.flatMap((paragraph) => [paragraph, '']),
    'Flags',
    table(
      [...flags, HELP_FLAG].map((flag) => [shown(flag), flag.help]),
      '  ',
    ).trimEnd(),
    '',
    ...(action === undefined || actions?.length === 1
      ? []
      : [`azure-vnet ${command.name} --help has the usage of all.`, '']),
    statuses ?? STATUSES,
    '',
  ].join('\n');
}

function goesWith({ only }: Flag, action: string): boolean {
  return only?.includes(action) !== false;
}

/** One usage for all actions, or one for each where they take words of their own. */
function usages({ name, actions, words, flags }: Command): string[] {
  if (words === undefined || actions === undefined)
    return [usage([name, actions?.join('|')].join(' ').trim(), flags.map(optional))];
  return actions.map((action) => {
    const { shown: text = '', tail } = words[action] ?? {};
    const own = flags.filter((flag) => goesWith(flag, action)).map(optional);
    const rest = [text, ...own, ...(tail === undefined ? [] : [`[-- ${tail}]`])].filter(
      (part) => part !== '',
    );
    return usage(`${name} ${action}`, rest);
  });
}

/** In brackets what may be left out, with dots what may be repeated. */
function optional(flag: Flag): string {
  const text = flag.required === true ? shown(flag) : `[${shown(flag)}]`;
  return flag.repeats === true ? `${text} ...` : text;
}

/** On as many lines as it takes. */
function usage(name: string, flags: readonly string[]): string {
  const head = `Usage: azure-vnet ${name}`;
  const lines = [head];
  for (const flag of flags) {
    const last = lines.pop() ?? '';
    const fits = last.length + 1 + flag.length <= MAX_COLUMNS;
    lines.push(...(fits ? [`${last} ${flag}`] : [last, ' '.repeat(head.length + 1) + flag]));
  }
  return lines.join('\n');
}

const MAX_COLUMNS = 110;
const STATUSES = `Exit status: ${STATUS_OK} all is well, ${STATUS_PROBLEMS} problems, ${STATUS_USAGE} wrong usage.`;
