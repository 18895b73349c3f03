/** Collects findings; knows how to name the place of a value. */
import type { Node } from 'jsonc-parser';
import type { Finding, FindingCode, Severity } from '../finding.ts';
import type { Source } from './source.ts';

/** More help nobody: a file of nothing but mistakes has a common cause. */
const MAX_FINDINGS = 200;

/** Something in the file: a value, or the object that a value is missing in. */
export interface Spot {
  readonly offset: number;
  readonly length: number;
  /** `properties.masterProfile.count` */
  readonly path: string;
}

export function spotOf(node: Node, path: string): Spot {
  // An object or a list of many lines is pointed at by its first character.
  const inner = node.type === 'object' || node.type === 'array';
  return { offset: node.offset, length: inner ? 1 : node.length, path };
}

export class Report {
  readonly source: Source;
  readonly #findings: Finding[] = [];
  #dropped = 0;

  constructor(source: Source) {
    this.source = source;
  }

  error(code: FindingCode, spot: Spot, message: string, other?: { label: string; spot: Spot }): void {
    this.#add('error', code, spot, message, other);
  }

  warning(code: FindingCode, spot: Spot, message: string, other?: { label: string; spot: Spot }): void {
    this.#add('warning', code, spot, message, other);
  }

  note(code: FindingCode, spot: Spot, message: string): void {
    this.#add('note', code, spot, message);
  }

  /** Something that must be there is not, or is only there as nothing: `spot` is that of the absent field. */
  missing(owner: Spot, name: string, spot: Spot, why: string): void {
    const path = owner.path === '' ? name : `${owner.path}.${name}`;
    const isWritten = spot.path !== owner.path;
    const raw = this.source.text.slice(spot.offset, spot.offset + spot.length);
    const how = !isWritten ? 'missing' : raw === '""' ? 'empty' : raw;
    this.#add('error', 'missing', spot, `${path} is ${how}: ${why}`);
  }

  /** In the order of the file. */
  findings(): readonly Finding[] {
    const sorted = [...this.#findings].sort(
      (a, b) => a.place.line - b.place.line || a.place.column - b.place.column,
    );
    if (this.#dropped === 0) return sorted;
    const place = this.source.place(0, 1, '');
    const message = `${this.#dropped} more findings are left out after the first ${MAX_FINDINGS}`;
    return [...sorted, { code: 'too-many-findings', severity: 'error', message, place }];
  }

  #add(
    severity: Severity,
    code: FindingCode,
    spot: Spot,
    message: string,
    other?: { label: string; spot: Spot },
  ): void {
    if (this.#findings.length >= MAX_FINDINGS) {
      this.#dropped++;
      return;
    }
    const at = (where: Spot) => this.source.place(where.offset, where.length, where.path);
    const finding = { code, severity, message, place: at(spot) };
    this.#findings.push(
      other === undefined ? finding : { ...finding, other: { label: other.label, place: at(other.spot) } },
    );
  }
}
