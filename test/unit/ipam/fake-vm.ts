/**
 * A virtual machine in memory for the IPAM plugin: NICs, a wireserver that answers with their ipconfigs,
 * and calls of the plugin. Everything may be changed between calls.
 */
import assert from 'node:assert/strict';
import type { CniArgs, CniCommand, CniRequest, CniResult } from '../../../src/cni/types.ts';
import { azureVnetIpam } from '../../../src/ipam/plugin.ts';
import { formatCidr, networkOf, parseIpv4Net } from '../../../src/net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import type { Failure } from '../../../src/sys/failure.ts';
import type { JsonObject } from '../../../src/sys/json.ts';
import type { Result } from '../../../src/sys/result.ts';
import { type FakeLink, fakeNetlink } from '../../support/fake-netlink.ts';
import { type FakeProcess, FakeWorld, type ProcessOptions, type TcpServer } from '../../support/fake-sys.ts';

export interface FakeNic {
  readonly index: number;
  readonly name: string;
  readonly mac: string;
  /** "10.240.0.4/16": the primary ipconfig. */
  readonly primary: string;
  readonly isPrimary: boolean;
  secondaries: readonly string[];
  /** On the interface beside the primary address. */
  onHost?: readonly string[];
}

export interface FakeCall {
  readonly ifname?: string;
  readonly network?: string;
  readonly ipam?: JsonObject;
  readonly config?: JsonObject;
  readonly args?: CniArgs;
  readonly prevResult?: CniResult;
  readonly valid?: readonly { containerId: string; ifname: string }[];
  readonly process?: ProcessOptions;
}

export const WIRESERVER = '168.63.129.16:80';

/** Addresses in a row, starting at `first`. */
export function range(first: string, count: number): string[] {
  const start = parseIpv4(first);
  return Array.from({ length: count }, (_, i) => {
    const address = start && offsetIpv4(start, i);
    if (address === undefined) throw new Error(`no ${i} addresses after ${first}`);
    return formatIpv4(address);
  });
}

export function eth0(secondaries: readonly string[]): FakeNic {
  const mac = '00:0d:3a:0a:0b:0c';
  return { index: 2, name: 'eth0', mac, primary: '10.240.0.4/16', isPrimary: true, secondaries };
}

export class FakeVm {
  readonly world = new FakeWorld();
  nics: FakeNic[];
  /** Links that are no NICs. */
  otherLinks: FakeLink[] = [{ index: 1, name: 'lo', loopback: true, addresses: ['127.0.0.1/8'] }];
  /** How often the wireserver was asked. */
  queries = 0;
  /** Of the last call. */
  log: OperationLog;
  process: FakeProcess;

  constructor(...nics: FakeNic[]) {
    this.nics = nics;
    this.process = this.world.process();
    this.log = new OperationLog(this.process);
    this.world.netlink = fakeNetlink(() => [...this.otherLinks, ...this.nics.map(linkOf)]);
    this.wireserver();
  }

  /** Sets what the wireserver does; by default it answers. */
  wireserver(server?: TcpServer): void {
    const answering: TcpServer = () => ({ chunks: [httpAnswer(this.xml())], end: 'close' });
    const wanted = server ?? answering;
    const counting: TcpServer = (request) => {
      this.queries++;
      return wanted === 'refuse' ? { chunks: [], end: 'reset' } : wanted(request);
    };
    this.world.tcp.set(WIRESERVER, wanted === 'refuse' ? 'refuse' : counting);
  }

  xml(): string {
    return `<Interfaces>${this.nics.map(interfaceXml).join('')}</Interfaces>`;
  }

  /** ADD; the address, or the failure. */
  add(containerId: string, call: FakeCall = {}): string | Failure {
    const added = this.result(containerId, call);
    if (!added.ok) return added.error;
    const [ip] = added.value.ips;
    if (ip?.address.family !== 4) throw new Error('no IPv4 address');
    return formatIpv4(ip.address.address);
  }

  result(containerId: string, call: FakeCall = {}): Result<CniResult, Failure> {
    return azureVnetIpam.add(this.#context(call), requestOf('ADD', containerId, call));
  }

  run(
    command: 'DEL' | 'CHECK' | 'GC' | 'STATUS',
    containerId = '',
    call: FakeCall = {},
  ): Failure | undefined {
    const request = requestOf(command, containerId, call);
    const context = this.#context(call);
    const verb = { DEL: 'del', CHECK: 'check', GC: 'gc', STATUS: 'status' } as const;
    const done = azureVnetIpam[verb[command]](context, request);
    return done.ok ? undefined : done.error;
  }

  /** Texts of the notes of the last call. */
  get notes(): string[] {
    return this.log.entries.map(({ text }) => text);
  }

  #context(call: FakeCall) {
    this.process = this.world.process(call.process);
    this.log = new OperationLog(this.process);
    return { sys: this.process, log: this.log };
  }
}

export function httpAnswer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function requestOf(command: CniCommand, containerId: string, call: FakeCall): CniRequest {
  const { ifname = 'eth0', network = 'azure', args = {}, valid = [] } = call;
  const env = { command, containerId, ifname, netns: '', path: ['/opt/cni/bin'], args, netnsOverride: false };
  const config = { name: network, type: 'azure-vnet', ipam: { type: 'azure-vnet-ipam', ...call.ipam } };
  return {
    env,
    version: '1.1.0',
    networkName: network,
    config: { ...config, ...call.config },
    ...(call.prevResult === undefined ? {} : { prevResult: call.prevResult }),
    validAttachments: valid,
  };
}

function linkOf({ index, name, mac, primary, onHost = [] }: FakeNic): FakeLink {
  return { index, name, mac, addresses: [primary, ...onHost.map((address) => `${address}/32`)] };
}

function interfaceXml({ mac, primary, isPrimary, secondaries }: FakeNic): string {
  const net = parseIpv4Net(primary);
  if (net === undefined) throw new Error(primary);
  const address = (text: string, first: boolean) => `<IPAddress Address="${text}" IsPrimary="${first}"/>`;
  const list = [address(formatIpv4(net.address), true), ...secondaries.map((text) => address(text, false))];
  const prefix = formatCidr(networkOf(net));
  const subnet = `<IPSubnet Prefix="${prefix}">${list.join('')}</IPSubnet>`;
  const bare = mac.replaceAll(':', '').toUpperCase();
  return `<Interface MacAddress="${bare}" IsPrimary="${isPrimary}">${subnet}</Interface>`;
}

/** With one NIC and so many addresses. */
export function vm(count = 5): FakeVm {
  return new FakeVm(eth0(range('10.240.0.5', count)));
}

/** A second NIC. */
export function eth1(secondaries: readonly string[], primary = '10.9.0.4/16'): FakeNic {
  return { index: 3, name: 'eth1', mac: '60:45:bd:00:00:01', primary, isPrimary: false, secondaries };
}

/** The failure of a call that must have been refused. */
export function refused(outcome: string | Failure | undefined): Failure {
  assert.ok(typeof outcome === 'object', `not refused: ${outcome}`);
  return outcome;
}

/** A previous result with these addresses. */
export function resultWith(...addresses: string[]): CniResult {
  const ips = addresses.map((text) => {
    const address = parseIpv4(text) as Ipv4;
    return { address: { family: 4, address, prefixBits: 16 } as const };
  });
  return { interfaces: [], ips, routes: [], dns: {} };
}
