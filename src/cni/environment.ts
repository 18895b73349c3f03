/** The CNI_ variables of one call, checked by the rules of the command (SPEC.md "Parameters"). */
import { type Failure, failure } from '../sys/failure.ts';
import { PATH_LIST_SEPARATOR } from '../sys/platform.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { interfaceNameProblem, isIdentifier, isLinkName } from './names.ts';
import type { CniCommand, CniEnvironment } from './types.ts';

export type CallEnvironment = Omit<CniEnvironment, 'command' | 'args'>;

/**
 * Checks what `command` requires, in the order of the table below: a malformed value is reported at once,
 * missing ones are collected, so that one message names them all. Nothing is required of an unknown
 * command: it is refused after stdin has been read.
 */
export function readEnvironment(
  command: string,
  environ: Readonly<Record<string, string>>,
): Result<CallEnvironment, Failure> {
  const missing: string[] = [];
  for (const name of isCommand(command) ? REQUIRED[command] : []) {
    const value = environ[name] ?? '';
    if (value === '') {
      missing.push(name);
      continue;
    }
    const problem = problemWith(name, value, command);
    if (problem) return err(problem);
  }
  if (missing.length > 0) {
    return err(failure('BAD_ENVIRONMENT', `required env variables [${missing.join(',')}] missing`));
  }
  return ok({
    containerId: environ.CNI_CONTAINERID ?? '',
    ifname: environ.CNI_IFNAME ?? '',
    netns: environ.CNI_NETNS ?? '',
    path: (environ.CNI_PATH ?? '').split(PATH_LIST_SEPARATOR).filter((directory) => directory !== ''),
    netnsOverride: /^(1|true)$/i.test(environ.CNI_NETNS_OVERRIDE ?? ''),
  });
}

export function isCommand(text: string): text is CniCommand {
  return Object.hasOwn(REQUIRED, text);
}

function problemWith(name: string, value: string, command: string): Failure | undefined {
  if (name === 'CNI_CONTAINERID' && !isIdentifier(value)) {
    return failure('BAD_ENVIRONMENT', 'invalid characters in containerID', value);
  }
  if (name !== 'CNI_IFNAME') return undefined;
  const problem = interfaceNameProblem(value);
  if (problem) return failure('BAD_ENVIRONMENT', problem.message, problem.details);
  // The other commands find nothing of such a name, because there is nothing.
  if (command !== 'ADD' || isLinkName(value)) return undefined;
  const what = value.includes('%') ? '%' : 'characters that are not printable ASCII';
  return failure('BAD_ENVIRONMENT', `interface name contains ${what}: ${value}`);
}

const REQUIRED: { readonly [C in CniCommand]: readonly string[] } = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
  VERSION: [],
};
