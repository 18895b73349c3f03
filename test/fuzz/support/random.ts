/**
 * Random choices from a seed: the same seed makes the same cases on every machine. FUZZ_SEED=<number> sets
 * it; every failure names the seed and the number of the case.
 */
const DEFAULT_SEED = 20_240_229;

/** The seed of this run. */
export const SEED = seedOf(process.env.FUZZ_SEED);

function seedOf(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_SEED;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`FUZZ_SEED is a number of at most 9 digits, not "${text}"`);
  return Number(text);
}

/** mulberry32: 32 bits of state, fast, good enough to choose with. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A generator for one case, independent of what the cases before it have drawn. */
  static ofCase(seed: number, index: number): Random {
    return new Random(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35));
  }

  /** 32 random bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const index = this.below(list.length);
    if (index >= list.length) throw new Error('pick() from nothing');
    return list[index] as T;
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights);
    let rest = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key as K;
    }
    throw new Error('weighted() without weights');
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next();
    return bytes;
  }
}

/** Runs `work` for each case; what it throws says how to repeat it. */
export function forEachCase(count: number, work: (random: Random, index: number) => void): void {
  for (let index = 0; index < count; index++) {
    try {
      work(Random.ofCase(SEED, index), index);
    } catch (error) {
      throw new Error(`FUZZ_SEED=${SEED}, case ${index}`, { cause: error });
    }
  }
}
