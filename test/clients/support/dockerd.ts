/** A private Docker in a VM of the lab, with the scripts where docs/docker.md puts them. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../../lab/host/run.ts';
import type { Vm } from '../../../lab/lab.ts';
import { ROOT } from '../../../scripts/build/paths.ts';
import { DOCKER_SCRIPTS } from '../../../scripts/release/archive.ts';
import { ARCHIVE, PLUGINS, WORK } from './client-vm.ts';
import { IMAGE, WHO } from './image.ts';
import { type ClientPod, POD_PORT, whenServing } from './traffic.ts';

/** Serves as `web`, by its own command. */
export const SERVER_IMAGE = 'localhost/server:test';
/** Its network is that of the VM; its socket and its state are where Docker has them by itself. */
const ARGV = [
  'dockerd',
  ...['--data-root', `${WORK}/docker`],
  // A container of the machine need not have CAP_SYS_RESOURCE: nobody may raise limits.
  ...['--default-ulimit', 'nofile=8192:8192', '--default-ulimit', 'nproc=4096:4096'],
];
const LOG = `${WORK}/dockerd.log`;
const ENV = { PATH: `${PLUGINS}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: WORK };
const LIMIT_MS = 90_000;
const CALL_LIMIT_MS = 180_000;

export interface Listed {
  readonly name: string;
  readonly id: string;
  readonly state: string;
  readonly status: string;
  readonly addresses: readonly string[];
  readonly lastAddresses: readonly string[];
}

export class Dockerd {
  readonly vm: Vm;
  readonly #cgroupParent: string;
  #pid = 0;

  private constructor(vm: Vm, cgroupParent: string) {
    this.vm = vm;
    this.#cgroupParent = cgroupParent;
  }

  /** Starts it and makes the images. */
  static async start(vm: Vm, cgroupParent: string): Promise<Dockerd> {
    for (const name of DOCKER_SCRIPTS) {
      copyFileSync(join(ROOT, 'scripts', name), vm.path(`${PLUGINS}/${name}`));
      chmodSync(vm.path(`${PLUGINS}/${name}`), 0o755);
    }
    const dockerd = new Dockerd(vm, cgroupParent);
    await dockerd.start();
    await dockerd.must('docker', 'load', '--input', ARCHIVE);
    await dockerd.must('docker', 'create', '--name', 'template', IMAGE);
    const command = JSON.stringify([WHO, 'serve', 'web', String(POD_PORT)]);
    await dockerd.must('docker', 'commit', '--change', `CMD ${command}`, 'template', SERVER_IMAGE);
    await dockerd.must('docker', 'rm', 'template');
    return dockerd;
  }

  async start(): Promise<void> {
    const argv = [...ARGV, '--cgroup-parent', this.#cgroupParent];
    this.#pid = await this.vm.start(argv, { env: ENV, outputPath: LOG });
    await this.until('docker answers', async () => (await this.run('docker', 'version')).status === 0);
  }

  /** Ends it as its service does: its containers end too. */
  async stop(): Promise<void> {
    await this.vm.mustExec(['kill', '-TERM', String(this.#pid)]);
    const path = this.vm.path(`/proc/${this.#pid}`);
    await this.until('dockerd ends', async () => !existsSync(path));
  }

  /** Runs a program with docker, the scripts and azure-vnet in its PATH. */
  run(...argv: readonly string[]): Promise<RunResult> {
    return this.vm.exec(argv, { env: ENV, timeoutMs: CALL_LIMIT_MS });
  }

  /** The same for one that has to succeed; its output. */
  async must(...argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...argv);
    assert.equal(status, 0, `${argv.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  /** While docker-watch.sh runs, which ends by SIGTERM with all that it has started. */
  async whileWatched(work: () => Promise<void>): Promise<void> {
    const pid = await this.vm.start([`${PLUGINS}/docker-watch.sh`], {
      env: ENV,
      outputPath: `${WORK}/watch.log`,
    });
    try {
      await work();
    } finally {
      await this.vm.mustExec(['kill', '-TERM', String(pid)]);
      await this.until('docker-watch.sh ends', async () => !existsSync(this.vm.path(`/proc/${pid}`)));
    }
  }

  /** `docker-run.sh`; the container, which serves POD_PORT as `name`. */
  async runContainer(...words: readonly string[]): Promise<ClientPod> {
    const [name = ''] = words;
    await this.must('docker-run.sh', ...words);
    return this.pod(name);
  }

  /** A container that has an address, when it serves: docker only tells that it was started. */
  async pod(name: string): Promise<ClientPod> {
    const [address = ''] = (await this.listed(name)).addresses;
    return await whenServing({ name, address, exec: (argv) => this.run('docker', 'exec', name, ...argv) });
  }

  /** `azure-vnet docker list --json` */
  async list(): Promise<readonly Listed[]> {
    const { stdout, stderr } = await this.run('azure-vnet', 'docker', 'list', '--json');
    assert.equal(stderr, '');
    return JSON.parse(stdout).containers;
  }

  async listed(name: string): Promise<Listed> {
    const all = await this.list();
    const found = all.find((one) => one.name === name);
    return found ?? assert.fail(`${name} is not among ${all.map((one) => one.name).join()}`);
  }

  /** A file of the container as Docker keeps it. */
  async file(name: string, which: 'ResolvConfPath' | 'HostsPath'): Promise<string> {
    const path = await this.must('docker', 'inspect', '--format', `{{.${which}}}`, name);
    return readFileSync(this.vm.path(path.trim()), 'utf8');
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + LIMIT_MS;
    while (!(await isSo())) {
      if (performance.now() > deadline)
        assert.fail(`${what}; ${readFileSync(this.vm.path(LOG), 'utf8').slice(-2000)}`);
      await sleep(50);
    }
  }
}
