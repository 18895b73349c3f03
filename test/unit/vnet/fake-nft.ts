/**
 * nf_tables as far as the layer-2 rules use it: one table with chains, sets, elements and rules, changed by
 * transactions that happen whole or not at all. A kernel for `wireTo`.
 */
import assert from 'node:assert/strict';
import { forEachAttr, type NetlinkMessage, readAttrs, stringOf } from '../../../src/net/netlink/reader.ts';
import { toHex } from '../../fixtures/netlink/format.ts';
import {
  answer,
  datagram,
  EEXIST,
  ENOENT,
  type Kernel,
  type Message,
  NLM_F_ACK,
  replay,
} from '../net/netlink/kernel.ts';

const NFT = 10 << 8;
const NLM_F_EXCL = 0x200;
/** NFT_MSG_… of linux/netfilter/nf_tables.h. */
const NEWTABLE = NFT + 0;
const GETTABLE = NFT + 1;
const DELTABLE = NFT + 2;
const NEWCHAIN = NFT + 3;
const NEWRULE = NFT + 6;
const GETRULE = NFT + 7;
const DELRULE = NFT + 8;
const NEWSET = NFT + 9;
const NEWSETELEM = NFT + 12;
const GETSETELEM = NFT + 13;
const DELSETELEM = NFT + 14;

interface Rule {
  readonly handle: number;
  readonly payload: Uint8Array;
}
interface Table {
  readonly chains: Map<string, Rule[]>;
  /** Elements by key, as hex digits; the value is the whole element. */
  readonly sets: Map<string, Map<string, Uint8Array>>;
}

export class FakeNft {
  #table: Table | undefined;
  #nextHandle = 1;
  /** Transactions that changed something, refused ones included. */
  transactions = 0;
  /** An errno for the begin of every transaction. */
  refuseAll: number | undefined;

  readonly kernel: Kernel = (request) => {
    const [first] = request;
    assert.ok(first !== undefined);
    return request.length === 1 ? this.#read(first) : this.#transact(request);
  };

  get exists(): boolean {
    return this.#table !== undefined;
  }

  /** Comments of the rules of a chain, in order. */
  comments(chain: string): string[] {
    return (this.#table?.chains.get(chain) ?? []).map(({ payload }) => {
      const userData = readAttrs(payload, 4).get(7) ?? assert.fail('a rule without a comment');
      return stringOf(userData.subarray(2)) ?? '';
    });
  }

  /** Keys of a set as hex digits, sorted. */
  keys(set: string): string[] {
    return [...(this.#table?.sets.get(set)?.keys() ?? [])].sort();
  }

  /** As `nft flush ruleset`, or somebody who knows no better. */
  flush(): void {
    this.#table = undefined;
  }

  /** Loses an element behind the back of everybody. */
  lose(set: string, key: string): void {
    assert.ok(this.#table?.sets.get(set)?.delete(key));
  }

  #read({ type, sequence, payload }: NetlinkMessage): Uint8Array[] {
    const attrs = readAttrs(payload, 4);
    const part = (partType: number, body: Uint8Array) => ({
      type: partType,
      flags: 2,
      sequence,
      payload: body,
    });
    if (type === GETTABLE) {
      const found = this.#table === undefined ? [] : [part(NEWTABLE, payload)];
      return [datagram(...found, answer(sequence, this.#table === undefined ? ENOENT : 0))];
    }
    if (type === GETRULE) {
      const rules = [...(this.#table?.chains.values() ?? [])].flat();
      return replay(
        rules.map(({ handle, payload: body }) => part(NEWRULE, withHandle(body, handle))),
        sequence,
      );
    }
    assert.equal(type, GETSETELEM);
    const set = this.#table?.sets.get(stringOf(attrs.get(2)) ?? '');
    if (set === undefined) return [datagram(answer(sequence, ENOENT))];
    return replay(
      [...set.values()].map((element) => part(NEWSETELEM, listOf(element))),
      sequence,
    );
  }

  #transact(request: readonly NetlinkMessage[]): Uint8Array[] {
    this.transactions++;
    const [begin] = request;
    if (this.refuseAll !== undefined && begin !== undefined) {
      return [datagram(answer(begin.sequence, this.refuseAll))];
    }
    const before = this.#table;
    this.#table = before && copyOf(before);
    const answers: Message[] = [];
    let failed = false;
    for (const message of request.slice(1, -1)) {
      const errno = this.#apply(message);
      failed ||= errno !== 0;
      if (errno !== 0 || (message.flags & NLM_F_ACK) !== 0) answers.push(answer(message.sequence, errno));
    }
    if (failed) this.#table = before;
    return [datagram(...answers)];
  }

  /** Carries a message out; 0 or the errno of its refusal. */
  #apply({ type, flags, payload }: NetlinkMessage): number {
    const attrs = readAttrs(payload, 4);
    const name = (kind: number) => stringOf(attrs.get(kind)) ?? assert.fail(`attribute ${kind} is missing`);
    assert.equal(name(1), 'azure-vnet');
    if (type === NEWTABLE) this.#table ??= { chains: new Map(), sets: new Map() };
    const table = this.#table;
    if (table === undefined) return ENOENT;
    if (type === DELTABLE) this.#table = undefined;
    if (type === NEWCHAIN && !table.chains.has(name(3))) table.chains.set(name(3), []);
    if (type === NEWSET && !table.sets.has(name(2))) table.sets.set(name(2), new Map());
    if (type === NEWRULE || type === DELRULE)
      return this.#changeRule(type, table.chains.get(name(2)), payload);
    if (type === NEWSETELEM || type === DELSETELEM) {
      const exclusive = (flags & NLM_F_EXCL) !== 0;
      return changeElement(type, table.sets.get(name(2)), attrs.get(3), exclusive);
    }
    return 0;
  }

  #changeRule(type: number, chain: Rule[] | undefined, payload: Uint8Array): number {
    if (chain === undefined) return ENOENT;
    if (type === NEWRULE) {
      chain.push({ handle: this.#nextHandle++, payload: payload.slice() });
      return 0;
    }
    const handle = toHex(readAttrs(payload, 4).get(3) ?? assert.fail('a rule is deleted by its handle'));
    const at = chain.findIndex((rule) => toHex(handleBytes(rule.handle)) === handle);
    if (at >= 0) chain.splice(at, 1);
    return at >= 0 ? 0 : ENOENT;
  }
}

function changeElement(
  type: number,
  set: Map<string, Uint8Array> | undefined,
  list: Uint8Array | undefined,
  exclusive: boolean,
): number {
  let errno = set === undefined ? ENOENT : 0;
  forEachAttr(list ?? assert.fail('no elements'), 0, (_type, element) => {
    const key = toHex(
      readAttrs(readAttrs(element, 0).get(1) ?? assert.fail('no key'), 0).get(1) ?? assert.fail(),
    );
    const there = set?.get(key);
    if (type === DELSETELEM) {
      if (!set?.delete(key)) errno = ENOENT;
    } else if (there === undefined) set?.set(key, element.slice());
    else if (exclusive || toHex(there) !== toHex(element)) errno = EEXIST;
  });
  return errno;
}

function copyOf({ chains, sets }: Table): Table {
  return {
    chains: new Map([...chains].map(([name, rules]) => [name, [...rules]])),
    sets: new Map([...sets].map(([name, elements]) => [name, new Map(elements)])),
  };
}

function withHandle(payload: Uint8Array, handle: number): Uint8Array {
  return Uint8Array.from([...payload, 12, 0, 3, 0, ...handleBytes(handle)]);
}

function handleBytes(handle: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, handle);
}

/** struct nfgenmsg, then NFTA_SET_ELEM_LIST_ELEMENTS with one element. */
function listOf(element: Uint8Array): Uint8Array {
  const padded = [...element, 0, 0, 0].slice(0, (element.length + 3) & ~3);
  const inner = [4 + element.length, 0, 1, 0, ...padded];
  return Uint8Array.from([7, 0, 0, 0, 4 + inner.length, 0, 3, 0, ...inner]);
}
