/**
 * Kill points: a call is killed before its first, second, … call to the system, until it survives. What is
 * tried after each is chosen so that every point is tried, and with the whole product every pair.
 */

/** Set to 1: every next operation after every kill point. */
export const FULL = process.env.AZURE_VNET_ALL_KILL_POINTS === '1';

/** A call that survives at this many points in a row has no further ones: their number varies a little. */
const SURVIVED_IN_A_ROW = 3;
/** No call makes more; one that seems to would run for ever. */
const MAX_POINTS = 2000;
/** Without the whole product so many next operations follow each point, in turn. */
const SAMPLED = 2;

/** Which of the next operations follow a kill point (from 1): all of them, or some in turn. */
export function nextAfter<T>(point: number, all: readonly T[], full = FULL): T[] {
  if (full || all.length <= SAMPLED) return [...all];
  const step = Math.ceil(all.length / SAMPLED);
  return all.filter((_, i) => (i + point) % step === 0);
}

export interface Tried {
  /** Kill points at which the call was really killed. */
  readonly points: number;
  /** Kill points times what was tried after each. */
  readonly scenarios: number;
  readonly problems: readonly string[];
}

/** What one scenario found: whether the call was killed, and everything that is not as it should be. */
export interface Verdict {
  readonly killed: boolean;
  readonly problems: readonly string[];
}

/**
 * Kills at every point, with `workers` scenarios at once (one machine each). A scenario that throws is a
 * problem as well.
 */
export async function killEverywhere<W, T extends { readonly name: string }>(
  workers: readonly W[],
  next: readonly T[],
  scenario: (worker: W, point: number, then: T) => Promise<Verdict>,
): Promise<Tried> {
  const problems: string[] = [];
  let [points, scenarios, survived, point] = [0, 0, 0, 0];
  const work = async (worker: W) => {
    while (survived < SURVIVED_IN_A_ROW && point < MAX_POINTS) {
      const current = ++point;
      let wasKilled = false;
      for (const then of nextAfter(current, next)) {
        const verdict = await attempt(() => scenario(worker, current, then));
        scenarios++;
        wasKilled ||= verdict.killed;
        problems.push(
          ...verdict.problems.map((problem) => `killed at ${current}, then ${then.name}: ${problem}`),
        );
      }
      if (wasKilled) points++;
      survived = wasKilled ? 0 : survived + 1;
    }
  };
  await Promise.all(workers.map(work));
  if (point >= MAX_POINTS) problems.push(`still killed at point ${MAX_POINTS}`);
  return { points, scenarios, problems };
}

async function attempt(work: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await work();
  } catch (error) {
    return { killed: true, problems: [error instanceof Error ? error.message : String(error)] };
  }
}
