/** Where a command prints. */
import { STDERR, STDOUT, writeText } from '../cni/stdio.ts';
import type { Sys } from '../sys/sys.ts';
import { type Style, styleFor } from './style.ts';

export class Output {
  readonly style: Style;
  readonly #sys: Sys;

  constructor(sys: Sys) {
    this.#sys = sys;
    this.style = styleFor(sys);
  }

  /** What was asked for; throws a SysError (EPIPE) when nobody reads it any more. */
  print(text: string): void {
    writeText(this.#sys, STDOUT, text);
  }

  printJson(value: object): void {
    this.print(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** What went wrong. */
  complain(text: string): void {
    writeText(this.#sys, STDERR, text);
  }
}
