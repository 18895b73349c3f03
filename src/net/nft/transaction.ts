/**
 * One nf_tables transaction of the bridge family: all of it happens, or nothing.
 *
 *   BATCH_BEGIN  NEWTABLE  NEWCHAIN …  NEWSETELEM …  BATCH_END
 *
 * Numbers inside nf_tables attributes are in network order. linux/netfilter/nf_tables.h
 */
import type { NetlinkSocket, Refusal } from '../netlink/socket.ts';
import { MessageWriter, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/writer.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
export const NFPROTO_BRIDGE = 7;

const NEWTABLE = 0;
const DELTABLE = 2;
const NEWCHAIN = 3;
const NEWRULE = 6;
const DELRULE = 8;
const NEWSET = 9;
const NEWSETELEM = 12;
const DELSETELEM = 14;

const NFT_SET_MAP = 0x8;
/** Types of keys and values as the nft program numbers them; the kernel only stores them. */
export const TYPE_IPV4 = { id: 7, bytes: 4 } as const;
export const TYPE_ETHER = { id: 9, bytes: 6 } as const;
type DataType = { readonly id: number; readonly bytes: number };

/** A rule comment: type-length-value, type 0, with its NUL (libnftnl udata.h). */
const UDATA_COMMENT = 0;

export interface SetElement {
  readonly key: Uint8Array;
  /** The value of a map element. */
  readonly value?: Uint8Array;
}

export class NftTransaction {
  readonly #batch = new MessageWriter();
  readonly #table: string;
  #setId = 0;
  /** What each message is about, for the text of a refusal; index 0 is BATCH_BEGIN. */
  readonly #labels: string[] = ['transaction'];

  constructor(table: string) {
    this.#table = table;
    this.#batch.begin(NFNL_MSG_BATCH_BEGIN, 0).octets(0, 0, 0, NFNL_SUBSYS_NFTABLES).end();
  }

  /** Creates the table when it is missing. */
  table(): this {
    return this.#message('table', NEWTABLE, NLM_F_CREATE, (w) => w.attrString(1, this.#table));
  }

  deleteTable(): this {
    return this.#message('table', DELTABLE, 0, (w) => w.attrString(1, this.#table));
  }

  /** Creates a filter chain at a hook of the bridge family when it is missing. */
  chain(name: string, hook: number, priority: number): this {
    return this.#message(`chain ${name}`, NEWCHAIN, NLM_F_CREATE, (w) =>
      w
        .attrString(1, this.#table)
        .attrString(3, name)
        .nest(4, () => w.attrU32Be(1, hook).attrU32Be(2, priority))
        .attrString(7, 'filter'),
    );
  }

  /** Creates a set, or with `valueType` a map, when it is missing. */
  set(name: string, keyType: DataType, valueType?: DataType): this {
    return this.#message(`set ${name}`, NEWSET, NLM_F_CREATE, (w) => {
      w.attrString(1, this.#table).attrString(2, name);
      w.attrU32Be(3, valueType === undefined ? 0 : NFT_SET_MAP);
      w.attrU32Be(4, keyType.id).attrU32Be(5, keyType.bytes);
      if (valueType !== undefined) w.attrU32Be(6, valueType.id).attrU32Be(7, valueType.bytes);
      w.attrU32Be(10, ++this.#setId);
    });
  }

  /** Appends a rule; `expressions` writes them (expressions.ts). */
  rule(chain: string, comment: string, expressions: (writer: MessageWriter) => void): this {
    const text = Uint8Array.from([...comment, '\0'], (c) => c.charCodeAt(0));
    return this.#message(`rule "${comment}"`, NEWRULE, NLM_F_CREATE | NLM_F_APPEND, (w) =>
      w
        .attrString(1, this.#table)
        .attrString(2, chain)
        .nest(4, () => expressions(w))
        .attr(7, Uint8Array.of(UDATA_COMMENT, text.length, ...text)),
    );
  }

  /** Deletes a rule by the 8 bytes of its handle. */
  deleteRule(chain: string, handle: Uint8Array): this {
    return this.#message(`rule of ${chain}`, DELRULE, 0, (w) =>
      w.attrString(1, this.#table).attrString(2, chain).attr(3, handle),
    );
  }

  /**
   * Adds an element. The same one again is an error (EEXIST) only when `exclusive`; another value for
   * the key always is (EBUSY).
   */
  addElement(set: string, element: SetElement, options = { exclusive: false }): this {
    return this.#element(set, element, NEWSETELEM, NLM_F_CREATE | (options.exclusive ? NLM_F_EXCL : 0));
  }

  /** Deletes an element; ENOENT when it is missing. */
  deleteElement(set: string, key: Uint8Array): this {
    return this.#element(set, { key }, DELSETELEM, 0);
  }

  /** Sends the transaction and returns what was refused; then nothing has changed. */
  commit(socket: NetlinkSocket): (Refusal & { readonly label: string })[] {
    if (this.#labels.length === 1) return [];
    this.#batch.begin(NFNL_MSG_BATCH_END, 0).octets(0, 0, 0, NFNL_SUBSYS_NFTABLES).end();
    return socket
      .transact(this.#batch)
      .map((refusal) => ({ ...refusal, label: this.#labels[refusal.index] ?? 'transaction' }));
  }

  #element(set: string, element: SetElement, type: number, flags: number): this {
    return this.#message(`element of ${set}`, type, flags, (w) =>
      w
        .attrString(1, this.#table)
        .attrString(2, set)
        .nest(3, () => {
          w.nest(1, () => {
            w.nest(1, () => w.attr(1, element.key));
            const { value } = element;
            if (value !== undefined) w.nest(2, () => w.attr(1, value));
          });
        }),
    );
  }

  #message(label: string, type: number, flags: number, body: (writer: MessageWriter) => void): this {
    this.#labels.push(label);
    nftHeader(this.#batch, type, flags);
    body(this.#batch);
    this.#batch.end();
    return this;
  }
}

/** Begins a message of the nf_tables subsystem for the bridge family (struct nfgenmsg). */
export function nftHeader(writer: MessageWriter, type: number, flags: number): MessageWriter {
  return writer.begin((NFNL_SUBSYS_NFTABLES << 8) | type, flags).u32(NFPROTO_BRIDGE);
}
