/** The text of a definition, and where in it something is. */
import type { Place } from '../finding.ts';

/** Wider lines are shown in part: a definition without line ends is one line of any length. */
const MAX_SHOWN_UNITS = 160;
/** Of them before the value. */
const SHOWN_BEFORE_UNITS = 60;

/** What is in the quotes, whether or not they are closed. */
const SECRET = /("(?:secret|adminPassword)"\s*:\s*")([^"\\\r\n]*(?:\\.[^"\\\r\n]*)*)/gi;

/** What is not filled in yet is no secret. */
const PLACEHOLDER = /^<[^<>]*>$/;

export class Source {
  readonly file: string;
  readonly text: string;
  /** The same with asterisks for secrets: findings are pasted into tickets. */
  readonly #shown: string;
  /** Offsets of the first character of each line. */
  readonly #lineStarts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#shown = text.replace(SECRET, (found, key: string, value: string) =>
      PLACEHOLDER.test(value) ? found : key + '*'.repeat(value.length),
    );
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** A piece of the text for a message. */
  quote(offset: number, length: number): string {
    return quoted(this.#shown.slice(offset, offset + length));
  }

  /** The place of `length` UTF-16 units from `offset` on. */
  place(offset: number, length: number, path: string): Place {
    const start = Math.min(offset, this.text.length);
    const index = this.#lineOf(start);
    const lineStart = this.#lineStarts[index] ?? 0;
    const nextLine = this.#lineStarts[index + 1];
    const raw = this.#shown.slice(lineStart, nextLine === undefined ? undefined : nextLine - 1);
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const unitsBefore = start - lineStart;
    const from = unitsBefore > MAX_SHOWN_UNITS - SHOWN_BEFORE_UNITS ? unitsBefore - SHOWN_BEFORE_UNITS : 0;
    const shown = [...line.slice(from, from + MAX_SHOWN_UNITS)];
    const pointerStart = [...line.slice(from, unitsBefore)].length;
    const value = [...line.slice(unitsBefore, Math.min(unitsBefore + length, from + MAX_SHOWN_UNITS))].length;
    return {
      file: this.file,
      line: index + 1,
      column: unitsBefore + 1,
      sourceLine: shown.map(printable).join(''),
      pointerStart,
      pointerLength: Math.max(1, value),
      path,
    };
  }

  /** Index of the line, by bisection. */
  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A text from the file for a message: on one line, shortened. */
export function quoted(text: string): string {
  const characters = [...text.replace(/\t/g, ' ')].map(printable);
  const shown = characters.slice(0, MAX_QUOTED_CHARACTERS).join('');
  return `"${shown}${characters.length > MAX_QUOTED_CHARACTERS ? '…' : ''}"`;
}

const MAX_QUOTED_CHARACTERS = 80;

/** Half a surrogate pair and control characters have no business on a terminal. */
function printable(character: string): string {
  return character !== '\t' && /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) ? '\ufffd' : character;
}
