/**
 * The leases: one directory, whose names alone say which address is whose. No file needs to be opened
 * to find a free address.
 *
 *   10.240.0.5@<container>@<interface>    in use; the content has the whole key, the network and the pod
 *   ~1893456000000@10.240.0.6             released at that time (milliseconds since 1970)
 *
 * One directory for all pools, because an address is unique in the VNet: it stays in use when its
 * ipconfig moves to another NIC. Every change is one rename, made under the lock. Where a crash has left
 * both a lease and a release of one address, the lease counts.
 */

import type { Attachment } from '../cni/types.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { inodeAt } from '../state/files.ts';
import { IPAM_DIR, MAX_NAME_BYTES, recordName, recordNameParts } from '../state/paths.ts';
import { readRecord, removeRecord, writeRecord } from '../state/records.ts';
import type { JsonObject } from '../sys/json.ts';
import { broken } from '../sys/result.ts';
import { isErrno, type Sys } from '../sys/sys.ts';

export const LEASES_DIR = `${IPAM_DIR}/leases`;

/** What is known of a lease beside its key. */
export interface LeaseFacts {
  readonly network: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  /** Subnet and NIC of the pool, for the person who reads the file. */
  readonly pool: string;
}

export type LeaseState = 'leased' | 'unused' | { readonly sinceMs: number };

/** By dotted address. Text, because the names are: reading 250 as numbers takes 0.3 ms. */
export interface SortedNames {
  /** File names. */
  readonly leased: Map<string, string>;
  readonly released: Map<string, { readonly sinceMs: number; readonly name: string }>;
  /** Releases that a later one has overtaken. */
  readonly overtaken: string[];
}

/** The directory as it was when it was read. */
export class Leases {
  readonly #sys: Sys;
  /** Undefined after a change: read again when it is needed again, which it hardly ever is. */
  #listed: readonly string[] | undefined;
  #sorted: SortedNames | undefined;

  constructor(sys: Sys) {
    this.#sys = sys;
    this.#listed = readNames(sys);
  }

  /** Sorted when it is first needed: a DEL looks for one name only. */
  byAddress(): SortedNames {
    this.#sorted ??= sortNames(this.#names());
    return this.#sorted;
  }

  /** In use, never used, or when it was released. */
  stateOf(address: Ipv4): LeaseState {
    const { leased, released } = this.byAddress();
    const text = formatIpv4(address);
    return leased.has(text) ? 'leased' : (released.get(text) ?? 'unused');
  }

  /** Who has the address, as text for a message. */
  holderOf(address: Ipv4): string | undefined {
    const name = this.byAddress().leased.get(formatIpv4(address));
    const attachment = name === undefined ? undefined : this.#attachmentOf(name);
    return name === undefined ? undefined : attachment ? describe(attachment) : `the owner of lease ${name}`;
  }

  /**
   * The addresses of an attachment to a network, ascending; more than one only when the configuration has
   * changed. A lease whose file is damaged counts for every network.
   */
  addressesOf(attachment: Attachment, network: string): Ipv4[] {
    const suffix = `@${recordName(attachment.containerId, attachment.ifname)}`;
    const found: Ipv4[] = [];
    for (const name of this.#names()) {
      // First of all the two cheapest questions: this is asked of every lease there is. A release has no suffix.
      if (!name.endsWith(suffix) && name.length <= MAX_NAME_BYTES) continue;
      if (!this.#isOf(name, suffix, attachment)) continue;
      const [address, leasedIn] = [parseIpv4(addressIn(name)), this.#content(name)?.network];
      const isHere = typeof leasedIn !== 'string' || leasedIn === network;
      if (address !== undefined && isHere) found.push(address);
    }
    return found.sort((a, b) => a - b);
  }

  /** Every lease with its attachment and network; the network is undefined when the file is damaged. */
  *all(): Iterable<{ address: Ipv4; attachment: Attachment; network: string | undefined }> {
    for (const [text, name] of this.byAddress().leased) {
      const attachment = this.#attachmentOf(name);
      const address = parseIpv4(text);
      if (attachment === undefined || address === undefined) continue;
      const network = this.#content(name)?.network;
      yield { address, attachment, network: typeof network === 'string' ? network : undefined };
    }
  }

  /** Gives the address to the attachment. */
  take(address: Ipv4, { containerId, ifname }: Attachment, facts: LeaseFacts): void {
    const text = formatIpv4(address);
    const name = recordName(text, containerId, ifname);
    const sinceMs = this.#sys.realtimeMs();
    writeRecord(this.#sys, pathOf(name), { address: text, containerId, ifname, ...facts, sinceMs });
    const before = this.byAddress().released.get(text);
    if (before !== undefined) this.#forget(before.name);
    this.#changed();
  }

  /** Puts the address to rest. An older release of it, which a killed call has left, goes. */
  release(address: Ipv4): void {
    const text = formatIpv4(address);
    const [prefix, suffix] = [`${text}@`, `@${text}`];
    const names = this.#names();
    const name = names.find((one) => one.startsWith(prefix));
    if (name === undefined) broken(`${text} is not leased`);
    const marker = `~${this.#sys.realtimeMs()}${suffix}`;
    this.#sys.rename(pathOf(name), pathOf(marker));
    for (const other of names) {
      const isOlder = other >= '~' && other.endsWith(suffix) && other !== marker;
      if (isOlder) removeRecord(this.#sys, pathOf(other));
    }
    this.#changed();
  }

  /** Removes what killed calls have left. */
  tidy(): void {
    const { leased, released, overtaken } = this.byAddress();
    released.forEach(({ name }, text) => {
      if (leased.has(text)) overtaken.push(name);
    });
    for (const name of overtaken) this.#forget(name);
  }

  /** Removes releases from before `beforeMs` of addresses that are not known any more. */
  forgetUnknown(isKnown: (address: Ipv4) => boolean, beforeMs: number): void {
    for (const [text, { sinceMs, name }] of this.byAddress().released) {
      const address = sinceMs < beforeMs ? parseIpv4(text) : undefined;
      if (address !== undefined && !isKnown(address)) this.#forget(name);
    }
  }

  #names(): readonly string[] {
    this.#listed ??= readNames(this.#sys);
    return this.#listed;
  }

  #changed(): void {
    this.#listed = undefined;
    this.#sorted = undefined;
  }

  #forget(name: string): void {
    removeRecord(this.#sys, pathOf(name));
    this.#changed();
  }

  #isOf(name: string, suffix: string, attachment: Attachment): boolean {
    if (name.length <= MAX_NAME_BYTES) return name === `${addressIn(name)}${suffix}`;
    const found = this.#attachmentOf(name);
    return found?.containerId === attachment.containerId && found.ifname === attachment.ifname;
  }

  /** From the name; from the content where the name was shortened. */
  #attachmentOf(name: string): Attachment | undefined {
    const [, containerId, ifname] = recordNameParts(name) ?? [];
    if (containerId !== undefined && ifname !== undefined) return { containerId, ifname };
    const content = this.#content(name);
    return typeof content?.containerId === 'string' && typeof content.ifname === 'string'
      ? { containerId: content.containerId, ifname: content.ifname }
      : undefined;
  }

  #content(name: string): JsonObject | undefined {
    const read = readRecord(this.#sys, pathOf(name));
    return read.state === 'ok' ? read.value : undefined;
  }
}

/** True when the address is leased to this attachment. Looks at one name, not at the directory. */
export function isLeased(sys: Sys, address: Ipv4, { containerId, ifname }: Attachment): boolean {
  return inodeAt(sys, pathOf(recordName(formatIpv4(address), containerId, ifname))) !== undefined;
}

export function describe({ containerId, ifname }: Attachment): string {
  return `container ${containerId} (${ifname})`;
}

function sortNames(names: readonly string[]): SortedNames {
  const sorted: SortedNames = { leased: new Map(), released: new Map(), overtaken: [] };
  const { leased } = sorted;
  for (const name of names) {
    // A comparison, because for each of 250 names a call would cost more.
    if (name >= '~') sortReleased(sorted, name);
    else {
      const at = name.indexOf('@', SHORTEST_ADDRESS);
      if (at > 0) leased.set(name.slice(0, at), name);
    }
  }
  return sorted;
}

function sortReleased({ released, overtaken }: SortedNames, name: string): void {
  const at = name.indexOf('@');
  const sinceMs = Number(name.slice(1, at));
  const text = name.slice(at + 1);
  const other = released.get(text);
  const isNewer = sinceMs >= 0 && (other === undefined || other.sinceMs < sinceMs);
  if (isNewer) released.set(text, { sinceMs, name });
  const older = isNewer ? other?.name : name;
  if (older !== undefined) overtaken.push(older);
}

const SHORTEST_ADDRESS = '0.0.0.0'.length;

/** The address that the name of a lease begins with. */
function addressIn(name: string): string {
  return name.slice(0, name.indexOf('@'));
}

function readNames(sys: Sys): string[] {
  try {
    return sys.readdir(LEASES_DIR);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function pathOf(name: string): string {
  return `${LEASES_DIR}/${name}`;
}
