/** Reads back what a table of the bridge family holds. linux/netfilter/nf_tables.h */
import { attrTypes, forEachAttr, readAttrs, stringOf } from '../netlink/reader.ts';
import { NetlinkError, type NetlinkSocket } from '../netlink/socket.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { NFPROTO_BRIDGE, nftHeader, type SetElement } from './transaction.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const GETTABLE = 1;
const GETRULE = 7;
const GETSETELEM = 13;
/** struct nfgenmsg { u8 family, version; be16 res_id; } */
const NFGENMSG_BYTES = 4;

const [RULE_CHAIN, RULE_HANDLE, RULE_USERDATA] = [2, 3, 7];
const RULE_ATTRS = attrTypes(RULE_CHAIN, RULE_HANDLE, RULE_USERDATA);
const NO_HANDLE = new Uint8Array();

export interface RuleHandle {
  readonly chain: string;
  /** 8 bytes, as the kernel gave them. */
  readonly handle: Uint8Array;
  /** Comment of the rule; empty when it has none. */
  readonly comment: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The rules of all chains of a table, those of a chain in their order; empty when the table is missing. */
export function listRules(socket: NetlinkSocket, table: string): RuleHandle[] {
  const messages = dumpOrMissing(socket, GETRULE, (w) => w.attrString(1, table));
  return (messages ?? []).map((payload) => {
    const rule: Writable<RuleHandle> = { chain: '', handle: NO_HANDLE, comment: '' };
    const visit = (type: number, value: Uint8Array) => {
      if (type === RULE_CHAIN) rule.chain = stringOf(value) ?? '';
      else if (type === RULE_HANDLE) rule.handle = value;
      else rule.comment = commentOf(value);
    };
    forEachAttr(payload, NFGENMSG_BYTES, visit, RULE_ATTRS);
    return rule;
  });
}

/** The elements of a set or map; undefined when it is missing. */
export function listElements(socket: NetlinkSocket, table: string, set: string): SetElement[] | undefined {
  const messages = dumpOrMissing(socket, GETSETELEM, (w) => w.attrString(1, table).attrString(2, set));
  if (messages === undefined) return undefined;
  const elements: SetElement[] = [];
  for (const payload of messages) {
    const list = readAttrs(payload, NFGENMSG_BYTES).get(3);
    if (list === undefined) continue;
    forEachAttr(list, 0, (_type, element) => {
      const attrs = readAttrs(element, 0);
      const key = dataOf(attrs.get(1));
      const value = dataOf(attrs.get(2));
      if (key !== undefined) elements.push(value === undefined ? { key } : { key, value });
    });
  }
  return elements;
}

/** True when the table exists; throws NetlinkError when the kernel has no such family. */
export function tableExists(socket: NetlinkSocket, table: string): boolean {
  const answer = socket.query(nftHeader(new MessageWriter(), GETTABLE, 0).attrString(1, table).end());
  if (typeof answer !== 'string') return true;
  if (answer === 'ENOENT') return false;
  throw new NetlinkError(answer);
}

function dumpOrMissing(
  socket: NetlinkSocket,
  type: number,
  body: (writer: MessageWriter) => void,
): Uint8Array[] | undefined {
  try {
    return socket
      .dump((NFNL_SUBSYS_NFTABLES << 8) | type, (w) => {
        w.u32(NFPROTO_BRIDGE);
        body(w);
      })
      .map((message) => message.payload);
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}

function dataOf(attr: Uint8Array | undefined): Uint8Array | undefined {
  return attr === undefined ? undefined : readAttrs(attr, 0).get(1);
}

/** The comment of a rule's user data: type-length-value triples, type 0, NUL-terminated. */
function commentOf(userData: Uint8Array): string {
  for (let at = 0; at + 2 <= userData.length; ) {
    const end = at + 2 + (userData[at + 1] ?? 0);
    if (userData[at] === 0) return stringOf(userData.subarray(at + 2, end).subarray(0, -1)) ?? '';
    at = end;
  }
  return '';
}
