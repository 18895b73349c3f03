/** Text → syntax tree, with findings for what is not JSON and for what is only printed. */
import { findNodeAtOffset, getNodePath, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { type Printed, withoutPrinted } from './printed.ts';
import type { Report } from './report.ts';

/** A definition has a few kilobytes. */
export const MAX_DEFINITION_BYTES = 256 * 1024;
/** What acs-engine defines has 8 levels. */
const MAX_LEVELS = 64;
/** Of one mistake the parser makes several. */
const MAX_SYNTAX_FINDINGS = 5;

export interface Document {
  readonly root: Node;
  /** Offsets of values that stand for a placeholder: nothing more is to be said about them. */
  readonly placeholders: ReadonlySet<number>;
}

/** UTF-16 of ASCII letters, read as UTF-8: every other byte is 0, and of a byte order mark nothing can be read. */
const UTF_16 = /^(?:\ufffd\ufffd)?(?:[^\0]\0|\0[^\0]){2}/;

/** Undefined when there is nothing to go on with; the report says why. */
export function parseDocument(report: Report): Document | undefined {
  const { text } = report.source;
  if (UTF_16.test(text)) {
    const message = 'this is UTF-16, which editors call Unicode; save it as UTF-8';
    report.error('syntax', { offset: 0, length: 1, path: '' }, message);
    return undefined;
  }
  const plain = withoutPrinted(text, MAX_LEVELS);
  if (plain.tooDeep !== undefined) {
    const message = `nested more than ${MAX_LEVELS} levels deep; a cluster definition has 8`;
    report.error('too-deep', { offset: plain.tooDeep, length: 1, path: '' }, message);
    return undefined;
  }
  if (plain.text.trim() === '') {
    report.error(
      'syntax',
      { offset: 0, length: 1, path: '' },
      'there is nothing in it; expected a cluster definition, {"apiVersion": "vlabs", "properties": {…}}',
    );
    return undefined;
  }
  const errors: ParseError[] = [];
  const root = parseTree(plain.text, errors, { allowTrailingComma: true });
  for (const printed of plain.printed) reportPrinted(report, root, printed);
  const syntax = errors.filter((error, index) => error.offset !== errors[index - 1]?.offset);
  for (const error of syntax.slice(0, MAX_SYNTAX_FINDINGS)) reportSyntax(report, plain.text, error);
  if (root === undefined) return undefined;
  // After a missing comma the tree is complete; after anything else half of it may be missing.
  if (errors.some(({ error }) => error !== COMMA_EXPECTED)) return undefined;
  const placeholders = plain.printed.filter(({ kind }) => kind === 'placeholder');
  const offsets = new Set(placeholders.map(({ offset }) => offset));
  reportInTexts(report, root, root, '', offsets);
  return { root, placeholders: offsets };
}

/** Texts in which `<` may well be meant: there only a text that is nothing but a placeholder is one. */
const FREE_TEXTS = /^(adminPassword|secret|keyData)$/i;

/** `<…>` within texts; `offsets` gets those of the texts. */
function reportInTexts(report: Report, root: Node, node: Node, name: string, offsets: Set<number>): void {
  if (node.type === 'property') {
    const [key, value] = node.children ?? [];
    if (value !== undefined) reportInTexts(report, root, value, String(key?.value), offsets);
  } else if (node.type === 'string') {
    const raw = report.source.text.slice(node.offset, node.offset + node.length);
    const pattern = FREE_TEXTS.test(name) ? /(?<=^")<[^<>]{1,100}>(?="$)/g : /<[^<>"]{1,100}>/g;
    for (const { 0: found, index } of raw.matchAll(pattern)) {
      offsets.add(node.offset);
      reportPrinted(report, root, { kind: 'placeholder', offset: node.offset + index, length: found.length });
    }
  } else {
    for (const child of node.children ?? []) reportInTexts(report, root, child, name, offsets);
  }
}

function reportPrinted(report: Report, root: Node | undefined, { kind, offset, length }: Printed): void {
  const spot = { offset, length, path: kind === 'placeholder' ? pathAt(root, offset) : '' };
  const found = report.source.quote(offset, length);
  if (kind === 'placeholder') {
    report.error('placeholder', spot, `${found} is a placeholder that is not filled in yet`);
  } else {
    report.note('remark', spot, `${found} is taken for a remark; acs-engine refuses a file with it`);
  }
}

/** `properties.masterProfile.vnetSubnetId`, of the value at the offset, or of the object around it. */
function pathAt(root: Node | undefined, offset: number): string {
  const node = root && findNodeAtOffset(root, offset);
  const steps = node === undefined ? [] : getNodePath(node);
  return steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/** Codes of jsonc-parser (its enum exists for the type checker only). */
const COMMA_EXPECTED = 6;
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'this is no JSON value: expected a text in double quotes, a number, true, false, null, {…} or […]',
  2: 'this is no number that JSON has',
  3: 'expected the name of a field in double quotes',
  4: 'expected a value',
  5: 'expected ":" after the name of the field',
  [COMMA_EXPECTED]: 'a comma is missing before this',
  7: 'the file ends here, or goes on otherwise, but a "{" is still open: expected "}"',
  8: 'the file ends here, or goes on otherwise, but a "[" is still open: expected "]"',
  9: 'expected nothing more after the end of the document',
  11: 'the comment has no end: expected "*/"',
  12: 'the text has no end: expected a double quote on the same line',
  13: 'the number is incomplete',
  14: 'expected four hexadecimal digits after \\u',
  15: 'a backslash is followed by one of " \\ / b f n r t u',
  16: 'a control character is written as an escape, such as \\t',
};

function reportSyntax(report: Report, text: string, { error, offset, length }: ParseError): void {
  const meaning = MEANINGS[error] ?? 'this is not JSON';
  const found = text.slice(offset, offset + length);
  const quotes = /^[\u2018-\u201f'\u0060]/.test(found)
    ? '; these quotes are not the double quote of JSON'
    : '';
  const seen = found.trim() === '' ? '' : `, found ${report.source.quote(offset, length)}`;
  report.error('syntax', { offset, length: Math.max(1, length), path: '' }, `${meaning}${seen}${quotes}`);
}
