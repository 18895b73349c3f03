/**
 * The labs of this process, taken down when it ends for whatever reason: a normal end, an uncaught
 * error, Ctrl-C or a polite kill. (After SIGKILL the kernel does it: anchors are tied to their maker.)
 */
const takeDowns = new Set<() => void>();
let installed = false;

/** Registers a synchronous take-down; returns the function that forgets it again. */
export function onProcessEnd(takeDown: () => void): () => void {
  install();
  takeDowns.add(takeDown);
  return () => takeDowns.delete(takeDown);
}

function install(): void {
  if (installed) return;
  installed = true;
  process.on('exit', takeAllDown);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      takeAllDown();
      // With the handler gone, the signal ends the process as the sender expects.
      process.kill(process.pid, signal);
    });
  }
}

/** One take-down that fails must not keep the others from being tried; the first error is reported. */
function takeAllDown(): void {
  const errors: unknown[] = [];
  for (const takeDown of takeDowns) {
    try {
      takeDown();
    } catch (error) {
      errors.push(error);
    }
  }
  takeDowns.clear();
  if (errors.length > 0) throw errors[0];
}
