/** Colours, where they can be seen. */
import { type Sys, SysError } from '../sys/sys.ts';

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
}

/** Select Graphic Rendition, ECMA-48 §8.3.117. */
function painted(code: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`);
}

export const COLOURED: Style = {
  bold: painted(1),
  dim: painted(2),
  good: painted(32),
  warning: painted(33),
  bad: painted(31),
};

const plain = (text: string): string => text;
export const PLAIN: Style = { bold: plain, dim: plain, good: plain, warning: plain, bad: plain };

/** Colours only when stdout is a terminal that can show them and nobody has asked for none (no-color.org). */
export function styleFor(sys: Sys): Style {
  const { NO_COLOR = '', TERM = '' } = sys.environ();
  return NO_COLOR === '' && TERM !== 'dumb' && isTerminal(sys) ? COLOURED : PLAIN;
}

/** What the descriptor is by its name: the host has no isatty. */
function isTerminal(sys: Sys): boolean {
  try {
    return /^\/dev\/(pts\/\d+|tty[^/]*|console)$/.test(sys.readlink('/proc/self/fd/1'));
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}
