/** What the kernel of a VM, or of a namespace in it, has: read through iproute2 and nft as JSON. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';

/** A place in which programs can be run: a VM, a pod, a container, the fabric. */
export interface Runner {
  mustExec(argv: readonly string[]): Promise<string>;
}

export interface KernelLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly master?: string;
  readonly operstate: string;
  readonly num_tx_queues: number;
  readonly num_rx_queues: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_kind?: string;
    readonly info_slave_data?: { readonly state?: string; readonly hairpin?: boolean };
  };
}

export interface KernelAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly [more: string]: unknown;
}

export interface KernelRoute {
  readonly dst: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly [more: string]: unknown;
}

export interface KernelNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
}

/** What a kernel has at one time. */
export interface KernelState {
  readonly links: readonly KernelLink[];
  readonly addresses: Readonly<Record<string, KernelAddress[]>>;
  /** Of IPv4, of every table. */
  readonly routes: readonly KernelRoute[];
  /** The permanent ones. */
  readonly neighbours: readonly KernelNeighbour[];
}

/** All of it from one program: who looks a thousand times would mostly wait for programs to start. */
export async function kernelState(vm: Vm): Promise<KernelState> {
  const questions = ['link show', 'addr show', 'route show table all', 'neigh show nud permanent'];
  const stdin = questions.map((question) => `${question}\n`).join('');
  const text = await vm.mustExec(['ip', '-j', '-d', '-batch', '-'], { stdin });
  const [links, listed, routes, neighbours] = text.split('\n').map((line) => line && JSON.parse(line));
  return { links, addresses: byName(listed), routes: withoutKernels(routes), neighbours };
}

/** All links with their kinds and port settings. */
export async function links(place: Runner): Promise<KernelLink[]> {
  return JSON.parse(await place.mustExec(['ip', '-j', '-d', 'link', 'show']));
}

/**
 * The same when the kernel has drawn its conclusions from the carrier of each: operational state and NO-CARRIER
 * follow in a work item, which a busy machine runs late.
 */
export async function settledLinks(place: Runner): Promise<KernelLink[]> {
  return until('every link knows of its carrier', async () => {
    const list = await links(place);
    return list.every(knowsCarrier) ? list : undefined;
  });
}

function knowsCarrier({ flags, operstate }: KernelLink): boolean {
  return !flags.includes('UP') || flags.includes('LOWER_UP') === ['UP', 'UNKNOWN'].includes(operstate);
}

/**
 * The IPv6 addresses of a link that is up, when it has its own one: the kernel makes that in a work item, and looks
 * for a second or two whether another has it.
 */
export async function settledIpv6(place: Runner, name: string): Promise<KernelAddress[]> {
  return until(`${name} has its own IPv6 address`, async () => {
    const text = await place.mustExec(['ip', '-j', '-6', 'addr', 'show', 'dev', name]);
    const listed = JSON.parse(text) as { addr_info?: KernelAddress[] }[];
    const infos = listed.flatMap(({ addr_info = [] }) => addr_info);
    return infos.some(isLinkLocal) && infos.every(({ tentative }) => tentative !== true) ? infos : undefined;
  });
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadline, what);
    await sleep(10);
  }
}

export async function link(place: Runner, name: string): Promise<KernelLink> {
  const found = (await links(place)).find(({ ifname }) => ifname === name);
  assert.ok(found, `there is a link ${name}`);
  return found;
}

/** The host ends of pods. */
export async function hostVeths(place: Runner): Promise<KernelLink[]> {
  return (await links(place)).filter(isHostVeth);
}

export function isHostVeth({ ifname }: KernelLink): boolean {
  return ifname.startsWith('azv');
}

/** Addresses of links that have some, without the link-local ones of IPv6, which each link makes itself. */
export async function addresses(place: Runner): Promise<Record<string, KernelAddress[]>> {
  return byName(JSON.parse(await place.mustExec(['ip', '-j', 'addr', 'show'])));
}

function byName(
  listed: readonly { readonly ifname: string; readonly addr_info: readonly KernelAddress[] }[],
): Record<string, KernelAddress[]> {
  const rows = listed.map(
    ({ ifname, addr_info }) => [ifname, addr_info.filter((it) => !isLinkLocal(it))] as const,
  );
  return Object.fromEntries(
    rows.filter(([, infos]) => infos.length > 0).map(([name, infos]) => [name, [...infos]]),
  );
}

/** The IPv4 addresses of one link as text with prefix. */
export async function ipv4(place: Runner, name: string): Promise<string[]> {
  const infos = (await addresses(place))[name] ?? [];
  return infos.filter(({ family }) => family === 'inet').map((info) => `${info.local}/${info.prefixlen}`);
}

/** Routes of every table; of IPv6 without those that the kernel makes for each link, when it has made all others. */
export async function routes(place: Runner, family: 4 | 6 = 4): Promise<KernelRoute[]> {
  if (family === 4) return listRoutes(place, 4);
  return until('every IPv6 address has its route', async () => {
    const own = Object.values(await addresses(place)).flat();
    const list = await listRoutes(place, 6);
    const hasRoute = ({ local }: KernelAddress) =>
      list.some(({ dst, type }) => dst === local && type === 'local');
    return own.filter(isValidIpv6).every(hasRoute) ? list : undefined;
  });
}

/** The kernel makes the route of such an address in a work item, also of one that it does not look for elsewhere. */
function isValidIpv6({ family, tentative, dadfailed }: KernelAddress): boolean {
  return family === 'inet6' && tentative !== true && dadfailed !== true;
}

async function listRoutes(place: Runner, family: 4 | 6): Promise<KernelRoute[]> {
  const text = await place.mustExec(['ip', `-${family}`, '-j', 'route', 'show', 'table', 'all']);
  return withoutKernels(JSON.parse(text));
}

function withoutKernels(listed: readonly KernelRoute[]): KernelRoute[] {
  return listed.filter(({ dst }) => !dst.startsWith('fe80:') && dst !== 'ff00::/8');
}

/** Permanent neighbour entries. */
export async function neighbours(place: Runner): Promise<KernelNeighbour[]> {
  return JSON.parse(await place.mustExec(['ip', '-j', 'neigh', 'show', 'nud', 'permanent']));
}

/** Keys of the map and the set of the layer-2 rules; undefined when there is no table. */
export async function elements(
  place: Runner,
): Promise<{ podMacs: string[]; localIps: string[] } | undefined> {
  const tables = JSON.parse(await place.mustExec(['nft', '-j', 'list', 'tables', 'bridge'])) as Listing;
  if (!tables.nftables.some((item) => item.table?.name === 'azure-vnet')) return undefined;
  const text = await place.mustExec(['nft', '-j', 'list', 'table', 'bridge', 'azure-vnet']);
  const { nftables } = JSON.parse(text) as Listing;
  const keys = (item: Listing['nftables'][number]['map']) =>
    (item?.elem ?? []).map((elem) => (typeof elem === 'string' ? elem : elem[0])).sort();
  return {
    podMacs: keys(nftables.find((item) => item.map?.name === 'pod_macs')?.map),
    localIps: keys(nftables.find((item) => item.set?.name === 'local_ips')?.set),
  };
}

interface Listing {
  readonly nftables: readonly {
    readonly table?: { readonly name: string };
    readonly map?: NamedElements;
    readonly set?: NamedElements;
  }[];
}

interface NamedElements {
  readonly name: string;
  readonly elem?: readonly (string | readonly [string, string])[];
}

function isLinkLocal({ family, scope }: KernelAddress): boolean {
  return family === 'inet6' && scope === 'link';
}

const SETTLE_LIMIT_MS = 30_000;
