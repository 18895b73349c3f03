/**
 * What is in a definition as it is printed in documentation, and in no JSON: `--> remarks`, `{…}`, `<name>`.
 *
 * They become white space, or a value of the right shape, of the same length, so that the parser's offsets
 * stay those of the file.
 */

export interface Printed {
  readonly kind: 'remark' | 'placeholder';
  readonly offset: number;
  readonly length: number;
}

export interface Plain {
  readonly text: string;
  readonly printed: readonly Printed[];
  /** Offset of the bracket that opens a level too many. */
  readonly tooDeep?: number;
}

/** `-->`, and what typesetting makes of it. */
const ARROW = /(?:--|[\u2013\u2014])>|[\u2192\u21d2]/y;
const LINE_REST = /[^\r\n]*/y;
/** `{…}` and `[…]`, also with three dots. */
const ELLIPSIS = /[{[]\s*(?:\u2026|\.\.\.)\s*[}\]]/y;
const LONE_ELLIPSIS = /\u2026|\.\.\./y;
const ANGLED = /<[^<>"\r\n]{1,100}>/y;
const STRING = /"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"?/y;
const COMMENT = /\/\/[^\r\n]*/y;
/** Byte order mark, no-break space and other spaces that copying from a page brings along. */
const PAGE_SPACE = /[\ufeff\u00a0\u2000-\u200b\u202f\u3000]+/y;

/** Replaces what is not JSON; counts the levels on the way, since the parser works by recursion. */
export function withoutPrinted(text: string, maxLevels: number): Plain {
  const pieces: string[] = [];
  const printed: Printed[] = [];
  let levels = 0;
  let copied = 0;
  const at = (pattern: RegExp, offset: number): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  const replace = (offset: number, found: string, by: string): number => {
    pieces.push(text.slice(copied, offset), by.padEnd(found.length));
    copied = offset + found.length;
    return copied;
  };
  for (let offset = 0; offset < text.length; ) {
    const skipped = skipTo(text, offset);
    if (skipped >= text.length) break;
    offset = skipped;
    const token = at(STRING, offset) ?? at(COMMENT, offset) ?? blockComment(text, offset);
    if (token !== undefined) {
      offset += token.length;
      continue;
    }
    const arrow = at(ARROW, offset);
    if (arrow !== undefined) {
      const remark = at(LINE_REST, offset) ?? arrow;
      printed.push({ kind: 'remark', offset, length: remark.length });
      offset = replace(offset, remark, '');
      continue;
    }
    const ellipsis = at(ELLIPSIS, offset);
    const unfilled = ellipsis ?? at(LONE_ELLIPSIS, offset) ?? at(ANGLED, offset);
    if (unfilled !== undefined) {
      printed.push({ kind: 'placeholder', offset, length: unfilled.length });
      offset = replace(offset, unfilled, standIn(unfilled));
      continue;
    }
    const space = at(PAGE_SPACE, offset);
    if (space !== undefined) {
      offset = replace(offset, space, '');
      continue;
    }
    const character = text[offset] ?? '';
    if ('{['.includes(character)) levels++;
    if ('}]'.includes(character)) levels--;
    if (levels > maxLevels) return { text: '', printed, tooDeep: offset };
    offset++;
  }
  pieces.push(text.slice(copied));
  return { text: pieces.join(''), printed };
}

function blockComment(text: string, offset: number): string | undefined {
  if (!text.startsWith('/*', offset)) return undefined;
  const end = text.indexOf('*/', offset + 2);
  return text.slice(offset, end < 0 ? undefined : end + 2);
}

/** A value for the parser, no longer than what it stands for. */
function standIn(unfilled: string): string {
  if (unfilled.startsWith('{')) return '{}';
  if (unfilled.startsWith('[')) return '[]';
  return unfilled.startsWith('<') ? '""' : '';
}

/** The next character that may begin something of the above. */
const INTERESTING = /["/\-\u2013\u2014\u2192\u21d2{}[\]\u2026.<\ufeff\u00a0\u2000-\u200b\u202f\u3000]/g;

function skipTo(text: string, offset: number): number {
  INTERESTING.lastIndex = offset;
  return INTERESTING.exec(text)?.index ?? text.length;
}
