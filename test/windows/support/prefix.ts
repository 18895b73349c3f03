/**
 * The file tree that Wine shows programs as drive C:, made once and kept in .cache. Wine fills it with copies of its
 * own 700 MB; what is the same file is made a link.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE } from '../../../scripts/build/paths.ts';

export const WINE = '/usr/lib/wine/wine64';
export const WINESERVER = '/usr/lib/wine/wineserver64';
const WINE_FILES = '/usr/lib/x86_64-linux-gnu/wine/x86_64-windows';
const MAKE_LIMIT_MS = 600_000;

/** Environment of every program of Wine: no messages, no .NET, no browser, no menus, no screen. */
export function wineEnvironment(prefix: string): Record<string, string> {
  return {
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
    LC_ALL: 'C.UTF-8',
  };
}

/** Path of the prefix. Not for two processes at once: the files of the stage run one after the other. */
export function winePrefix(): string {
  if (!existsSync(WINE)) throw new Error(`${WINE} is missing; run make setup with the argument test`);
  const version = execFileSync(WINE, ['--version'], { encoding: 'utf8' });
  const key = createHash('sha256').update(version).update(FORMAT).digest('hex').slice(0, 8);
  const prefix = join(CACHE, `wine-${key}`);
  if (existsSync(prefix)) return prefix;
  console.log('wine: making drive C: (kept in .cache)');
  const made = `${prefix}.${process.pid}`;
  const env = { PATH: process.env.PATH ?? '', ...wineEnvironment(made) };
  try {
    for (const program of PREPARATION) {
      // In a network of its own, in which there is nothing.
      const argv = ['-n', '--', WINE, ...program];
      execFileSync('unshare', argv, { env, timeout: MAKE_LIMIT_MS, stdio: 'ignore' });
    }
    execFileSync(WINESERVER, ['-k', '-w'], { env, timeout: MAKE_LIMIT_MS, stdio: 'ignore' });
    linkCopies(join(made, 'drive_c/windows'));
    renameSync(made, prefix);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return prefix;
}

/** As Windows 10, and Server 2019 and later, tell their version. */
const PREPARATION = [
  ['wineboot.exe', '--init'],
  ['reg.exe', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'],
];

/** Changes when the way in which it is made does. */
const FORMAT = '2';

/** Puts files into C:\windows\system32. */
export function installLibraries(prefix: string, files: readonly string[]): void {
  for (const file of files) {
    const target = join(prefix, 'drive_c/windows/system32', basename(file));
    copyFileSync(file, `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

/** A fresh directory of drive C:, such as `name`; its path for Linux and for Windows. */
export function directoryOnC(
  prefix: string,
  name: string,
): { readonly path: string; readonly windows: string } {
  const path = join(prefix, 'drive_c', name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return { path, windows: `C:/${name}` };
}

function linkCopies(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const [copy, original] = [join(entry.parentPath, entry.name), join(WINE_FILES, entry.name)];
    if (!entry.isFile() || !existsSync(original) || statSync(copy).size !== statSync(original).size) continue;
    if (!readFileSync(copy).equals(readFileSync(original))) continue;
    rmSync(copy);
    symlinkSync(original, copy);
  }
}
