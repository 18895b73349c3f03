/** docs/configuration.md, made from the code's own tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_KEYS, type ConfigKey } from '../../src/cni/config-keys.ts';
import { FAILURES, type FailureCode } from '../../src/sys/failure.ts';
import { FAILURE_HELP } from '../../src/sys/failure-help.ts';
import { ROOT } from '../build/paths.ts';
import { type Refusal, refusalsOf } from './refusals.ts';

export const PAGE = join(ROOT, 'docs/configuration.md');

const READERS: readonly (readonly [ConfigKey['readBy'], string])[] = [
  ['both', 'Of both plugins'],
  ['azure-vnet', 'Of azure-vnet'],
  ['azure-vnet-ipam', 'Of azure-vnet-ipam'],
];

export function configurationPage(): string {
  return [
    '<!-- Made by `make docs` from src/cni/config-keys.ts and src/sys/failure-help.ts: change those. -->',
    '# Configuration',
    '',
    INTRODUCTION,
    '```json',
    shippedConflist(),
    '```',
    '',
    RULES,
    ...READERS.flatMap(([reader, title]) => [`## ${title}`, '', keyTable(reader), '']),
    '## What is refused',
    '',
    REFUSALS,
    '',
    refusalTable(),
    '',
    '## Errors',
    '',
    ERRORS,
    '',
    failureTable(),
    '',
  ].join('\n');
}

function keyTable(reader: ConfigKey['readBy']): string {
  const keys = CONFIG_KEYS.filter(({ readBy }) => readBy === reader);
  return markdownTable(
    ['Key', 'Type', 'Default', 'Meaning'],
    keys.map(({ key, type, byDefault, meaning }) => [`\`${key}\``, type, byDefault, meaning]),
  );
}

function refusalTable(): string {
  const rows = CONFIG_KEYS.flatMap((entry) =>
    refusalsOf(entry).map((refusal) => [`\`${entry.key}\``, ...refusalCells(refusal)]),
  );
  return markdownTable(['Key', 'Value', 'Code', 'Message'], rows);
}

function refusalCells({ value, code, message }: Refusal): string[] {
  return [`\`${JSON.stringify(value)}\``, String(code), `\`${message}\``];
}

function failureTable(): string {
  const names = Object.keys(FAILURES) as FailureCode[];
  return markdownTable(
    ['Code', 'Name', 'Meaning'],
    names.map((name) => [String(FAILURES[name]), `\`${name}\``, FAILURE_HELP[name]]),
  );
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function shippedConflist(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8'));
  return JSON.stringify(parsed, null, 2);
}

const INTRODUCTION = `The network configuration is a JSON file in \`/etc/cni/net.d\`, by default \`10-azure.conflist\`, which works as it is:
`;

const RULES = `- A runtime takes the first file of the directory by name, and reads it again when it changes. Pods keep the
  configuration that they were added with (Kubernetes) or that is there when they go (Docker): change \`name\`,
  \`master\` or \`bridge\` only on a drained node.
- Keys are matched in any case. Keys that are not in these tables are ignored: those of other modes of the original
  plugin, of Windows ([windows.md](windows.md#the-network-configuration)), and of nobody.
- \`null\`, and an empty text, are the same as an absent key.
- DEL and GC clean up whatever the configuration has become: there, a malformed key reads as absent.
- \`portmap\` belongs to containernetworking-plugins; leave it out where no host ports are used. Any chained plugin
  may follow.
`;

const REFUSALS = `ADD, CHECK and STATUS name everything that is wrong at once, separated by \`;\`. Samples, each with what it gets:`;

const ERRORS = `What a plugin prints on failure, and a runtime shows: the number is \`code\` of the error document. Codes below 100
are those of the CNI specification. \`/var/log/azure-vnet.log\` has number and message of each.
What to do about a message: [troubleshooting.md](troubleshooting.md).`;
