/**
 * make kubelet: builds a kubelet from Kubernetes' own modules, since Debian has none. Minutes of work for all
 * processors and 3 GB in .cache while it lasts, so no test asks for it by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE } from '../build/paths.ts';
import { run } from '../build/run.ts';
import { KUBELET_MODULE, kubeletProgram, kubeletVersion } from './program.ts';

const WORK = join(CACHE, 'kubelet-build');
const BUILD_LIMIT_MS = 60 * 60_000;

try {
  await main();
} catch (error) {
  console.error(`kubelet: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const program = kubeletProgram();
  if (existsSync(program)) {
    console.log(`kubelet: ${program} is there.`);
    return;
  }
  console.log(`kubelet: building ${kubeletVersion()} with ${await goVersion()}; this takes minutes`);
  await build(program);
  rmSync(WORK, { recursive: true });
  console.log(`kubelet: ${program}`);
}

async function goVersion(): Promise<string> {
  try {
    return (await run(['go', 'env', 'GOVERSION'])).trim();
  } catch {
    throw new Error('Go 1.22 or later is missing; or put the directory of a kubelet into PATH');
  }
}

/** What was downloaded and compiled stays for the next attempt when it fails. */
async function build(program: string): Promise<void> {
  mkdirSync(dirname(program), { recursive: true });
  const unfinished = join(WORK, 'kubelet');
  const version = `-X k8s.io/component-base/version.gitVersion=${kubeletVersion()}`;
  const argv = [
    'go',
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    `-s -w ${version}`,
    '-o',
    unfinished,
  ];
  const [name = '', ...args] = ['nice', ...argv, 'k8s.io/kubernetes/cmd/kubelet'];
  const child = spawn(name, args, {
    cwd: KUBELET_MODULE,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: BUILD_LIMIT_MS,
    env: { ...process.env, ...environment() },
  });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== null)
    throw new Error(`go build was ended by ${signal}; the limit is ${BUILD_LIMIT_MS / 60_000} min`);
  if (status !== 0) throw new Error(`go build failed with status ${status}`);
  renameSync(unfinished, program);
}

/** Static, with nothing but what go.mod pins, and nothing left outside of .cache. */
function environment(): Record<string, string> {
  return {
    CGO_ENABLED: '0',
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-modcacherw -mod=readonly',
    GOPATH: join(WORK, 'go'),
    GOMODCACHE: join(WORK, 'go/mod'),
    GOCACHE: join(WORK, 'build'),
  };
}
