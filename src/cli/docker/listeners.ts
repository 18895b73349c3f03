/** Sockets of the node that wait on a port: a rule for that port would take their packets away. */
import { type Ipv4, ipv4FromBytes } from '../../net/ipv4.ts';
import type { Sys } from '../../sys/sys.ts';
import { readIfAny } from '../files.ts';
import type { Protocol } from './ports.ts';

export interface Listener {
  readonly protocol: Protocol;
  readonly port: number;
  /** Undefined for all addresses. */
  readonly ip: Ipv4 | undefined;
}

/** The kernel's lists (proc(5), /proc/net/tcp): TCP in state LISTEN, UDP that is bound and not connected. */
const LISTS = [
  ['tcp', 'tcp', '0A'],
  ['tcp', 'tcp6', '0A'],
  ['udp', 'udp', '07'],
  ['udp', 'udp6', '07'],
] as const;
const MAX_LIST_BYTES = 4 * 1024 * 1024;

export function readListeners(sys: Sys): Listener[] {
  return LISTS.flatMap(([protocol, file, state]) => {
    const text = readIfAny(sys, `/proc/net/${file}`, MAX_LIST_BYTES) ?? '';
    return text.split('\n').flatMap((line) => parseLine(protocol, state, line));
  });
}

function parseLine(protocol: Protocol, wanted: string, line: string): Listener[] {
  const [, address = '', port = '', state] =
    /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line) ?? [];
  if (state !== wanted) return [];
  const ip = parseAddress(address);
  return ip === 'other' ? [] : [{ protocol, port: Number.parseInt(port, 16), ip }];
}

/** Words of 32 bits in the order of the machine, which is the little endian one on all that we run on. */
function parseAddress(hex: string): Ipv4 | undefined | 'other' {
  if (/^0+$/.test(hex)) return undefined;
  const mapped = /^0{16}FFFF0000([0-9A-F]{8})$/.exec(hex)?.[1];
  const word = hex.length === 8 ? hex : mapped;
  // Of IPv6 alone: packets for IPv4 do not go there.
  if (word === undefined) return 'other';
  const bytes = [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16));
  return ipv4FromBytes(Uint8Array.from(bytes));
}
