/**
 * The heap of a loaded plugin in place of its bytecode: an executable that has just been linked writes its heap out
 * (native/linux/snapshot.c), which is checked and packed here, and unpacked by every call.
 *
 * A word of the heap is zero, a number, an address in the heap or an address in the executable. Addresses become
 * offsets, so that nothing is left that one run of the executable has and another has not: two runs, which the
 * kernel places elsewhere and which are called otherwise, must give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** What native/linux/snapshot.c calls `enum kind`. */
export const KIND = { toBeMade: 0, bytecode: 1, snapshot: 2 } as const;

/** Bytes of `struct program` before its content; the bytecode begins after the first four numbers. */
export const NUMBERS_BYTES = 16;
const HEADER_BYTES = 24;

const WORD = 8;
const GROUP_WORDS = 32;
const NUMBERS = 7;
const LIMIT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** Left for a call to work in without asking the kernel again. */
const LEAST_FREE_BYTES = 64 * 1024;
/** No stack is larger. */
const STACK_BYTES = 8n * 1024n * 1024n;
/** `stack_top` and `stack_limit` of the runtime, which every call sets anew. */
const STACK_WORDS = 2;

/** In two bits per word, what follows of it. */
const TAG = { zero: 0n, number: 1n, offset: 2n, whole: 3n } as const;

/** The snapshot of `executable`, which `runner` can run: a `struct program`. */
export function takeSnapshot(executable: string, runner: readonly string[]): Buffer {
  const [first, second] = [['ONE=1'], [`OTHER=${'x'.repeat(5000)}`, 'MORE=2']].map((environment) =>
    pack(heapOf(executable, runner, environment)),
  );
  if (first === undefined || second?.equals(first) !== true)
    throw new Error(`${executable}: two runs load different heaps, so there can be no snapshot`);
  return first;
}

/** Puts a snapshot in the place of the bytecode, where enough bytes have been left for it. */
export function putSnapshot(executable: string, bytecode: Buffer, snapshot: Buffer): void {
  const file = readFileSync(executable);
  const mark = Buffer.concat([numbers(KIND.toBeMade), bytecode.subarray(0, 1024)]);
  const at = file.indexOf(mark);
  if (at < 0 || file.indexOf(mark, at + 1) >= 0) throw new Error(`${executable}: where is the bytecode?`);
  snapshot.copy(file, at);
  writeFileSync(executable, file);
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(NUMBERS_BYTES);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

interface Heap {
  readonly words: BigUint64Array;
  readonly start: bigint;
  /** The executable, up to and without `end`. */
  readonly executable: { readonly start: bigint; readonly end: bigint };
  /** Some address of the stack. */
  readonly stack: bigint;
}

function heapOf(executable: string, runner: readonly string[], environment: readonly string[]): Heap {
  const [program = '', ...args] = [...runner, executable, '--snapshot', ...environment];
  const env = Object.fromEntries(environment.map((pair) => pair.split('=', 2)));
  const output = execFileSync(program, args, {
    env: { PATH: process.env.PATH, CNI_COMMAND: 'VERSION', ...env },
    timeout: LIMIT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tail = output.length - NUMBERS * WORD;
  const number = (index: number) => output.readBigUInt64LE(tail + index * WORD);
  const [variables, bytes, room] = [0, 1, 2].map((index) => Number(number(index)));
  if (variables === undefined || bytes === undefined || room === undefined || 2 * variables + bytes !== tail)
    throw new Error(`${executable} wrote something else than its heap`);
  if (!output.subarray(0, variables).equals(output.subarray(variables, 2 * variables)))
    throw new Error(`${executable}: loading the plugin changes variables, which are not in the heap`);
  if (bytes + LEAST_FREE_BYTES > room)
    throw new Error(`The loaded plugin leaves too little of HOST_HEAP_NOW_BYTES: it takes ${bytes} bytes`);
  const padded = new Uint8Array(Math.ceil(bytes / (GROUP_WORDS * WORD)) * GROUP_WORDS * WORD);
  padded.set(output.subarray(2 * variables, tail));
  return {
    words: new BigUint64Array(padded.buffer),
    start: number(3),
    executable: { start: number(4), end: number(5) },
    stack: number(6),
  };
}

function pack(heap: Heap): Buffer {
  const { words, start, executable } = heap;
  forgetStack(heap);
  const tags = new BigUint64Array(words.length / GROUP_WORDS);
  const pointers: number[] = [];
  const data = Buffer.alloc(words.length * WORD + WORD); /* the last word is read whole */
  let length = 0;
  words.forEach((word, index) => {
    let [tag, value]: [bigint, bigint] = [TAG.number, word];
    if (isInHeap(heap, word)) [tag, value] = [TAG.offset, word - start];
    else if (isInExecutable(heap, word)) {
      value = word - executable.start;
      pointers.push(index);
    } else if (word === 0n) tag = TAG.zero;
    else if (word > 0xffff_ffffn) tag = TAG.whole;
    data.writeBigUInt64LE(value, length);
    length += tag === TAG.zero ? 0 : tag === TAG.whole ? WORD : WORD / 2;
    const group = Math.floor(index / GROUP_WORDS);
    tags[group] = (tags[group] ?? 0n) | (tag << BigInt(2 * (index % GROUP_WORDS)));
  });
  return Buffer.concat([
    numbers(KIND.snapshot, tags.length, pointers.length),
    Buffer.alloc(HEADER_BYTES - NUMBERS_BYTES),
    new Uint8Array(tags.buffer),
    new Uint8Array(Uint32Array.from(pointers).buffer),
    data.subarray(0, length + WORD),
  ]);
}

/** The end of the heap is an address in it: of what comes next. */
function isInHeap({ words, start }: Heap, word: bigint): boolean {
  return word >= start && word <= start + BigInt(words.length * WORD);
}

function isInExecutable({ executable }: Heap, word: bigint): boolean {
  return word >= executable.start && word < executable.end;
}

/** Addresses of the stack: those that the runtime has of its limits, and no other. */
function forgetStack(heap: Heap): void {
  const { words, stack } = heap;
  let found = 0;
  words.forEach((word, index) => {
    if (word < stack - STACK_BYTES || word > stack + STACK_BYTES) return;
    if (isInHeap(heap, word) || isInExecutable(heap, word)) return;
    words[index] = 0n;
    found++;
  });
  if (found !== STACK_WORDS) throw new Error(`The heap has ${found} addresses of the stack`);
}
