/** Output of the demo: headings, tables and checks, coloured only for a person at a terminal. */

export interface Cell {
  readonly text: string;
  readonly tone?: 'good' | 'bad' | 'dim';
}

export interface Fact {
  readonly passed: boolean;
  readonly text: string;
  readonly seen: string;
}

/** True when colours are wanted: a terminal, and NO_COLOR unset or empty (https://no-color.org). */
export function wantsColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
}

export class Printer {
  readonly #write: (text: string) => void;
  readonly #colour: boolean;
  #checks = 0;
  #failures = 0;

  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write;
    this.#colour = colour;
  }

  get total(): number {
    return this.#checks;
  }

  get failures(): number {
    return this.#failures;
  }

  heading(text: string): void {
    this.#write(`\n${this.#paint(text, BOLD)}\n`);
  }

  line(text: string): void {
    this.#write(`${text}\n`);
  }

  /** One fact that was tried, with what was seen; a failure decides the exit status of the demo. */
  check(passed: boolean, text: string, seen = ''): void {
    this.tally(passed);
    const mark = this.#paintCell(markOf(passed));
    this.#write(`  ${mark} ${text}${seen === '' ? '' : this.#paint(`  ${seen}`, DIM)}\n`);
  }

  /** Several facts, one below the other, with what was seen in a column. */
  checks(facts: readonly Fact[]): void {
    const width = Math.max(...facts.map(({ text }) => text.length));
    for (const { passed, text, seen } of facts) this.check(passed, text.padEnd(width), seen);
  }

  /** Counts a fact that is shown in another way, such as a cell of a table. */
  tally(passed: boolean): void {
    this.#checks += 1;
    if (!passed) this.#failures += 1;
  }

  /** Columns as wide as their widest cell; the first row is the header. */
  table(rows: readonly (readonly Cell[])[]): void {
    const widths: number[] = [];
    for (const row of rows) {
      for (const [column, { text }] of row.entries()) {
        widths[column] = Math.max(widths[column] ?? 0, text.length);
      }
    }
    for (const row of rows) {
      const cells = row.map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - cell.text.length);
        return `${this.#paintCell(cell)}${padding}`;
      });
      this.#write(`  ${cells.join('  ').trimEnd()}\n`);
    }
  }

  #paintCell({ text, tone }: Cell): string {
    return tone === undefined ? text : this.#paint(text, TONES[tone]);
  }

  #paint(text: string, code: number): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

export function markOf(passed: boolean): Cell {
  return passed ? { text: '✓', tone: 'good' } : { text: '✗', tone: 'bad' };
}

export function plain(...texts: readonly string[]): Cell[] {
  return texts.map((text) => ({ text }));
}

export function dim(...texts: readonly string[]): Cell[] {
  return texts.map((text) => ({ text, tone: 'dim' }));
}

/** SGR parameters (ECMA-48 §8.3.117). */
const BOLD = 1;
const DIM = 2;
const TONES = { good: 32, bad: 31, dim: DIM } as const;
