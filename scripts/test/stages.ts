/** The stages of make test, in their order. A limit ends what hangs: on a busy machine a file takes six times as long. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../build/paths.ts';

export interface CommandStage {
  readonly kind: 'command';
  readonly name: string;
  readonly argv: readonly string[];
  readonly limitMs: number;
}

export interface FileStage {
  readonly kind: 'files';
  readonly name: string;
  /** Directory below test/ whose *.test.ts files are run. */
  readonly directory: string;
  /** Namespaces and links need root. */
  readonly needsRoot: boolean;
  /** One file of it after the other, for tests that build or start the same thing; others run beside. */
  readonly inOrder: boolean;
  /** The files of a directory in one process, as most of the time goes into loading what they test. */
  readonly together: boolean;
  /** For each file. */
  readonly limitMs: number;
}

export type Stage = CommandStage | FileStage;

const MINUTE_MS = 60_000;

export const STAGES: readonly Stage[] = [
  command('types', ['node_modules/.bin/tsc', '--noEmit']),
  command('lint', ['node_modules/.bin/biome', 'check', '.']),
  files('unit', { together: true, limitMs: 10 * MINUTE_MS }),
  files('native', { inOrder: true, limitMs: 15 * MINUTE_MS }),
  files('fuzz', { needsRoot: true, limitMs: 15 * MINUTE_MS }),
  files('conformance', { inOrder: true, needsRoot: true, limitMs: 15 * MINUTE_MS }),
  files('windows', { inOrder: true, needsRoot: true, limitMs: 20 * MINUTE_MS }),
  files('install', { inOrder: true, needsRoot: true, limitMs: 15 * MINUTE_MS }),
  files('e2e', { needsRoot: true, limitMs: 20 * MINUTE_MS }),
  files('clients', { inOrder: true, needsRoot: true, limitMs: 20 * MINUTE_MS }),
];

/**
 * Files and directories with figures in them, among them pings of which none may be lost while addresses move:
 * each runs by itself, after all others.
 */
const MEASURING: readonly string[] = [
  'test/e2e/bench.test.ts',
  'test/e2e/load/blocking.test.ts',
  'test/e2e/load/flood.test.ts',
  'test/e2e/load/full-node.test.ts',
  'test/e2e/load/parallel.test.ts',
  'test/e2e/network.test.ts',
  'test/e2e/tool/uninstall.test.ts',
];

/**
 * What takes longest, which begins first: what begins late ends by itself, and the other processors have nothing left
 * to do. Files and directories; the rest follows in the order of the stages.
 */
const LONGEST: readonly string[] = [
  'test/e2e/crash/kill.test.ts',
  'test/windows/',
  'test/native/',
  'test/clients/',
  'test/install/',
  'test/conformance/',
  'test/fuzz/',
  'test/e2e/cluster.test.ts',
  'test/e2e/repair.test.ts',
  'test/e2e/rollback.test.ts',
  'test/e2e/crash/records.test.ts',
  'test/e2e/pool.test.ts',
  'test/e2e/lab',
];

/** Files are started by it, the smallest first. */
export function turnOf(file: string): number {
  const turn = LONGEST.findIndex((path) => file.startsWith(path));
  return turn < 0 ? LONGEST.length : turn;
}

/** True for a file that measures, so that nothing may run beside it. */
export function isMeasuring(file: string): boolean {
  return MEASURING.some((path) => file === path || (path.endsWith('/') && file.startsWith(path)));
}

/** Test files of a stage, as paths from the root of the project, sorted. */
export function filesOf(stage: FileStage): string[] {
  return testFiles(stage.directory);
}

/** Those of `files` that share a process, by what they are called in the output. */
export function processesOf(stage: FileStage, files: readonly string[]): (readonly [string, string[]])[] {
  // test/unit/net of test/unit/net/rtnl/requests.test.ts
  const keyOf = (file: string) => (stage.together ? file.split('/').slice(0, 3).join('/') : file);
  const keys = [...new Set(files.map(keyOf))];
  return keys.map((key) => {
    const shared = files.filter((file) => keyOf(file) === key);
    const [only] = shared.length === 1 ? shared : [];
    return [only ?? key, shared];
  });
}

/** Test files that no stage would run: a mistake. */
export function strayFiles(): string[] {
  const known = STAGES.filter((stage) => stage.kind === 'files').map(({ directory }) => `${directory}/`);
  return testFiles('test').filter((path) => !known.some((prefix) => path.startsWith(prefix)));
}

function testFiles(directory: string): string[] {
  const absolute = join(ROOT, directory);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function command(name: string, argv: readonly string[]): CommandStage {
  return { kind: 'command', name, argv, limitMs: 10 * MINUTE_MS };
}

function files(name: string, options: Partial<FileStage> & { readonly limitMs: number }): FileStage {
  const plain = { needsRoot: false, inOrder: false, together: false };
  return { kind: 'files', name, directory: `test/${name}`, ...plain, ...options };
}
