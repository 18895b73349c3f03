/** A Windows VM in memory: files, adapters, wireserver and HNS; whole calls of azure-vnet, as a runtime makes them. */
import { runPlugin } from '../../../src/cni/dispatch.ts';
import type { CniPlugin } from '../../../src/cni/types.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import type { JsonObject } from '../../../src/sys/json.ts';
import type { Adapter, WindowsSys } from '../../../src/sys/windows.ts';
import { azureVnetWindows } from '../../../src/windows/plugin.ts';
import { type FakeProcess, FakeWorld, type ProcessOptions } from '../../support/fake-sys.ts';
import { FakeHns } from './fake-hns.ts';

export const BIN = '/opt/cni/bin';
export const STATE = '/run/azure-vnet';
export const NAMESPACE = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const CONTAINER = 'c0ffee1234567890';
const WIRESERVER = '168.63.129.16:80';

export const ETHERNET: Adapter = {
  index: 4,
  name: 'Ethernet',
  mac: '00:0d:3a:0a:0b:0c',
  loopback: false,
  up: true,
  mtu: 1500,
  ipv4: [{ address: '10.240.0.4', prefixBits: 16 }],
  gateways: ['10.240.0.1'],
};
export const LOOPBACK: Adapter = {
  ...ETHERNET,
  index: 1,
  name: 'Loopback Pseudo-Interface 1',
  mac: '',
  loopback: true,
  ipv4: [{ address: '127.0.0.1', prefixBits: 8 }],
  gateways: [],
};

export interface Call {
  readonly command: string;
  readonly container?: string;
  readonly netns?: string;
  readonly args?: string;
  readonly config?: JsonObject;
  readonly process?: ProcessOptions;
  readonly plugin?: CniPlugin;
}

export interface Answer {
  readonly status: number;
  /** The document on stdout; undefined when nothing was printed. */
  readonly document: Record<string, unknown> | undefined;
  readonly log: OperationLog;
}

export class WindowsMachine {
  readonly world = new FakeWorld();
  readonly hns = new FakeHns();
  adapters: readonly Adapter[] = [LOOPBACK, ETHERNET];
  boot = 'boot-1';
  addresses = ['10.240.0.5', '10.240.0.6', '10.240.0.7'];
  queries = 0;
  /** Of the process. */
  executable = `${BIN}/azure-vnet`;

  constructor() {
    this.world.write(`${BIN}/azure-vnet-ipam`, 'x', 0o755);
    this.world.write('/proc/self/ns/net', '');
    this.world.symlink('/proc/self/exe', `${BIN}/azure-vnet-ipam`);
    this.hns.namespaces.add(NAMESPACE);
    this.hns.containers.add(CONTAINER);
    this.hns.elapse = (ms) => {
      this.world.nowMs += ms;
    };
    this.world.tcp.set(WIRESERVER, () => {
      this.queries++;
      const list = this.addresses.map((address) => `<IPAddress Address="${address}" IsPrimary="false"/>`);
      const body =
        '<Interfaces><Interface MacAddress="000D3A0A0B0C" IsPrimary="true"><IPSubnet Prefix="10.240.0.0/16">' +
        `<IPAddress Address="10.240.0.4" IsPrimary="true"/>${list.join('')}</IPSubnet></Interface></Interfaces>`;
      return { chunks: [`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`], end: 'close' };
    });
  }

  /** A whole call. */
  run(call: Call): Answer {
    const { command, container = CONTAINER, netns = NAMESPACE, args = '', config = {} } = call;
    const attached = command !== 'GC' && command !== 'STATUS';
    const environ = {
      CNI_COMMAND: command,
      CNI_PATH: BIN,
      ...(attached
        ? { CNI_CONTAINERID: container, CNI_NETNS: netns, CNI_IFNAME: 'eth0', CNI_ARGS: args }
        : {}),
    };
    const stdin = JSON.stringify({
      cniVersion: '1.1.0',
      name: 'azure',
      type: 'azure-vnet',
      ipam: { type: 'azure-vnet-ipam' },
      ...config,
    });
    const process = this.world.process({ environ, stdin, ...call.process });
    const sys = this.windows(process);
    const log = new OperationLog(sys);
    const status = runPlugin(sys, call.plugin ?? azureVnetWindows, log);
    return { status, document: process.stdout === '' ? undefined : JSON.parse(process.stdout), log };
  }

  /** The same, but a kill is an answer as well. */
  runOrDie(call: Call): Answer | 'killed' {
    const answer = this.run(call);
    // The envelope catches everything, and a killed process cannot print.
    return answer.status === 1 && answer.document === undefined ? 'killed' : answer;
  }

  add(container = CONTAINER, netns = NAMESPACE, more: Partial<Call> = {}): Answer {
    return this.run({ command: 'ADD', container, netns, ...more });
  }

  del(container = CONTAINER, netns = NAMESPACE, more: Partial<Call> = {}): Answer {
    return this.run({ command: 'DEL', container, netns, ...more });
  }

  /** Addresses in use, by IPAM. */
  get leased(): string[] {
    return this.world
      .list(`${STATE}/ipam/leases`)
      .filter((name) => !name.startsWith('~'))
      .map((name) => name.slice(0, name.indexOf('@')));
  }

  /** Files under a directory of the state. */
  records(directory: 'endpoints' | 'unfinished' | 'networks'): string[] {
    return this.world.list(`${STATE}/${directory}`);
  }

  /** Everything that should be gone when no container is left. */
  get remains(): string[] {
    return [
      ...this.leased.map((address) => `lease of ${address}`),
      ...this.hns.endpoints.map(({ name }) => `endpoint ${name}`),
      ...this.records('endpoints'),
      ...this.records('unfinished'),
    ];
  }

  /** The process with what Windows offers beside. */
  windows(process: FakeProcess): WindowsSys {
    const { hns, world } = this;
    // A call of Sys that counts, so that a process may be killed before each call to HNS.
    const counted =
      <A extends unknown[], R>(work: (...args: A) => R) =>
      (...args: A): R => {
        process.sleepMs(0);
        return work.apply(hns, args);
      };
    return Object.assign(process, {
      adapters: () => [...this.adapters],
      isRunning: () => false,
      bootId: () => this.boot,
      osBuild: () => 20348,
      executablePath: () => this.executable,
      newGuid: () => hns.id(),
      link: counted((existing: string, path: string) => world.files.link(existing, path)),
      hnsCall: counted(hns.hnsCall),
      hcsModify: counted(hns.hcsModify),
      hcnEnumerate: counted(hns.hcnEnumerate),
      hcnQuery: counted(hns.hcnQuery),
      hcnCreateNetwork: counted(hns.hcnCreateNetwork),
      hcnCreateEndpoint: counted(hns.hcnCreateEndpoint),
      hcnModify: counted(hns.hcnModify),
      hcnDelete: counted(hns.hcnDelete),
    });
  }
}

/** Address of the first ip of a result. */
export function addressOf({ document }: Answer): string {
  const ips = document?.ips as { address: string }[] | undefined;
  return ips?.[0]?.address ?? `no address: ${JSON.stringify(document)}`;
}

export function messageOf({ document }: Answer): string {
  return `${String(document?.code)}: ${String(document?.msg)}`;
}
