/** The images as C: their bytes, and the table of them. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { NUMBERS_BYTES } from './snapshot.ts';
import type { Toolchain } from './target.ts';

/** `struct program` of native/linux/snapshot.c around the bytecode of the plugin. */
export interface PluginForm {
  /** `enum kind`. */
  readonly kind: number;
  /** Bytes that all of it needs at least. */
  readonly leastBytes: number;
}

/** Ordinary calls load these: unpacking would cost them a part of a millisecond. The others are kept deflated. */
const UNPACKED: readonly string[] = ['plugin', 'source'];
const DEFLATE = { level: 9, memLevel: 9 };

/** Section for constants, in the assembler's words. */
const READ_ONLY = { linux: '.rodata', windows: '.rdata,"dr"' } as const;

interface Stored {
  readonly name: string;
  readonly file: string;
  readonly storedBytes: number;
  readonly bytes: number;
}

/** How an image is kept in the executable; native/inflate.c unpacks it. */
function stored(name: string, bytecode: string): Stored {
  const bytes = readFileSync(bytecode);
  if (UNPACKED.includes(name))
    return { name, file: bytecode, storedBytes: bytes.length, bytes: bytes.length };
  const packed = deflateRawSync(bytes, DEFLATE);
  const file = `${bytecode}.deflate`;
  // Whole at every moment: the assembler of another target may be reading it.
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, packed);
  renameSync(beside, file);
  return { name, file, storedBytes: packed.length, bytes: bytes.length };
}

/** The assembler includes the bytecode, which is much faster than an array in C. */
export function imagesSource(
  images: Readonly<Record<string, string>>,
  system: Toolchain['system'],
  form: PluginForm,
): string {
  const all = Object.entries(images).map(([name, bytecode]) => stored(name, bytecode));
  const rows = all.map(
    ({ name, storedBytes, bytes }) => `  {"${name}", host_${name}_bytes, ${storedBytes}, ${bytes}},\n`,
  );
  const parts = all.map((image) =>
    image.name === 'plugin'
      ? assembly(image, system, programHead(form), [
          `.org host_program + ${Math.max(form.leastBytes, NUMBERS_BYTES + image.bytes)}`,
        ])
      : assembly(image, system),
  );
  return `#include "host.h"
${parts.join('')}const struct host_image host_images[] = {
${rows.join('')}  {0},
};
`;
}

function programHead({ kind }: PluginForm): string[] {
  return ['.balign 16', '.globl host_program', 'host_program:', `.long ${kind}, 0, 0, 0`];
}

function assembly(
  { name, file }: Stored,
  system: Toolchain['system'],
  before: readonly string[] = [],
  after: readonly string[] = [],
): string {
  const symbol = `host_${name}_bytes`;
  const lines = [
    `.section ${READ_ONLY[system]}`,
    ...before,
    `.globl ${symbol}`,
    `${symbol}:`,
    `.incbin "${file}"`,
    ...after,
    '.text',
  ];
  return `__asm__(${JSON.stringify(`${lines.join('\n')}\n`)});
extern const uint8_t ${symbol}[];
`;
}
