/**
 * A tar archive (POSIX.1-1988 ustar) whose bytes depend on nothing but names, modes and content: sorted, owned
 * by root, one fixed time.
 */
const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;
/** As GNU tar does: 20 blocks make a record. */
const RECORD_BYTES = 20 * BLOCK_BYTES;

export interface TarFile {
  readonly kind: 'file';
  readonly name: string;
  /** Permission bits, such as 0o755. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Another name of a file of the same archive. */
export interface TarLink {
  readonly kind: 'link';
  readonly name: string;
  readonly mode: number;
  readonly target: string;
}

export type TarEntry = TarFile | TarLink;

/** The archive. A link must come after its target, that is, in the order of names. Throws for a long name. */
export function tar(entries: readonly TarEntry[], mtimeS: number): Buffer {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const seen = new Set<string>();
  const blocks = sorted.flatMap((entry) => {
    if (entry.kind === 'link' && !seen.has(entry.target)) {
      throw new Error(`Internal error: ${entry.name} comes before its target ${entry.target}`);
    }
    seen.add(entry.name);
    const content = entry.kind === 'file' ? entry.content : new Uint8Array();
    return [header(entry, content.length, mtimeS), content, padding(content.length, BLOCK_BYTES)];
  });
  const end = Buffer.alloc(2 * BLOCK_BYTES);
  const length = [...blocks, end].reduce((sum, block) => sum + block.length, 0);
  return Buffer.concat([...blocks, end, padding(length, RECORD_BYTES)]);
}

function header(entry: TarEntry, sizeBytes: number, mtimeS: number): Buffer {
  if (Buffer.byteLength(entry.name) > MAX_NAME_BYTES) {
    throw new Error(`Internal error: ${entry.name} is longer than ${MAX_NAME_BYTES} bytes`);
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  const text = (offset: number, value: string) => block.write(value, offset, 'utf8');
  const octal = (offset: number, width: number, value: number) =>
    text(offset, value.toString(8).padStart(width - 1, '0'));
  text(0, entry.name);
  octal(100, 8, entry.mode);
  octal(108, 8, 0); // uid
  octal(116, 8, 0); // gid
  octal(124, 12, sizeBytes);
  octal(136, 12, mtimeS);
  text(148, ' '.repeat(8)); // the checksum, as it counts itself
  text(156, entry.kind === 'file' ? '0' : '1');
  if (entry.kind === 'link') text(157, entry.target);
  text(257, 'ustar\x0000');
  text(265, 'root');
  text(297, 'root');
  octal(329, 8, 0); // devmajor
  octal(337, 8, 0); // devminor
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

function padding(length: number, multiple: number): Buffer {
  return Buffer.alloc((multiple - (length % multiple)) % multiple);
}
