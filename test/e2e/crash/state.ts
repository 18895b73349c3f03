/** What a node must have, exactly, for the containers that are attached; every difference is one line. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';
import { isHostVeth, type KernelLink, type KernelState, kernelState } from '../support/kernel.ts';
import { files, leases, readRecord } from '../support/state.ts';
import { ANSWER_LIMIT_S } from '../support/traffic.ts';
import { type Machine, nodeStateIn } from './machine.ts';

/** Attached containers by name, with their addresses. */
export type Attached = Readonly<Record<string, string>>;

/** A link that is being removed is gone by then, also on a machine that is busy. */
const SETTLE_MS = 20_000;
/** A pending deletion is left to its child for so long. */
const CHILD_MS = 2000;
const PING = ['ping', '-n', '-c', '1', '-W', String(ANSWER_LIMIT_S), '10.240.0.1'];

/**
 * The node has its address once, on NIC or bridge, all routes there, and reaches the gateway; and of
 * containers exactly those that are attached: links, elements, neighbours, records, leases.
 */
export async function differences(machine: Machine, attached: Attached): Promise<string[]> {
  const inKernel = await kernelDifferences(machine, attached);
  return [
    ...inKernel,
    ...leaseDifferences(machine, attached),
    ...recordDifferences(machine, Object.keys(attached)),
  ];
}

/** Without records and leases. */
export async function kernelDifferences(machine: Machine, attached: Attached): Promise<string[]> {
  const state = await kernelState(machine.vm);
  const [node, containers] = await Promise.all([
    nodeDifferences(machine, state),
    containerDifferences(machine, attached, state),
  ]);
  return [...node, ...containers];
}

/** As `differences`, when nothing changes any more: removals of links take their time. */
export async function settled(
  machine: Machine,
  attached: Attached,
  tolerated: readonly string[] = [],
): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const found = await differences(machine, attached);
    if (found.every((it) => tolerated.includes(it)) || performance.now() > deadline) return found;
    await sleep(5);
  }
}

/** `state`: what the kernel has, where that is known. */
export async function nodeDifferences(machine: Machine, state?: KernelState): Promise<string[]> {
  const { vm, pristine } = machine;
  const now = nodeStateIn(state ?? (await kernelState(vm)));
  const [place] = now.held;
  const device = place?.device ?? 'eth0';
  const on = (text: string) => text.replace(/ dev eth0 /, ` dev ${device} `);
  const ping = await vm.exec(PING);
  return [
    ...compare(
      'node address',
      pristine.held.map(({ address }) => address),
      now.held.map(({ address }) => address),
    ),
    ...compare('route', pristine.routes.map(on), now.routes),
    ...(ping.status === 0 ? [] : ['the node does not reach the gateway']),
  ];
}

async function containerDifferences(
  machine: Machine,
  attached: Attached,
  { links, neighbours }: KernelState,
): Promise<string[]> {
  const { vm } = machine;
  const veths = links.filter(isHostVeth);
  const sets = await layer2(vm);
  const own = machine.pristine.held.map(({ address }) => address.replace(/\/\d+$/, ''));
  const names = Object.keys(attached);
  const owned = Object.values(attached);
  const silent = await unreachable(machine, names);
  return [
    ...compare(
      'host veth',
      names.map((name) => hostVeth(machine, name)),
      veths.map(({ ifname }) => ifname),
    ),
    ...veths
      .filter(isNoPort)
      .map(({ ifname }) => `${ifname} is no forwarding port in hairpin mode of azure0`),
    ...(names.length === 0 ? [] : compare('rule', RULES, sets.rules)),
    ...compare('element of pod_macs', owned, sets.podMacs),
    ...compare(
      'element of local_ips',
      names.length === 0 ? [] : [...own, ...owned],
      sets.localIps.filter((it) => names.length > 0 || !own.includes(it)),
    ),
    ...compare(
      'neighbour',
      owned,
      neighbours.map(({ dst }) => dst),
    ),
    ...silent.map((name) => `${name} does not reach the gateway`),
  ];
}

function leaseDifferences({ vm }: Machine, attached: Attached): string[] {
  const wanted = Object.entries(attached).map(([name, address]) => `${address} of id-of-${name}@eth0`);
  const found = leases(vm).map(({ address, owner }) => `${address} of ${owner}`);
  const marks = files(vm, 'ipam/leases').map((file) => file.replace('ipam/leases/', ''));
  const named = marks.map((name) => (name.startsWith('~') ? name.split('@')[1] : name.split('@')[0]));
  const twice = named.filter((address, i) => named.indexOf(address) !== i);
  return [
    ...compare('lease', wanted, found),
    ...twice.map((address) => `${address} has two files in leases/`),
  ];
}

function recordDifferences({ vm }: Machine, names: readonly string[]): string[] {
  const found = ['endpoints', 'pending', 'journal', 'quarantine', 'tmp'].flatMap((name) => files(vm, name));
  const unready = files(vm, 'endpoints').filter((file) => readRecord(vm, file).phase !== 'ready');
  return [
    ...compare(
      'record',
      names.map((name) => `endpoints/azure@id-of-${name}@eth0`),
      found,
    ),
    ...unready.map((file) => `${file} is not ready`),
  ];
}

function isNoPort({ master, linkinfo }: KernelLink): boolean {
  const port = linkinfo?.info_slave_data;
  return master !== 'azure0' || port?.state !== 'forwarding' || port.hairpin !== true;
}

interface Layer2 {
  readonly podMacs: readonly string[];
  readonly localIps: readonly string[];
  /** The end of each rule's comment, in the order of the table. */
  readonly rules: readonly string[];
}

/** The table of layer-2 rules, in one listing. */
async function layer2(vm: Vm): Promise<Layer2> {
  const { nftables } = JSON.parse(await vm.mustExec(['nft', '-j', 'list', 'ruleset', 'bridge'])) as Listing;
  const keys = (list: NamedSet['elem'] = []) => list.map((it) => (typeof it === 'string' ? it : it[0]));
  const ours = nftables.filter((item) => (item.map ?? item.set ?? item.rule)?.table === 'azure-vnet');
  return {
    podMacs: keys(ours.find(({ map }) => map?.name === 'pod_macs')?.map?.elem),
    localIps: keys(ours.find(({ set }) => set?.name === 'local_ips')?.set?.elem),
    rules: ours.flatMap(({ rule }) => rule?.comment?.replace(/^.* rule/, 'rule') ?? []),
  };
}

interface NamedSet {
  readonly table: string;
  readonly name: string;
  readonly elem?: readonly (string | readonly [string, string])[];
}

interface Listing {
  readonly nftables: readonly {
    readonly map?: NamedSet;
    readonly set?: NamedSet;
    readonly rule?: { readonly table: string; readonly comment?: string };
  }[];
}

const RULES = ['rule 1', 'rule 2', 'rule 3', 'rule 4', 'rule 5'];

async function unreachable(machine: Machine, names: readonly string[]): Promise<string[]> {
  const runs = await Promise.all(names.map((name) => machine.container(name).exec(PING)));
  return names.filter((_, i) => runs[i]?.status !== 0);
}

/** `azv` and eleven digits of the SHA-1 of network, container and interface. */
export function hostVeth(machine: Machine, name: string): string {
  const key = `azure${machine.container(name).id}eth0`;
  return `azv${createHash('sha1').update(key).digest('hex').slice(0, 11)}`;
}

/** Container names of pending deletions. */
export function pending({ vm }: Machine): string[] {
  return files(vm, 'pending').flatMap((file) => {
    const record = ifThere(() => readRecord(vm, file));
    return record === undefined ? [] : String(record.containerId).replace('id-of-', '');
  });
}

/** Makes pending deletions so old that the next call takes them for interrupted: time that need not pass. */
export function agePending({ vm }: Machine): void {
  for (const file of files(vm, 'pending')) {
    const path = vm.path(`/run/azure-vnet/${file}`);
    ifThere(() => {
      const record = JSON.parse(readFileSync(path, 'utf8')) as { sinceMs: number };
      // As many bytes as before, and never a new file where the child has just removed the old one.
      writeFileSync(path, JSON.stringify({ ...record, sinceMs: record.sinceMs - 2 * CHILD_MS }), {
        flag: 'r+',
      });
    });
  }
}

/** Nothing when the file has just been removed, by the child of a DEL. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function compare(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  return [
    ...wanted.filter((it) => !found.includes(it)).map((it) => `${what} ${it} is missing`),
    ...found.filter((it) => !wanted.includes(it)).map((it) => `${what} ${it} is left`),
    ...found.filter((it, i) => found.indexOf(it) !== i).map((it) => `${what} ${it} is there twice`),
  ];
}
