/** Runs test files in a process of their own and reads the report. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../build/paths.ts';
import { runProcess } from './process.ts';
import type { TestRecord } from './reporter.ts';

export interface FileResult {
  /** What was run: a file, or the directory of several. */
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failed[];
  readonly durationMs: number;
}

export interface Failed {
  readonly name: string;
  readonly error: string;
}

const REPORTER = pathToFileURL(join(ROOT, 'scripts/test/reporter.ts')).href;
const TOGETHER = 'scripts/test/together.ts';

/** Runs `files`, which `name` stands for, in one process; `prefix` goes in front of the command (sudo). */
export async function runFiles(
  name: string,
  files: readonly string[],
  prefix: readonly string[],
  limitMs: number,
): Promise<FileResult> {
  const startedMs = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-test-'));
  const report = join(directory, 'report');
  try {
    const ended = await runProcess(
      [
        ...prefix,
        process.execPath,
        '--import',
        'tsx',
        `--test-reporter=${REPORTER}`,
        `--test-reporter-destination=${report}`,
        ...(files.length === 1 ? files : [TOGETHER, ...files]),
      ],
      limitMs,
    );
    const records = readReport(report);
    const failures: Failed[] = records
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ name, error = '' }) => ({ name, error }));
    const broken = problemOf(ended, records, limitMs);
    if (broken !== undefined) failures.push({ name: broken, error: ended.output });
    for (const file of broken === undefined && files.length > 1 ? files : []) {
      if (!records.some((one) => one.name.startsWith(file)))
        failures.push({ name: `${file} reported no test`, error: '' });
    }
    const count = (outcome: TestRecord['outcome']) => records.filter((one) => one.outcome === outcome).length;
    const durationMs = performance.now() - startedMs;
    return { file: name, passed: count('passed'), skipped: count('skipped'), failures, durationMs };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What is wrong with the run of the file as a whole, which no test reported. */
function problemOf(
  { status, timedOut }: Awaited<ReturnType<typeof runProcess>>,
  records: readonly TestRecord[],
  limitMs: number,
): string | undefined {
  if (timedOut) return `did not end within ${Math.round(limitMs / 1000)} s`;
  if (records.length === 0) return `reported no test (exit status ${status})`;
  const hasFailed = records.some(({ outcome }) => outcome === 'failed');
  return status !== 0 && !hasFailed ? `ended with status ${status}` : undefined;
}

function readReport(path: string): TestRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): TestRecord => JSON.parse(line));
}
