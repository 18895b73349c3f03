/** The conflist of the page at another version of the specification. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/build/paths.ts';

const VERSION = '"cniVersion":"0.3.0"';

export function pageConflist(cniVersion: string): string {
  const text = readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8');
  if (!text.includes(VERSION)) throw new Error(`Internal error: the conflist has no ${VERSION}`);
  return text.replace(VERSION, `"cniVersion":"${cniVersion}"`);
}
