/** The user data of a node, as cloud-init reads it: https://cloudinit.readthedocs.io/en/latest/reference/modules.html */
import { parse } from 'yaml';
import { LabError } from '../error.ts';

export interface UserData {
  readonly files: readonly UserFile[];
  /** Programs that run at the first boot. */
  readonly commands: readonly (readonly string[])[];
}

export interface UserFile {
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Reads `write_files` and `runcmd`; anything else in the document is an error, because nobody would do it. */
export function parseUserData(text: string): UserData {
  if (!text.startsWith('#cloud-config\n'))
    throw new LabError('The user data does not begin with #cloud-config.');
  const { write_files: files, runcmd, ...rest } = parse(text) as Record<string, unknown>;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw new LabError(`The lab does not know ${unknown.join(', ')} of the user data.`);
  if (!isList(files, isWrittenFile) || !isList(runcmd, isArgv)) {
    throw new LabError('The user data has no write_files and runcmd that cloud-init would take.');
  }
  return {
    files: files.map(({ path, content, permissions }) => ({
      path,
      content,
      mode: Number.parseInt(permissions, 8),
    })),
    commands: runcmd,
  };
}

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  /** A text, because YAML would read 0644 as a number. */
  readonly permissions: string;
}

function isWrittenFile(value: unknown): value is WrittenFile {
  const { path, content, permissions } = (value ?? {}) as Record<string, unknown>;
  const isPath = typeof path === 'string' && path.startsWith('/');
  return isPath && typeof content === 'string' && /^0[0-7]{3}$/.test(String(permissions));
}

function isArgv(value: unknown): value is readonly string[] {
  return isList(value, (word) => typeof word === 'string') && value.length > 0;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}
