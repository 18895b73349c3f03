/** The benchmark runs and measures: a few rounds, without a look at how fast they were. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure } from '../../bench/report.ts';
import { assertMeasured } from './support/measured.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

/** Runs the benchmark; rejects with its exit status in `code`. */
async function bench(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, ...words]);
  return stdout;
}

test('bench measures both sides in each round and tells the steps of ours', () =>
  assertMeasured(async () => {
    const document = JSON.parse(await bench('--rounds', '3', '--json', '--breakdown'));
    const figures: Figure[] = document.figures;
    assert.deepEqual(
      figures.map(({ name }) => name),
      [
        'ADD median',
        'ADD p95',
        'ADD CPU median',
        'DEL median',
        'DEL p95',
        'DEL CPU median',
        'start-up (VERSION) median',
        'peak RSS',
        'executables',
      ],
    );
    for (const { ours, theirs, ratio } of figures) assert.equal(ratio, ours / theirs);
    const [add, del] = document.steps;
    assert.deepEqual([add.command, add.calls, del.command, del.calls], ['ADD', 3, 'DEL', 3]);
    assert.ok(add.steps.some(({ name }: { name: string }) => name === 'veth'));
    // In the unit that they are shown in. The slowest of three calls may have met a machine that paused.
    const isUsual = (value: number) => value > 0.1 && value < 1000;
    const unusual = figures.filter(({ ours, theirs }) => !isUsual(ours) || !isUsual(theirs));
    return unusual.map(({ name, ours, theirs }) => `${name} ${ours} and ${theirs}`);
  }));

test('bench refuses an option that it does not know', async () => {
  await assert.rejects(bench('--rounds', 'many'), (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? '', /--rounds is "many", not a whole number from 1 to 2000\nusage: /);
    return true;
  });
});
