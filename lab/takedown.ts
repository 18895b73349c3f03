/** Removes a lab: ends its anchors, waits until the kernel has let go, deletes the directory. */
import { LabError } from './error.ts';
import { type Anchor, killAnchor, markedProcesses } from './host/anchor.ts';
import { killProcess, waitForEnd } from './host/process.ts';
import type { LabState } from './model.ts';
import { readState, removeLabDirectory } from './statefile.ts';

/** What was there and is gone now. */
export interface Removed {
  readonly vms: readonly string[];
  readonly pods: number;
  /** Anchors that no state named: leftovers of an interrupted start. */
  readonly strayProcesses: number;
}

/** Takes the lab down, whatever state it is in; an error when processes outlive SIGKILL. */
export async function takeDown(directory: string): Promise<Removed> {
  const state = readState(directory);
  const killed = anchorsOf(state).flatMap(killAnchor);
  const strays = markedProcesses(directory).filter(
    (ref) => !killed.some((known) => known.pid === ref.pid && known.startTicks === ref.startTicks),
  );
  for (const ref of strays) killProcess(ref);
  const left = await waitForEnd([...killed, ...strays], END_TIMEOUT_MS);
  if (left.length > 0) {
    const pids = left.map((ref) => ref.pid).join(', ');
    throw new LabError(
      `The processes ${pids} did not end within ${END_TIMEOUT_MS} ms of SIGKILL; try again.`,
    );
  }
  removeLabDirectory(directory);
  const vms = state?.vms ?? [];
  return {
    vms: vms.map((vm) => vm.name),
    pods: vms.reduce((count, vm) => count + vm.pods.length, 0),
    strayProcesses: strays.length,
  };
}

/** The same at the end of this process, when nothing can be awaited any more. */
export function takeDownNow(directory: string): void {
  for (const anchor of anchorsOf(readState(directory))) killAnchor(anchor);
  for (const stray of markedProcesses(directory)) killProcess(stray);
  removeLabDirectory(directory);
}

function anchorsOf(state: LabState | undefined): Anchor[] {
  if (state === undefined) return [];
  const own = [state.fabric, state.internet].filter((anchor) => anchor !== undefined);
  return [...state.vms.map((vm) => vm.anchor), ...own];
}

const END_TIMEOUT_MS = 30_000;
