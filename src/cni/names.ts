/** The character rules for names that become file names or links (SPEC.md "Parameters"). */
import { INTERFACE_NAME } from '../sys/platform.ts';

/** Container ids and network names. */
export function isIdentifier(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
}

/** What is wrong with a name of a link, in the words that every CNI plugin uses; undefined when nothing is. */
export function interfaceNameProblem(name: string): { message: string; details?: string } | undefined {
  if (utf8Length(name) > MAX_INTERFACE_NAME_BYTES) {
    return {
      message: 'interface name is too long',
      details: `interface name should be less than ${MAX_INTERFACE_NAME_BYTES + 1} characters`,
    };
  }
  if (name === '.' || name === '..') return { message: 'interface name is . or ..' };
  if (SEPARATOR_OR_SPACE.test(name)) {
    return { message: 'interface name contains / or : or whitespace characters' };
  }
  return undefined;
}

/**
 * A name that we can give to a link. The specification allows more: characters beyond ASCII, which our
 * netlink messages do not carry, and `%`, which the kernel takes for a template when it makes a link
 * (net/core/dev.c, __dev_alloc_name).
 */
export function isLinkName(name: string): boolean {
  return INTERFACE_NAME.test(name);
}

/** The name of a plugin: a file in a directory of CNI_PATH. */
export function isPluginName(name: string): boolean {
  return /^[^/\s]+$/.test(name) && !name.includes('..');
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** IFNAMSIZ without the final zero (linux/if.h). */
const MAX_INTERFACE_NAME_BYTES = 15;

/** Unicode White_Space as Go's unicode.IsSpace has it: with U+0085, without U+FEFF. */
const SEPARATOR_OR_SPACE = /[/:\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
