/** Runs the steps of a chain with the plugins as programs: at once, or as promises where that is the custom. */
import type { ExecPlugin, PluginCall, PluginOutcome, PluginSteps } from './call.ts';

export async function drive<T>(exec: ExecPlugin, steps: PluginSteps<T>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    const wanted = step.value;
    let outcome: PluginOutcome;
    try {
      outcome = await exec(wanted);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(outcome);
  }
  return step.value;
}

/** The same without promises; what `exec` throws counts as the plugin's failure. */
export function driveSync<T>(exec: (call: PluginCall) => PluginOutcome, steps: PluginSteps<T>): T {
  let step = steps.next();
  while (step.done !== true) {
    let outcome: PluginOutcome;
    try {
      outcome = exec(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(outcome);
  }
  return step.value;
}
