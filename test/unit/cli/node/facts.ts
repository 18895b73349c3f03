/** Facts of a healthy node with one network and two pods, to change for a test. */
import type { EndpointFacts, NetworkFacts, NodeFacts } from '../../../../src/cli/node/facts.ts';
import type { HeldLease } from '../../../../src/cli/node/leases.ts';
import type { PoolFacts } from '../../../../src/cli/node/pools.ts';
import { parseCidr, parseIpv4Net } from '../../../../src/net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../../../../src/net/ipv4.ts';
import { type MacAddress, parseMac } from '../../../../src/net/mac.ts';
import type { Link } from '../../../../src/net/rtnl/link.ts';
import type { EndpointRecord } from '../../../../src/vnet/endpoint-record.ts';

export const NOW_MS = Date.UTC(2030, 0, 1, 12);
export const LONG_AGO_MS = NOW_MS - 3_600_000;
export const ID_A = 'a'.repeat(64);
export const ID_B = 'b'.repeat(64);

export function ip(text: string): Ipv4 {
  return must(parseIpv4(text), text);
}
export function net(text: string) {
  return must(parseIpv4Net(text), text);
}
export function cidr(text: string) {
  return must(parseCidr(text), text);
}
export function mac(text: string): MacAddress {
  return must(parseMac(text), text);
}

const NIC_MAC = mac('00:0d:3a:0a:0b:0c');

export function link(changes: Partial<Link> & { readonly name: string; readonly index: number }): Link {
  return { mtu: 1500, up: true, running: true, loopback: false, ...changes };
}

export const NIC = link({ name: 'eth0', index: 2, mac: NIC_MAC, masterIndex: 3 });
export const BRIDGE = link({ name: 'azure0', index: 3, mac: NIC_MAC, kind: 'bridge' });

export function network(changes: Partial<NetworkFacts> = {}): NetworkFacts {
  return {
    record: {
      name: 'azure',
      bridge: 'azure0',
      nic: 'eth0',
      nicIndex: 2,
      nicMac: NIC_MAC,
      subnet: cidr('10.240.0.0/16'),
      viaHost: [],
    },
    bridge: BRIDGE,
    nic: NIC,
    rulesComplete: true,
    bridgeAddresses: [net('10.240.0.4/16')],
    nicAddresses: [],
    nodeAddresses: [net('10.240.0.4/16')],
    ...changes,
  };
}

export function record(changes: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    phase: 'ready',
    network: 'azure',
    containerId: ID_A,
    ifname: 'eth0',
    sandbox: '/run/netns/a',
    bridge: 'azure0',
    hostVeth: 'azva',
    addresses: [ip('10.240.0.5')],
    ipamType: 'azure-vnet-ipam',
    podName: 'a',
    podNamespace: 'default',
    sinceMs: LONG_AGO_MS,
    ...changes,
  };
}

export function endpoint(
  changes: Partial<EndpointRecord> = {},
  facts: Partial<Omit<EndpointFacts, 'record'>> = {},
): EndpointFacts {
  const made = record(changes);
  const host = link({ name: made.hostVeth, index: 10, kind: 'veth', masterIndex: BRIDGE.index });
  return { record: made, link: host, hasElements: true, sandbox: 'namespace', ...facts };
}

export function withoutLink(facts: EndpointFacts): EndpointFacts {
  const { link: _, ...rest } = facts;
  return rest;
}

export function lease(changes: Partial<HeldLease> = {}): HeldLease {
  return {
    address: ip('10.240.0.5'),
    containerId: ID_A,
    ifname: 'eth0',
    network: 'azure',
    podName: 'a',
    podNamespace: 'default',
    sinceMs: LONG_AGO_MS,
    ...changes,
  };
}

export function pool(changes: Partial<PoolFacts> = {}): PoolFacts {
  const addresses = ['10.240.0.5', '10.240.0.6', '10.240.0.7', '10.240.0.8'].map(ip);
  return {
    pool: {
      subnet: cidr('10.240.0.0/16'),
      gateway: ip('10.240.0.1'),
      nic: { index: 2, name: 'eth0', mac: NIC_MAC },
      isPrimary: true,
      addresses,
    },
    source: 'http://168.63.129.16/machine/plugins?comp=nmagent&type=getinterfaceinfov1',
    fetchedMs: NOW_MS - 5000,
    leased: addresses.slice(0, 2),
    resting: addresses.slice(2, 3),
    free: addresses.slice(3),
    onHost: [],
    ...changes,
  };
}

/** B's pod: unnamed, as docker has it. */
export const B = {
  containerId: ID_B,
  sandbox: '/run/netns/b',
  hostVeth: 'azvb',
  addresses: [ip('10.240.0.6')],
} as const;

export function node(changes: Partial<NodeFacts> = {}): NodeFacts {
  const { podName: _, podNamespace: __, ...unnamed } = record({ ...B });
  return {
    nowMs: NOW_MS,
    networks: [network()],
    endpoints: [endpoint(), { ...endpoint({ ...B }), record: unnamed }],
    pending: [],
    leases: [
      lease(),
      {
        address: ip('10.240.0.6'),
        containerId: ID_B,
        ifname: 'eth0',
        network: 'azure',
        sinceMs: LONG_AGO_MS,
      },
    ],
    pools: [pool()],
    strayLinks: [],
    strayElements: [],
    interruptedMoves: [],
    hosts: [{ bridge: 'azure0', nic: 'eth0', nicMac: NIC_MAC, addresses: [net('10.240.0.4/16')] }],
    bridges: [{ link: BRIDGE, addresses: [net('10.240.0.4/16')] }],
    damaged: [],
    ...changes,
  };
}

function must<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new Error(`not what it should be: ${text}`);
  return value;
}
