/** What the plugin has left in a VM: in the kernel, on disk, in the pool. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { addresses, elements, hostVeths, neighbours, routes, settledLinks } from './kernel.ts';

/** A removal of a link that DEL left to its child takes some 20 ms; on a busy machine far more. */
const REMOVAL_TIMEOUT_MS = 20_000;

/** Directories of records that belong to one attachment or one operation. */
const TRANSIENT = ['endpoints', 'pending', 'journal', 'quarantine', 'tmp'];

/**
 * What is left of attachments: nothing, when everything was removed. Waits for link removals that are under
 * way. Networks stay, with their bridge, rules and records; so do released addresses that rest, and what
 * belongs to the addresses in `except`.
 */
export async function leftovers(vm: Vm, except: readonly string[] = []): Promise<string[]> {
  const deadline = performance.now() + REMOVAL_TIMEOUT_MS;
  for (;;) {
    const found = (await leftNow(vm)).filter(({ address }) => !except.includes(address));
    if (found.length === 0 || performance.now() > deadline) return found.map(({ what }) => what);
    await sleep(10);
  }
}

export async function assertNoLeftovers(vm: Vm, except: readonly string[] = []): Promise<void> {
  assert.deepEqual(await leftovers(vm, except), [], `leftovers in ${vm.name}`);
}

interface Leftover {
  readonly what: string;
  /** Empty when it has none. */
  readonly address: string;
}

async function leftNow(vm: Vm): Promise<Leftover[]> {
  const own = await nodeAddresses(vm);
  const sets = (await elements(vm)) ?? { podMacs: [], localIps: [] };
  const inSet = (set: string) => (address: string) => ({ what: `element ${set} ${address}`, address });
  return [
    ...(await hostVeths(vm)).map((it) => ({ what: `link ${it.ifname}`, address: addressOfMac(it.address) })),
    ...sets.podMacs.map(inSet('pod_macs')),
    ...sets.localIps.filter((address) => !own.includes(address)).map(inSet('local_ips')),
    ...(await neighbours(vm)).map(({ dst, dev }) => ({ what: `neighbour ${dst} dev ${dev}`, address: dst })),
    ...TRANSIENT.flatMap((directory) => files(vm, directory)).map((file) => recordLeft(vm, file)),
    ...leases(vm).map(({ address, owner }) => ({ what: `lease ${address} of ${owner}`, address })),
  ];
}

/** A record that may vanish while it is looked at. */
function recordLeft(vm: Vm, file: string): Leftover {
  const text = readText(vm, file);
  const addresses = text === '' ? [] : (JSON.parse(text) as { addresses?: string[] }).addresses;
  return { what: `file ${file}`, address: addresses?.[0] ?? '' };
}

/** The last four octets of a host veth's MAC are the address of its pod. */
export function addressOfMac(mac = ''): string {
  const octets = mac.split(':').slice(2);
  return octets.map((octet) => Number.parseInt(octet, 16)).join('.');
}

async function nodeAddresses(vm: Vm): Promise<string[]> {
  return Object.values(await addresses(vm)).flatMap((infos) => infos.map(({ local }) => local));
}

export interface Lease {
  readonly address: string;
  /** container@interface */
  readonly owner: string;
}

/** Addresses that are leased, as the records say; a name that begins with ~ is that of a released one. */
export function leases(vm: Vm): Lease[] {
  return files(vm, 'ipam/leases')
    .filter((file) => !file.includes('/~'))
    .map((file) => {
      const { address, containerId, ifname } = readRecord(vm, file);
      return { address: String(address), owner: `${containerId}@${ifname}` };
    });
}

/** Files of a directory of the state, recursively, as paths below /run/azure-vnet. */
export function files(vm: Vm, directory: string): string[] {
  const root = vm.path(`/run/azure-vnet${directory === '' ? '' : `/${directory}`}`);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => statSync(`${root}/${name}`, { throwIfNoEntry: false })?.isFile() === true)
    .map((name) => (directory === '' ? name : `${directory}/${name}`))
    .sort();
}

export function readRecord(vm: Vm, file: string): JsonObject {
  return JSON.parse(readFileSync(vm.path(`/run/azure-vnet/${file}`), 'utf8')) as JsonObject;
}

/** The text of a file of the state; empty when it has just vanished. */
function readText(vm: Vm, file: string): string {
  try {
    return readFileSync(vm.path(`/run/azure-vnet/${file}`), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Waits until the links of earlier DELs are gone, which DEL leaves to a child. */
export async function settled(vm: Vm): Promise<void> {
  const deadline = performance.now() + REMOVAL_TIMEOUT_MS;
  while (files(vm, 'pending').length > 0) {
    assert.ok(performance.now() < deadline, `not removed: ${files(vm, 'pending').join()}`);
    await sleep(5);
  }
}

/** Everything that a call which fails must leave as it was. */
export async function snapshot(vm: Vm) {
  await settled(vm);
  const listed = (await settledLinks(vm)).map(
    ({ ifindex, ifname, flags, mtu, address, master, linkinfo }) => {
      const port = linkinfo?.info_slave_data;
      return { ifindex, ifname, flags, mtu, address, master, state: port?.state, hairpin: port?.hairpin };
    },
  );
  const records = ['endpoints', 'pending', 'journal', 'hosts', 'networks', 'quarantine'];
  return {
    links: listed,
    addresses: await addresses(vm),
    routes: await routes(vm),
    routes6: await routes(vm, 6),
    rules: await vm.mustExec(['ip', '-j', 'rule']),
    neighbours: await neighbours(vm),
    tables: await vm.mustExec(['nft', '-s', 'list', 'ruleset', 'bridge']),
    records: records
      .flatMap((directory) => files(vm, directory))
      .map((file) => [file, readFileSync(vm.path(`/run/azure-vnet/${file}`), 'utf8')]),
    leases: leases(vm),
  };
}

export interface LogLine {
  readonly command: string;
  readonly container?: string;
  readonly netns?: string;
  readonly result: string;
  readonly error?: string;
  readonly notes: readonly string[];
  readonly steps: readonly (readonly [string, number])[];
}

/** The lines of the plugin's log, oldest first. */
export function logLines(vm: Vm): LogLine[] {
  const path = vm.path('/var/log/azure-vnet.log');
  if (!existsSync(path)) return [];
  const rows = readFileSync(path, 'utf8').split('\n');
  return rows.filter((row) => row !== '').map((row) => JSON.parse(row) as LogLine);
}

export function lastLog(vm: Vm): LogLine {
  const line = logLines(vm).at(-1);
  assert.ok(line, 'there is a line in the log');
  return line;
}

/** Makes what is remembered of the wireserver's answer a minute older. */
export function ageCache(vm: Vm): void {
  for (const file of files(vm, 'ipam/sources')) {
    const record = readRecord(vm, file);
    const older = ['fetchedMs', 'askedMs'].flatMap((key) => {
      const value = record[key];
      return typeof value === 'number' ? [[key, value - 60_000]] : [];
    });
    assert.equal(older.length, 1, `${file} has one time`);
    const document = { ...record, ...Object.fromEntries(older) };
    writeFileSync(vm.path(`/run/azure-vnet/${file}`), JSON.stringify(document));
  }
}
