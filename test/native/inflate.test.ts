/** Inflate against zlib, right and damaged, as a program of its own under the sanitizers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
import { hostFlags } from '../../scripts/build/host.ts';
import { BUILT, CACHE, ROOT } from '../../scripts/build/paths.ts';
import { run } from '../../scripts/build/run.ts';

const WORK = join(CACHE, 'work/native');
const PROGRAM = join(WORK, 'inflate-test');
const LIMIT_MS = 300_000;

before(async () => {
  mkdirSync(WORK, { recursive: true });
  const flags = ['-O1', '-g', '-D_GNU_SOURCE', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  await run(['gcc', ...hostFlags(flags), join(ROOT, 'test/native/inflate.c'), '-o', PROGRAM]);
});

/** Code, repetitions that overlap, noise, nothing. */
const TEXTS: Readonly<Record<string, Buffer>> = {
  source: readFileSync(join(ROOT, 'native/inflate.c')),
  executable: readFileSync(join(BUILT, 'azure-vnet')).subarray(0, 300_000),
  repeated: Buffer.alloc(70_000, 'ab'),
  zeros: Buffer.alloc(1000),
  noise: noise(40_000),
  'one byte': Buffer.from('x'),
  empty: Buffer.alloc(0),
};

/** Stored, fixed and described codes, blocks of every length. */
const WAYS: readonly ZlibOptions[] = [
  { level: 0 },
  { level: 1 },
  { level: 9, memLevel: 9 },
  { level: 6, memLevel: 1 },
  { strategy: constants.Z_FIXED },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { strategy: constants.Z_RLE },
];

test('host_inflate() unpacks what zlib packs in every way, to the byte', () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    for (const way of WAYS) {
      const output = unpack([{ packed: deflateRawSync(text, way), bytes: text.length }]);
      assert.equal(output[0], 1, `${name} ${JSON.stringify(way)} is accepted`);
      assert.ok(output.subarray(1).equals(text), `${name} ${JSON.stringify(way)}`);
    }
  }
});

test('host_inflate() refuses a length that is not the right one, and an end that is missing', () => {
  for (const text of Object.values(TEXTS)) {
    const packed = deflateRawSync(text);
    const cases = [
      { packed, bytes: text.length + 1 },
      ...(text.length > 0 ? [{ packed, bytes: text.length - 1 }] : []),
      { packed: packed.subarray(0, -1), bytes: text.length },
    ];
    assert.deepEqual(
      [...unpack(cases)],
      cases.map(() => 0),
    );
  }
});

test('host_inflate() leaves memory alone whatever 7,000 damaged inputs say', () => {
  const variants = 1000;
  const text = TEXTS.source?.subarray(0, 3000) ?? Buffer.alloc(0);
  const cases = WAYS.map((way) => ({ packed: deflateRawSync(text, way), bytes: text.length, variants }));
  assert.equal(unpack(cases).length, cases.length * (1 + text.length));
});

interface Case {
  readonly packed: Buffer;
  readonly bytes: number;
  readonly variants?: number;
}

/** What the program says of the cases; throws what a sanitizer says. */
function unpack(cases: readonly Case[]): Buffer {
  const input = cases.flatMap(({ packed, bytes, variants = 0 }) => {
    const head = Buffer.alloc(12);
    for (const [i, value] of [packed.length, bytes, variants].entries()) head.writeUInt32LE(value, i * 4);
    return [head, packed];
  });
  const options = { input: Buffer.concat(input), timeout: LIMIT_MS, maxBuffer: 1 << 26 };
  const { status, stdout, stderr } = spawnSync(PROGRAM, options);
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
}
