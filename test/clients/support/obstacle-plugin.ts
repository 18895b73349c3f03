/**
 * A plugin that stands in the way of a chain: it passes on the result of the plugin before it, and on ADD waits while
 * the file `hold` is beside it, or fails once when `fail-once` is. obstacle.ts puts it into a VM.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];
/** A held ADD ends by itself, so that nothing stays of a test that has failed. */
const HOLD_LIMIT_MS = 90_000;

const beside = (name: string): string => join(dirname(process.argv[1] ?? ''), name);
const config = JSON.parse(readFileSync(0, 'utf8')) as {
  readonly cniVersion: string;
  readonly prevResult?: object;
};
if (process.env.CNI_COMMAND === 'VERSION') {
  console.log(JSON.stringify({ cniVersion: '1.1.0', supportedVersions: VERSIONS }));
} else if (process.env.CNI_COMMAND === 'ADD') {
  if (existsSync(beside('fail-once'))) {
    rmSync(beside('fail-once'));
    const error = { cniVersion: config.cniVersion, code: 150, msg: 'the obstacle fails this once' };
    console.log(JSON.stringify(error));
    process.exit(1);
  }
  if (existsSync(beside('hold'))) writeFileSync(beside('held'), '');
  const deadline = performance.now() + HOLD_LIMIT_MS;
  while (existsSync(beside('hold')) && performance.now() < deadline) await sleep(20);
  console.log(JSON.stringify(config.prevResult));
}
