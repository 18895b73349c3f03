/** Reads what the fabric has counted. */
import { type Anchor, inside } from '../host/anchor.ts';
import { mustRun } from '../host/run.ts';
import { COUNTER_KINDS, type CounterKind } from './filter.ts';

export interface FabricCounters {
  /** Frames that came from a NIC, by port (vm1-eth0) and by what became of them. */
  readonly ports: Readonly<Record<string, Readonly<Record<CounterKind, number>>>>;
  /** Packets for addresses of the VNet that are no ipconfig of any NIC. */
  readonly unassigned: number;
}

/** Kinds that mean a defect in the VM: Azure would have dropped the frame, too. */
export const DEFECT_KINDS = ['foreignMac', 'foreignAddress', 'internetFromSecondary', 'other'] as const;

export async function readCounters(fabric: Anchor): Promise<FabricCounters> {
  const text = await mustRun(inside(fabric, ['nft', '-j', 'list', 'counters']));
  const listing = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] };
  const ports: Record<string, Record<CounterKind, number>> = {};
  let unassigned = 0;
  for (const { counter } of listing.nftables) {
    if (counter === undefined) continue;
    const [port = '', kind] = counter.name.split('.');
    const known = COUNTER_KINDS.find((name) => name === kind);
    if (known === undefined) unassigned += counter.packets;
    else ports[port] = { ...(ports[port] ?? noCounts()), [known]: counter.packets };
  }
  return { ports, unassigned };
}

function noCounts(): Record<CounterKind, number> {
  return { passed: 0, foreignMac: 0, foreignAddress: 0, internetFromSecondary: 0, ipv6: 0, other: 0 };
}
