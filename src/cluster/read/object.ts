/** Reads the fields of one object of the definition, by the rules of Go's decoder, which acs-engine uses. */
import type { Node } from 'jsonc-parser';
import { nearest } from '../../sys/suggest.ts';
import { convert, type Field, given } from './field.ts';
import type { Keys } from './keys.ts';
import type { Document } from './parse.ts';
import { type Report, type Spot, spotOf } from './report.ts';
import { quoted } from './source.ts';

/** What early versions of acs-engine called fields, in lower case. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['serviceprincipalclientid', 'clientId'],
  ['serviceprincipalclientsecret', 'secret'],
]);

/** Fields that protect something, in lower case, and what there is without them. */
const GUARDS: ReadonlyMap<string, string> = new Map([
  ['privatecluster', 'the API has a public address here'],
  ['httpsourceaddressprefix', 'everybody may reach the API here'],
  ['encryptionathost', 'disks are encrypted here as Azure encrypts all'],
  ['diskencryptionsetid', 'disks are encrypted here as Azure encrypts all'],
]);

interface Member {
  readonly name: string;
  readonly key: Node;
  readonly value: Node;
}

export class ObjectReader {
  readonly spot: Spot;
  readonly report: Report;
  readonly #document: Document;
  /** By the name in lower case: names match in any case. */
  readonly #members = new Map<string, Member>();
  /** Printed as `{…}`: whatever may be in it is not known. */
  readonly #isUnfilled: boolean;

  /** `keys` absent: any name goes, as in a map of flags. */
  constructor(report: Report, document: Document, node: Node, path: string, keys?: Keys) {
    this.report = report;
    this.#document = document;
    this.spot = spotOf(node, path);
    this.#isUnfilled = document.placeholders.has(node.offset);
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined || value === undefined) continue;
      this.#add({ name: String(key.value), key, value }, keys);
    }
  }

  /** Members of a map, in the order of the file; the names as written. */
  entries(): readonly { readonly name: string; readonly field: Field<Node>; readonly keySpot: Spot }[] {
    return [...this.#members.values()].map(({ name, key, value }) => ({
      name,
      field: this.#given(name, value),
      keySpot: spotOf(key, this.#pathOf(name)),
    }));
  }

  text(name: string): Field<string> {
    const field = this.#expect<string>(name, 'string', 'a text in double quotes');
    return field.state === 'given' && field.value === '' ? { state: 'absent', spot: field.spot } : field;
  }

  /** 0 is as good as nothing: that is what Go makes of it. */
  integer(name: string, least: number, most: number): Field<number> {
    const found = this.#expect<number>(name, 'number', 'a number');
    if (found.state === 'given' && found.value === 0 && least > 0) {
      return { state: 'absent', spot: found.spot };
    }
    return convert(found, (value, spot) => {
      if (Number.isInteger(value) && value >= least && value <= most) return value;
      this.report.error(
        'out-of-range',
        spot,
        `${name} is ${value}; expected a whole number from ${least} to ${most}`,
      );
      return undefined;
    });
  }

  boolean(name: string): Field<boolean> {
    return this.#expect<boolean>(name, 'boolean', 'true or false');
  }

  /** One of some words; in another case it is understood, and a warning says that acs-engine does not. */
  choice<T extends string>(name: string, words: readonly T[]): Field<T> {
    return convert(this.text(name), (value, spot) => {
      const exact = words.find((word) => word === value);
      if (exact !== undefined) return exact;
      const folded = words.find((word) => word.toLowerCase() === value.toLowerCase());
      const near = folded ?? nearest(value, words);
      if (folded !== undefined) {
        this.report.warning('letter-case', spot, `acs-engine wants ${name} as "${folded}", in these letters`);
        return folded;
      }
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      this.report.error(
        'unknown-value',
        spot,
        `${name} is ${quoted(value)}; expected ${words.join(' or ')}${hint}`,
      );
      return undefined;
    });
  }

  /** Of one that is printed as `{…}`, every field is invalid. */
  object(name: string, keys?: Keys): ObjectReader | undefined {
    const unfilled = this.#unfilled(name);
    const field = this.#node(name, 'object', 'an object, {…}');
    const node = unfilled?.type === 'object' ? unfilled : given(field);
    return node && new ObjectReader(this.report, this.#document, node, this.#pathOf(name), keys);
  }

  /** A text with placeholders in it, which is invalid for everybody who does not ask for just that. */
  unfilledText(name: string): string | undefined {
    const node = this.#unfilled(name);
    return node?.type === 'string' ? String(node.value) : undefined;
  }

  /** The objects of a list. Elements that are none are reported and left out; invalid when none is left. */
  objects(name: string, keys: Keys): Field<readonly ObjectReader[]> {
    return convert(this.#node(name, 'array', 'a list, […]'), ({ children = [] }) => {
      const found = children.flatMap((node, index) => {
        const path = `${this.#pathOf(name)}[${index}]`;
        if (this.#document.placeholders.has(node.offset)) return [];
        if (node.type === 'object') return [new ObjectReader(this.report, this.#document, node, path, keys)];
        const message = `expected an object, {…}, got ${kindOf(node)}`;
        this.report.error('wrong-type', spotOf(node, path), message);
        return [];
      });
      return found.length === 0 && children.length > 0 ? undefined : found;
    });
  }

  /** The values of a list of texts or numbers, each with its place. */
  values<T extends string | number>(
    name: string,
    type: T extends string ? 'string' : 'number',
  ): Field<readonly { value: T; spot: Spot }[]> {
    return convert(this.#node(name, 'array', 'a list, […]'), ({ children = [] }) =>
      children.flatMap((node, index) => {
        const spot = spotOf(node, `${this.#pathOf(name)}[${index}]`);
        if (node.type === type) return [{ value: node.value as T, spot }];
        this.report.error('wrong-type', spot, `expected a ${type}, got ${kindOf(node)}`);
        return [];
      }),
    );
  }

  /** False for null as well. */
  has(name: string): boolean {
    const member = this.#members.get(name.toLowerCase());
    return this.#isUnfilled || (member !== undefined && member.value.type !== 'null');
  }

  /** Says that something is not there that must be. */
  missing(name: string, why: string, spot: Spot = this.spot): void {
    this.report.missing(this.spot, name, spot, why);
  }

  #expect<T>(name: string, type: 'string' | 'number' | 'boolean', expected: string): Field<T> {
    return convert(this.#node(name, type, expected), (node) => node.value as T);
  }

  /** The value when it is a placeholder, or has some in it. */
  #unfilled(name: string): Node | undefined {
    const value = this.#members.get(name.toLowerCase())?.value;
    return value !== undefined && this.#document.placeholders.has(value.offset) ? value : undefined;
  }

  /** The value when it has the type; null and nothing are the same. */
  #node(name: string, type: Node['type'], expected: string): Field<Node> {
    const member = this.#members.get(name.toLowerCase());
    if (this.#isUnfilled) return { state: 'invalid', spot: this.spot };
    if (member === undefined) return { state: 'absent', spot: this.spot };
    if (member.value.type === 'null')
      return { state: 'absent', spot: spotOf(member.value, this.#pathOf(name)) };
    return convert(this.#given(name, member.value), (node, spot) => {
      if (node.type === type) return node;
      this.report.error('wrong-type', spot, `${name}: expected ${expected}, got ${kindOf(node)}`);
      return undefined;
    });
  }

  #given(name: string, value: Node): Field<Node> {
    const spot = spotOf(value, this.#pathOf(name));
    if (this.#document.placeholders.has(value.offset)) return { state: 'invalid', spot };
    return { state: 'given', value, spot };
  }

  #add(member: Member, keys: Keys | undefined): void {
    const { name, key } = member;
    // Names of a map are compared as they are, those of fields in any case.
    const folded = keys === undefined ? name : name.toLowerCase();
    const spot = spotOf(key, this.#pathOf(name));
    const before = this.#members.get(folded);
    if (before !== undefined) {
      this.report.warning(
        'duplicate-key',
        spot,
        `${quoted(name)} is here for the second time; this one counts`,
        {
          label: 'the first one is here',
          spot: spotOf(before.key, this.#pathOf(before.name)),
        },
      );
    }
    this.#members.set(folded, member);
    if (keys === undefined || keys.read.includes(folded)) return;
    if (keys.ignored.includes(folded)) {
      const instead = GUARDS.get(folded);
      if (instead === undefined) {
        this.report.note(
          'not-carried-out',
          spot,
          `${name} is read by acs-engine; the plan and the template here do not depend on it`,
        );
      } else this.report.warning('not-carried-out', spot, `${name} is not carried out: ${instead}`);
      return;
    }
    if (keys.silent.includes(folded)) return;
    const near = RENAMED.get(folded) ?? nearest(name, keys.names);
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    this.report.error('unknown-key', spot, `there is no field ${quoted(name)} here${hint}`);
  }

  #pathOf(name: string): string {
    return this.spot.path === '' ? name : `${this.spot.path}.${name}`;
  }
}

export function kindOf(node: Node): string {
  switch (node.type) {
    case 'string':
      return `the text ${quoted(String(node.value))}`;
    case 'object':
      return 'an object';
    case 'array':
      return 'a list';
    default:
      return String(node.value);
  }
}
