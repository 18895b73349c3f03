/**
 * The layer-2 rules: one table of the bridge family with a map and a set, so that the cost of a
 * frame does not grow with the number of pods. Five rules for each NIC:
 *
 *   prerouting    ARP of anybody           → its target's pod MAC      (map pod_macs)
 *                 IPv4 from the NIC        → its destination's pod MAC (map pod_macs)
 *   postrouting   ARP request to the NIC for an address of this VM → dropped, the owner answers
 *                 ARP to the NIC           → sender is the NIC's MAC
 *                 anything to the NIC      → source is the NIC's MAC
 *
 * The first is for replies from the NIC, and for questions of pods: a broadcast would cost a copy for every pod,
 * also the one by which each new pod announces itself.
 *
 * Azure's fabric delivers every frame for the VM to the NIC's MAC, drops frames that carry another
 * one, and answers ARP for every address itself.
 */

import { type Ipv4, ipv4Bytes, ipv4FromBytes } from '../net/ipv4.ts';
import { macBytes, macFromBytes } from '../net/mac.ts';
import type { NetlinkSocket } from '../net/netlink/socket.ts';
import { listElements, listRules, type RuleHandle } from '../net/nft/read.ts';
import { NftTransaction, TYPE_ETHER, TYPE_IPV4 } from '../net/nft/transaction.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { broken } from '../sys/result.ts';
import {
  L2_TABLE,
  LOCAL_IPS,
  POD_MACS,
  POSTROUTING,
  PREROUTING,
  rulesOf,
  type Uplink,
  VIA_HOST_IPS,
} from './l2-expressions.ts';
import { podMac } from './names.ts';

/** NF_BR_PRE_ROUTING and NF_BR_POST_ROUTING, before and after everything else (linux/netfilter_bridge.h). */
const HOOKS = {
  [PREROUTING]: { hook: 0, priority: -300 },
  [POSTROUTING]: { hook: 4, priority: 300 },
} as const;

const MAC_BYTES = 6;
/** For each NIC; one more with destinations that are reached through the host. */
const RULE_COUNT = 5;

/** True when the rules of this uplink are all there, in order. Changes nothing. */
export function rulesPresent(socket: NetlinkSocket, uplink: Uplink): boolean {
  return wrongRule(socket, uplink) === undefined;
}

/** The first rule that is missing or one too many, as text for a message; undefined when all is well. */
export function wrongRule(socket: NetlinkSocket, uplink: Uplink): string | undefined {
  const wanted = commentsOf(uplink);
  const present = ownRules(socket, uplink.bridge).map((rule) => rule.comment);
  const missing = wanted.find((comment, i) => comment !== present[i]);
  if (missing !== undefined) return `rule "${missing}" is missing`;
  const surplus = present[wanted.length];
  return surplus === undefined ? undefined : `rule "${surplus}" is there twice`;
}

/**
 * Makes table, chains, sets and the rules of one uplink as they should be, with the elements of the
 * node's addresses and of its pods: one transaction, whatever was there before.
 */
export function ensureRules(
  socket: NetlinkSocket,
  uplink: Uplink,
  addresses: { readonly node: readonly Ipv4[]; readonly pods: readonly Ipv4[] },
): Failure | undefined {
  const transaction = new NftTransaction(L2_TABLE).table();
  transaction.set(POD_MACS, TYPE_IPV4, TYPE_ETHER).set(LOCAL_IPS, TYPE_IPV4);
  if (uplink.viaHost.length > 0) transaction.set(VIA_HOST_IPS, TYPE_IPV4);
  for (const [name, { hook, priority }] of Object.entries(HOOKS)) transaction.chain(name, hook, priority);
  if (!rulesPresent(socket, uplink)) {
    for (const rule of ownRules(socket, uplink.bridge)) transaction.deleteRule(rule.chain, rule.handle);
    const rules = rulesOf(uplink);
    commentsOf(uplink).forEach((comment, i) => {
      const rule = rules[i];
      if (rule === undefined) broken(`no rule for ${comment}`);
      transaction.rule(rule.chain, comment, rule.expressions);
    });
  }
  for (const address of addresses.node) transaction.addElement(LOCAL_IPS, { key: ipv4Bytes(address) });
  for (const address of addresses.pods) addPod(transaction, address);
  for (const address of uplink.viaHost) transaction.addElement(VIA_HOST_IPS, { key: ipv4Bytes(address) });
  return refusalOf(transaction, socket);
}

/** Adds the elements of a pod: `missing` without the table, `occupied` when the map has the address already. */
export function addPodElements(
  socket: NetlinkSocket,
  address: Ipv4,
): 'added' | 'missing' | 'occupied' | Failure {
  const transaction = new NftTransaction(L2_TABLE);
  addPod(transaction, address, { exclusive: true });
  const refusal = transaction.commit(socket)[0];
  if (refusal === undefined) return 'added';
  if (refusal.errno === 'ENOENT') return 'missing';
  if (refusal.errno === 'EEXIST' || refusal.errno === 'EBUSY') return 'occupied';
  return failure('ENDPOINT_SETUP', `nf_tables refused the ${refusal.label}: ${refusal.errno}`);
}

/** Removes the elements of pods; what is missing already is no error. */
export function removePodElements(socket: NetlinkSocket, addresses: readonly Ipv4[]): Failure | undefined {
  let keys = addresses.flatMap((address) => [
    { set: POD_MACS, key: ipv4Bytes(address) },
    { set: LOCAL_IPS, key: ipv4Bytes(address) },
  ]);
  while (keys.length > 0) {
    const transaction = new NftTransaction(L2_TABLE);
    for (const { set, key } of keys) transaction.deleteElement(set, key);
    const refusals = transaction.commit(socket);
    const other = refusals.find((refusal) => refusal.errno !== 'ENOENT');
    if (other !== undefined)
      return failure('ENDPOINT_SETUP', `nf_tables refused the ${other.label}: ${other.errno}`);
    if (refusals.length === 0) return undefined;
    // Index 0 is the begin of the transaction: refused as a whole, nothing is left to remove.
    const missing = new Set(refusals.map((refusal) => refusal.index - 1));
    keys = missing.has(-1) ? [] : keys.filter((_, i) => !missing.has(i));
  }
  return undefined;
}

/** Addresses of all pods that have an element, in the map or the set. Node addresses have none in the map. */
export function podElements(socket: NetlinkSocket): Ipv4[] {
  return (listElements(socket, L2_TABLE, POD_MACS) ?? []).map(({ key }) => ipv4FromBytes(key));
}

/** Where the pod is missing: in the map with its MAC, or in the set; undefined when it is in both. */
export function missingElement(socket: NetlinkSocket, address: Ipv4): string | undefined {
  const macs = listElements(socket, L2_TABLE, POD_MACS) ?? [];
  const mac = macs.find(({ key }) => ipv4FromBytes(key) === address)?.value;
  if (mac === undefined || macFromBytes(mac.subarray(0, MAC_BYTES)) !== podMac(address))
    return `map ${POD_MACS}`;
  const locals = listElements(socket, L2_TABLE, LOCAL_IPS) ?? [];
  return locals.some(({ key }) => ipv4FromBytes(key) === address) ? undefined : `set ${LOCAL_IPS}`;
}

/** Removes the rules of a bridge; the table goes with the last of them. */
export function removeRules(socket: NetlinkSocket, bridge: string): Failure | undefined {
  const all = listRules(socket, L2_TABLE);
  const own = all.filter((rule) => rule.comment.startsWith(`${bridge} `));
  if (own.length === 0) return undefined;
  const transaction = new NftTransaction(L2_TABLE);
  if (own.length === all.length) transaction.deleteTable();
  else for (const rule of own) transaction.deleteRule(rule.chain, rule.handle);
  return refusalOf(transaction, socket);
}

function refusalOf(transaction: NftTransaction, socket: NetlinkSocket): Failure | undefined {
  const refusal = transaction.commit(socket)[0];
  if (refusal === undefined) return undefined;
  const hint =
    refusal.errno === 'EOPNOTSUPP'
      ? '; the kernel needs nf_tables for bridges (CONFIG_NF_TABLES_BRIDGE)'
      : '';
  return failure(
    'NETWORK_SETUP',
    `nf_tables refused the ${refusal.label} of table bridge ${L2_TABLE}: ${refusal.errno}${hint}`,
  );
}

function addPod(transaction: NftTransaction, address: Ipv4, options = { exclusive: false }): void {
  const key = ipv4Bytes(address);
  transaction.addElement(POD_MACS, { key, value: macBytes(podMac(address)) }, options);
  transaction.addElement(LOCAL_IPS, { key });
}

/** The rules of a bridge, by chain: the kernel lists chains in the order of their creation. */
function ownRules(socket: NetlinkSocket, bridge: string): RuleHandle[] {
  const own = listRules(socket, L2_TABLE).filter((rule) => rule.comment.startsWith(`${bridge} `));
  const of = (wanted: string) => own.filter(({ chain }) => chain === wanted);
  return [...of(PREROUTING), ...of(POSTROUTING)];
}

/** A rule is recognised by its comment, which names everything that the rule depends on. */
function commentsOf({ bridge, nicIndex, nicMac, viaHost }: Uplink): string[] {
  const count = viaHost.length === 0 ? RULE_COUNT : RULE_COUNT + 1;
  const rule = `${bridge} nic ${nicIndex} ${nicMac} rule `;
  return Array.from({ length: count }, (_, i) => rule + (i + 1));
}
