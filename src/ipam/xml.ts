/**
 * A small strict reader for the wireserver's XML: elements with attributes, no character data. What is
 * not needed is refused rather than guessed: DOCTYPE, CDATA, processing instructions, text, unknown
 * entities, mismatched tags, duplicate attributes. Extensible Markup Language 1.0, W3C.
 */
import { err, ok, type Result } from '../sys/result.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
}

export const MAX_XML_DEPTH = 16;
/** Some thirty NICs with 256 addresses each; the answer of a VM has a few hundred elements. */
export const MAX_XML_ELEMENTS = 10_000;

/** The root element; the error is one line and says where. */
export function parseXml(text: string): Result<XmlElement, string> {
  const open: Building[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  let at = afterComments(text, afterProlog(text));
  while (at < text.length) {
    TAG.lastIndex = at;
    const tag = TAG.exec(text);
    const parent = open.at(-1);
    if (tag === null || (root !== undefined && parent === undefined)) return problem(text, at, 'unexpected');
    const [, slash, name = '', attributesText = '', selfClosing] = tag;
    if (slash === '/') {
      if (parent?.name !== name || attributesText !== '' || selfClosing === '/') {
        return problem(text, at, 'mismatched end tag');
      }
      open.pop();
    } else {
      if (++count > MAX_XML_ELEMENTS) return err(`more than ${MAX_XML_ELEMENTS} elements`);
      if (open.length === MAX_XML_DEPTH) return err(`more than ${MAX_XML_DEPTH} levels`);
      const attributes = readAttributes(attributesText);
      if (attributes === undefined) return problem(text, at, 'malformed attributes');
      const element: Building = { name, attributes, children: [] };
      if (parent === undefined) root = element;
      else parent.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
    at = afterComments(text, TAG.lastIndex);
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) return err(`ends within <${unclosed.name.slice(0, NEAR_CHARACTERS)}>`);
  return root === undefined ? err('no element') : ok(root);
}

interface Building {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
}

/** Undefined when a name occurs twice or an entity is none of XML's own. */
function readAttributes(text: string): ReadonlyMap<string, string> | undefined {
  const attributes = new Map<string, string>();
  for (ATTRIBUTE.lastIndex = 0; ; ) {
    const match = ATTRIBUTE.exec(text);
    if (match === null) return attributes;
    const [, name = '', double, single] = match;
    const value = decodeEntities(double ?? single ?? '');
    if (value === undefined || attributes.has(name)) return undefined;
    attributes.set(name, value);
  }
}

function decodeEntities(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let known = true;
  const decoded = text.replace(/&([^;&]*);?/g, (whole, entity: string) => {
    const character = whole.endsWith(';') ? (ENTITIES.get(entity) ?? referenced(entity)) : undefined;
    if (character === undefined) known = false;
    return character ?? '';
  });
  return known ? decoded : undefined;
}

/** A character reference such as #65 or #x41. */
function referenced(entity: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(entity);
  if (match === null) return undefined;
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code === 0 || code > 0x10ffff || surrogate ? undefined : String.fromCodePoint(code);
}

/** Index after a byte order mark and the XML declaration. */
function afterProlog(text: string): number {
  return /^\ufeff?(?:<\?xml[ \t\r\n][^<>?]*\?>)?/.exec(text)?.[0].length ?? 0;
}

/** Index after comments and the white space around them; that of a malformed comment itself. */
function afterComments(text: string, from: number): number {
  for (let at = from; ; ) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    if (text[at + 1] !== '!' || !text.startsWith('<!--', at)) return at;
    const end = text.indexOf('--', at + 4);
    if (end < 0 || text[end + 2] !== '>') return at;
    at = end + 3;
  }
}

function problem(text: string, at: number, what: string): Result<never, string> {
  const near = text.slice(at, at + NEAR_CHARACTERS).replace(/\s+/g, ' ');
  return err(`${what} at character ${at}: ${JSON.stringify(near)}`);
}

const S = '[ \\t\\r\\n]';
const NAME = '[A-Za-z_][\\w.:-]*';
const SPACE = new RegExp(`${S}*`, 'y');
/** One regular expression per tag and one per attribute: the engine of the plugin is slow at characters. */
const TAG = new RegExp(`<(/?)(${NAME})((?:${S}+${NAME}${S}*=${S}*(?:"[^"<]*"|'[^'<]*'))*)${S}*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(`${S}+(${NAME})${S}*=${S}*(?:"([^"]*)"|'([^']*)')`, 'y');
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);
const NEAR_CHARACTERS = 40;
