/** A node with Docker and CNI plugins in a FakeWorld: programs are functions, containers are values. */
import assert from 'node:assert/strict';
import { dockerCommand } from '../../../../src/cli/docker/command.ts';
import { gcCommand } from '../../../../src/cli/gc/command.ts';
import { runTool } from '../../../../src/cli/tool.ts';
import type { SpawnRequest, SpawnResult } from '../../../../src/sys/sys.ts';
import { hostVethName } from '../../../../src/vnet/names.ts';
import { type FakeLink, fakeNetlink } from '../../../support/fake-netlink.ts';
import { FakeWorld, Killed } from '../../../support/fake-sys.ts';

export const CONFLIST = JSON.stringify({
  cniVersion: '0.3.0',
  name: 'azure',
  plugins: [
    { type: 'azure-vnet', ipam: { type: 'azure-vnet-ipam' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});
export const RECORDS = '/var/lib/azure-vnet/docker';
export const CONFLIST_PATH = '/etc/cni/net.d/10-azure.conflist';
const CONTAINERS = '/var/lib/docker/containers';

interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Record<string, string>;
  readonly argv: readonly string[];
  mode: string;
  pid: number;
  key: string;
}

interface PluginRun {
  readonly plugin: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: { readonly [key: string]: unknown };
}

/** What a program is to do instead of its usual work; undefined for that. */
type Script = (line: string) => Partial<SpawnResult> | undefined;

const ENDED = { status: 0, signal: 0, stdout: '', stderr: '', timedOut: false, truncated: false };
/** What the first ADD records. */
const NETWORK = {
  name: 'azure',
  bridge: 'azure0',
  nic: 'eth0',
  nicIndex: 2,
  nicMac: '00:0d:3a:00:00:04',
  subnet: '10.240.0.0/16',
  viaHost: [],
};

export class FakeNode {
  readonly world = new FakeWorld();
  readonly containers: Container[] = [];
  /** Every call of a plugin. */
  readonly plugins: PluginRun[] = [];
  /** Every call of docker, without the program. */
  readonly dockerCalls: string[] = [];
  /** Asked with `docker start ID` or `azure-vnet ADD` before the usual work. */
  script: Script = () => undefined;
  /** In the order in which ADD gives them out. */
  pool = ['10.240.0.5', '10.240.0.6'];
  /** Lines of chain FORWARD; undefined without iptables. */
  forward: string[] | undefined;
  dns: object = { nameservers: ['168.63.129.16'] };
  readonly #held = new Map<string, string>();
  #made = 0;

  constructor() {
    const { world } = this;
    world.write('/proc/self/status', 'Uid:\t0\t0\t0\t0\n');
    world.write('/proc/self/ns/net', '');
    world.write(CONFLIST_PATH, CONFLIST);
    world.write('/usr/bin/docker', '', 0o755);
    for (const name of ['azure-vnet', 'portmap', 'loopback']) world.write(`/opt/cni/bin/${name}`, '', 0o755);
    world.netlink = fakeNetlink(() => this.#links());
  }

  /** Docker has closed chain FORWARD. */
  closeForward(): void {
    this.world.write('/usr/sbin/iptables', '', 0o755);
    this.forward = ['-P FORWARD DROP', '-A FORWARD -j DOCKER-USER'];
  }

  /** `azure-vnet docker …` */
  run(...words: readonly string[]) {
    return this.tool('docker', ...words);
  }

  /** `azure-vnet docker …` or `azure-vnet gc …` */
  tool(...words: readonly string[]) {
    const sys = this.world.process({
      args: ['azure-vnet', ...words],
      spawn: (request) => this.#spawn(request),
    });
    const status = runTool(sys, 'v1', [dockerCommand, gcCommand]);
    assert.equal(sys.openDescriptors, 0);
    return { status, stdout: sys.stdout, stderr: sys.stderr };
  }

  /** The same, killed before its n-th call; true when it has ended before. */
  runKilled(killAt: number, ...words: readonly string[]): boolean {
    const args = ['azure-vnet', 'docker', ...words];
    const sys = this.world.process({ args, killAt, spawn: (request) => this.#spawn(request) });
    try {
      runTool(sys, 'v1', [dockerCommand]);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    return sys.calls < killAt;
  }

  get pluginLines(): string[] {
    return this.plugins.map(({ plugin, command }) => `${plugin} ${command}`);
  }

  /** Addresses that are given out, by id of the container. */
  get held(): ReadonlyMap<string, string> {
    return this.#held;
  }

  records(): Record<string, { readonly [key: string]: unknown }> {
    return Object.fromEntries(
      this.world.list(RECORDS).map((id) => [id, JSON.parse(this.world.read(`${RECORDS}/${id}`))]),
    );
  }

  container(name: string): Container {
    const found = this.containers.find((one) => one.name === name);
    return found ?? assert.fail(`there is no container ${name}`);
  }

  /** As `docker stop`: the namespace goes with its processes. */
  stop(name: string): void {
    const container = this.container(name);
    this.world.files.unlink(container.key);
    this.world.files.unlink(`/proc/${container.pid}/ns/net`);
    container.pid = 0;
  }

  /** As `docker start`, which makes its files anew. */
  start(name: string): void {
    const container = this.container(name);
    const { world } = this;
    container.pid = 100 + ++this.#made;
    container.key = `/run/docker/netns/${String(this.#made).padStart(12, '0')}`;
    world.write(`/proc/${container.pid}/ns/net`, '');
    world.write(`/run/docker/netns/made`, '');
    world.symlink(container.key, `/proc/${container.pid}/ns/net`);
    world.write(`${CONTAINERS}/${container.id}/resolv.conf`, 'nameserver 8.8.8.8\n');
    world.write(`${CONTAINERS}/${container.id}/hosts`, '127.0.0.1\tlocalhost\n');
  }

  file(name: string, file: 'hosts' | 'resolv.conf'): string {
    return this.world.read(`${CONTAINERS}/${this.container(name).id}/${file}`);
  }

  /** As `docker create`, for containers that are made past us. */
  create(argv: readonly string[]): Container {
    const { labels, rest, name, mode } = readCreate(argv);
    const id = String(++this.#made).padStart(64, 'a');
    const [image = '', ...command] = rest;
    const container = { id, name, image, labels, argv: command, mode, pid: 0, key: '' };
    this.containers.push(container);
    return container;
  }

  #spawn({ argv, env, stdin }: SpawnRequest): SpawnResult {
    const [path = '', ...args] = argv;
    const program = path.slice(path.lastIndexOf('/') + 1);
    const line =
      program === 'docker' ? argv.join(' ').slice(path.length - 6) : `${program} ${env.CNI_COMMAND}`;
    if (program === 'docker') this.dockerCalls.push(args.join(' '));
    if (program === 'iptables') return { ...ENDED, ...this.#iptables(args) };
    const answer =
      this.script(line) ?? (program === 'docker' ? this.#docker(args) : this.#plugin(program, env, stdin));
    return { ...ENDED, ...answer };
  }

  #iptables(args: readonly string[]): Partial<SpawnResult> {
    const [verb, ...rule] = args.filter((word) => word !== '-w' && word !== '5');
    if (verb === '--version') return { stdout: 'iptables v1.8.9 (nf_tables)\n' };
    const refused = this.script(`iptables ${verb}`);
    if (refused !== undefined) return refused;
    if (verb === '-A') this.forward?.push(`-A ${rule.join(' ')}`);
    return { stdout: verb === '-S' ? (this.forward ?? []).map((line) => `${line}\n`).join('') : '' };
  }

  #docker([verb = '', ...args]: readonly string[]): Partial<SpawnResult> {
    const last = args.at(-1) ?? '';
    const missing = { status: 1, stderr: `Error: No such container: ${last}\n` };
    switch (verb) {
      case 'create': {
        const { name } = readCreate(args);
        if (this.containers.some((one) => one.name === name)) {
          const text = `Error response from daemon: Conflict. The container name "/${name}" is already in use\n`;
          return { status: 1, stderr: text };
        }
        return { stdout: `${this.create(args).id}\n` };
      }
      case 'start':
        this.start(this.#find(last)?.name ?? '');
        return { stdout: `${last}\n` };
      case 'rm': {
        const container = this.#find(last);
        if (container === undefined) return missing;
        if (container.pid > 0) this.stop(container.name);
        this.containers.splice(this.containers.indexOf(container), 1);
        return { stdout: `${last}\n` };
      }
      case 'inspect': {
        const references = args.slice(args.indexOf('--format') + 2);
        const found = references.flatMap((text) => this.#find(text) ?? []);
        const stdout = found.map((one) => `${JSON.stringify(inspected(one))}\n`).join('');
        return found.length === references.length ? { stdout } : { ...missing, stdout };
      }
      case 'ps': {
        const ours = args.includes('--all')
          ? this.containers.filter(({ labels }) => 'azure-vnet.namespace' in labels)
          : this.containers.filter(({ pid }) => pid > 0);
        return { stdout: ours.map(({ id }) => `${id}\n`).join('') };
      }
      case 'logs':
        return { stdout: 'last words\n' };
      default:
        return assert.fail(`docker ${verb}`);
    }
  }

  #plugin(plugin: string, env: Readonly<Record<string, string>>, stdin: string): Partial<SpawnResult> {
    const { CNI_COMMAND: command = '', CNI_CONTAINERID: id = '' } = env;
    const config = JSON.parse(stdin);
    this.plugins.push({ plugin, command, env, config });
    if (plugin !== 'azure-vnet')
      return { stdout: JSON.stringify(config.prevResult ?? { cniVersion: '0.3.1' }) };
    const record = `/run/azure-vnet/endpoints/azure@${id}@eth0`;
    if (command === 'DEL') {
      this.#held.delete(id);
      if (this.world.exists(record)) this.world.files.unlink(record);
      return {};
    }
    const wanted = /IP=([\d.]+)/.exec(env.CNI_ARGS ?? '')?.[1];
    const free = this.pool.filter((address) => ![...this.#held.values()].includes(address));
    if (wanted !== undefined && !free.includes(wanted))
      return refusal(100, `Requested address ${wanted} is not available`);
    const address = wanted ?? free[0];
    if (address === undefined) return refusal(11, 'No available addresses');
    this.#held.set(id, address);
    this.world.write('/run/azure-vnet/networks/azure', JSON.stringify(NETWORK));
    this.world.write(record, JSON.stringify(this.#endpoint(id, address, env.CNI_NETNS ?? '')));
    const ips = [{ version: '4', address: `${address}/16` }];
    return { stdout: JSON.stringify({ cniVersion: '0.3.0', ips, dns: this.dns }) };
  }

  #endpoint(containerId: string, address: string, sandbox: string): object {
    const sys = this.world.process();
    const hostVeth = hostVethName(sys, 'azure', { containerId, ifname: 'eth0' });
    const names = {
      network: 'azure',
      bridge: 'azure0',
      hostVeth,
      ipamType: 'azure-vnet-ipam',
      ifname: 'eth0',
    };
    return {
      ...names,
      phase: 'ready',
      containerId,
      sandbox,
      addresses: [address],
      sinceMs: this.world.nowMs,
      result: {},
    };
  }

  /** The host end of each endpoint whose container still has its namespace. */
  #links(): FakeLink[] {
    const alive = [...this.#held.keys()].filter((id) =>
      this.containers.some((one) => one.id === id && one.pid > 0),
    );
    return alive.map((containerId, i) => ({
      index: 10 + i,
      name: hostVethName(this.world.process(), 'azure', { containerId, ifname: 'eth0' }),
      kind: 'veth',
    }));
  }

  #find(reference: string): Container | undefined {
    return this.containers.find(({ id, name }) => name === reference || id === reference);
  }
}

export function refusal(code: number, msg: string): Partial<SpawnResult> {
  return { status: 1, stdout: JSON.stringify({ cniVersion: '0.3.0', code, msg }) };
}

function readCreate(argv: readonly string[]) {
  const labels: Record<string, string> = {};
  let [name, mode] = ['', 'bridge'];
  const rest = [...argv];
  while (rest[0]?.startsWith('-')) {
    const flag = rest.shift();
    if (flag === '--interactive') continue;
    const value = rest.shift() ?? '';
    if (flag === '--name') name = value;
    if (flag === '--network') mode = value;
    if (flag === '--label') labels[value.split('=')[0] ?? ''] = value.slice(value.indexOf('=') + 1);
  }
  return { labels, rest, name, mode };
}

/** In the order of INSPECT_FORMAT. */
function inspected({ id, name, image, labels, mode, pid, key }: Container): unknown[] {
  const files = ['resolv.conf', 'hosts'].map((file) => `${CONTAINERS}/${id}/${file}`);
  const state = [pid > 0 ? 'running' : 'exited', pid, 7];
  return [id, `/${name}`, image, labels, ...state, mode, key, id.slice(-12), ...files, [], null, []];
}
