/** Several `ip` commands in one process, and `nft` rules as one transaction. */
import { type Anchor, inside } from './anchor.ts';
import { mustRun } from './run.ts';

/** Commands without the leading `ip`; the first that fails ends the batch with an error. */
export async function ipBatch(anchor: Anchor, commands: readonly string[]): Promise<void> {
  const stdin = commands.map((command) => `${command}\n`).join('');
  await mustRun(inside(anchor, ['ip', '-batch', '-'], 'net'), { stdin });
}

export async function nftBatch(anchor: Anchor, text: string): Promise<void> {
  await mustRun(inside(anchor, ['nft', '-f', '-'], 'net'), { stdin: text });
}

/** Sets sysctls, given as `name=value`. */
export async function sysctl(anchor: Anchor, settings: readonly string[]): Promise<void> {
  await mustRun(inside(anchor, ['sysctl', '-q', '-w', ...settings]));
}
