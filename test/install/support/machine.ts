/**
 * A machine to install on: this one with empty /opt, /etc/cni, /run and /tmp of its own, in a mount namespace that
 * ends with each command. What a command left is kept in a directory, from which the next one starts.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from '../../../scripts/build/paths.ts';

export const SCRIPT = join(ROOT, 'scripts/install-cni-plugin.sh');
/** Where the machine has no /etc/cni, one in a copy of /etc, as nothing may be made on the machine itself. */
const OWN_ETC = `[ -d /etc/cni ] || {
  mount -t tmpfs none /mnt && cp -a /etc/. /mnt && mount --move /mnt /etc && mkdir /etc/cni
}`;
const LIMIT_MS = 120_000;
/** What install-cni-plugin.sh may run. */
const USED = (
  'apt-get awk basename bash cat chmod cmp cp curl cut dash df dirname grep gzip head id iptables ln mkdir mktemp mv ' +
  'rm rmdir sed sh sha256sum sort stat tar tr uname wget'
).split(' ');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  readonly #root = mkdtempSync(join(tmpdir(), 'azure-vnet-install-'));

  constructor() {
    for (const name of ['opt', 'etc-cni', 'run', 'tmp']) mkdirSync(join(this.#root, name));
  }

  /** A path of the machine, for this process. */
  path(path: string): string {
    const [, mounted = '', rest = ''] = /^\/(opt|etc\/cni|run|tmp)(\/.*)?$/.exec(path) ?? [];
    if (mounted === '') throw new Error(`Internal error: ${path} is not of the machine alone`);
    return join(this.#root, mounted.replace('/', '-'), rest);
  }

  /** Runs a command as root of the machine; `prepare` is shell text that runs before, in the same namespace. */
  run(argv: readonly string[], prepare = '', signal?: AbortSignal): Promise<Ended> {
    const bind = (from: string, to: string) => `mount --bind "$1/${from}" ${to}`;
    // /run comes last: mount(8) itself writes there.
    const mounts = [bind('opt', '/opt'), bind('etc-cni', '/etc/cni'), prepare, bind('run', '/run')];
    const text = ['set -e', OWN_ETC, ...mounts, 'export TMPDIR="$1/tmp"', 'shift', 'exec "$@"'];
    const shell = ['sh', '-c', text.join('\n'), 'sh', this.#root, ...argv];
    return execute(['unshare', '--mount', '--propagation', 'private', ...shell], signal);
  }

  /**
   * A directory to be the whole PATH: the programs of this machine that the script may use, without `missing`, and
   * `own`, text by name.
   */
  programs(missing: readonly string[], own: Readonly<Record<string, string>> = {}): string {
    const directory = this.path('/run/programs');
    mkdirSync(directory, { recursive: true });
    for (const name of USED.filter((each) => !missing.includes(each) && own[each] === undefined)) {
      const found = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].find((path) => existsSync(join(path, name)));
      if (found !== undefined) symlinkSync(join(found, name), join(directory, name));
    }
    for (const [name, text] of Object.entries(own)) {
      writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    return '/run/programs';
  }

  install(words: readonly string[], shell = 'sh', prepare = ''): Promise<Ended> {
    return this.run([shell, SCRIPT, ...words], prepare);
  }

  /** Every path with its kind, mode and content; temporary files too. */
  snapshot(): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (directory: string): void => {
      for (const name of readdirSync(directory).sort()) {
        const path = join(directory, name);
        const stat = lstatSync(path);
        const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
        found[relative(this.#root, path)] = `${stat.mode.toString(8)} ${stat.uid} ${content}`;
        if (stat.isDirectory()) walk(path);
      }
    };
    walk(this.#root);
    return found;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** `signal` asks it to end (SIGTERM). */
function execute(argv: readonly string[], signal?: AbortSignal): Promise<Ended> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    signal?.addEventListener('abort', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
