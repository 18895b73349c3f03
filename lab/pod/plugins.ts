/** Runs CNI plugins inside a VM and takes the time of each. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { ExecPlugin, PluginError } from '../../src/cni/runtime/call.ts';
import { LabError } from '../error.ts';
import type { RunResult } from '../host/run.ts';
import type { Place } from '../place.ts';

/** One run of one plugin, as a runtime sees it: from the start to the end of its output. */
export interface PluginRun {
  readonly plugin: string;
  readonly command: string;
  readonly durationUs: number;
}

/** A plugin has failed; `error` is what it said. */
export class PluginFailure extends LabError {
  readonly error: PluginError;
  /** What failed when the rest was cleaned up. */
  readonly cleanup: readonly PluginError[];

  constructor(error: PluginError, cleanup: readonly PluginError[] = []) {
    const details = error.details === undefined ? '' : ` (${error.details})`;
    super(`${error.plugin} ${error.command} failed with code ${error.code}: ${error.message}${details}`);
    this.error = error;
    this.cleanup = cleanup;
  }
}

/** The function that the runtime of src/cni/runtime runs plugins with; it notes each run in `runs`. */
export function pluginExecutor(vm: Place, cniPath: readonly string[], runs: PluginRun[]): ExecPlugin {
  return async ({ type, env, stdin }) => {
    const result = await runPlugin(vm, cniPath, type, env, stdin);
    runs.push({ plugin: type, command: env.CNI_COMMAND ?? '', durationUs: result.durationUs });
    if (result.timedOut) throw new Error(`did not end within ${PLUGIN_TIMEOUT_MS} ms`);
    return result;
  };
}

/** One plugin, with exactly these CNI_ variables and this input. */
export function runPlugin(
  vm: Place,
  cniPath: readonly string[],
  type: string,
  env: Readonly<Record<string, string>>,
  stdin: string,
): Promise<RunResult> {
  const program = findPlugin(cniPath, type);
  const whole = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...env };
  return vm.exec([program], { env: whole, stdin, timeoutMs: PLUGIN_TIMEOUT_MS });
}

/** The directories of the plugins are those of the machine, which the VM sees at the same place. */
function findPlugin(cniPath: readonly string[], type: string): string {
  for (const directory of cniPath) {
    const path = join(directory, type);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  const hint = type.startsWith('azure-vnet') ? 'make build' : 'apt-get install containernetworking-plugins';
  throw new LabError(`The plugin ${type} is in none of ${cniPath.join(', ')}: ${hint}`);
}

/** A runtime waits longer; a test that hangs should not. */
const PLUGIN_TIMEOUT_MS = 180_000;
