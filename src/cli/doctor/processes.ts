/** The processes of the node, as far as checks ask for them. proc(5) */
import type { Sys } from '../../sys/sys.ts';
import { namesIn, readIfAny } from '../files.ts';

/** Command lines of the processes of this name, as their arguments. The kernel knows 15 characters of a name. */
export function processesNamed(sys: Sys, name: string): string[][] {
  const known = name.slice(0, MAX_NAME_CHARACTERS);
  return namesIn(sys, '/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => readIfAny(sys, `/proc/${pid}/comm`)?.trimEnd() === known)
    .map((pid) => (readIfAny(sys, `/proc/${pid}/cmdline`) ?? '').split('\0').filter((part) => part !== ''));
}

const MAX_NAME_CHARACTERS = 15;
