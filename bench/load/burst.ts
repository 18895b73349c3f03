/** ADD of many pods at the same time, each timed from its own start to its own end. */
import { join } from 'node:path';
import { OUR_DIRECTORY } from '../contestants.ts';
import { helperPath } from '../helpers.ts';
import { callOf, type PodHost } from '../pod-host.ts';

export interface BurstRun {
  readonly status: number;
  readonly wallMs: number;
  readonly stdout: string;
}

/** One command for each of these pods, all at once. A call that fails is an exception. */
export async function burst(host: PodHost, command: string, names: readonly string[]): Promise<BurstRun[]> {
  const frames = names.map((name) => {
    const { env, stdin } = callOf(command, name);
    const block = Object.entries(env)
      .map(([key, value]) => `${key}=${value}\0`)
      .join('');
    return `${Buffer.byteLength(block)} ${Buffer.byteLength(stdin)}\n${block}${stdin}`;
  });
  const program = [helperPath('burst'), join(OUR_DIRECTORY, 'azure-vnet')];
  const text = await host.vm.mustExec(program, { stdin: `${names.length}\n${frames.join('')}` });
  const runs = runsIn(Buffer.from(text));
  const failed = runs.find(({ status }) => status !== 0);
  if (failed !== undefined || runs.length !== names.length) throw new Error(`${command}: ${failed?.stdout}`);
  return runs;
}

function runsIn(bytes: Buffer): BurstRun[] {
  const runs: BurstRun[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const [status = -1, wallNs = 0, length = 0] = bytes.toString('latin1', at, end).split(' ').map(Number);
    const stdout = bytes.toString('utf8', end + 1, end + 1 + length);
    runs.push({ status, wallMs: wallNs / 1e6, stdout });
    at = end + 1 + length;
  }
  return runs;
}
