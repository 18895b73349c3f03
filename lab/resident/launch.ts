/** Bundles the resident program into the lab's directory and starts it in a namespace. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Anchor, inside } from '../host/anchor.ts';
import { RESIDENT_DIRECTORY, type Role } from './protocol.ts';

/** Writes resident.mjs: plain JavaScript, so that Node starts it in about 60 ms. */
export async function bundleResident(labDirectory: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
    outfile: `${labDirectory}/${BUNDLE}`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
}

/** Starts it; what it has to say goes to resident-<name>.log in the lab's directory. */
export function launchResident(anchor: Anchor, role: Role, name: string, labDirectory: string): void {
  // The socket of an earlier VM of this name would be in the way.
  rmSync(`${labDirectory}/${socketName(name)}`, { force: true });
  const log = openSync(`${labDirectory}/resident-${name}.log`, 'a', 0o600);
  const bundle = `${RESIDENT_DIRECTORY}/${BUNDLE}`;
  const argv = inside(anchor, [process.execPath, bundle, role, socketName(name)]);
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  closeSync(log);
}

export function socketName(name: string): string {
  return `${name}.sock`;
}

const BUNDLE = 'resident.mjs';
