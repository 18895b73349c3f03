/** Runs the tools of the build: argument lists, never a shell; a failure shows the command and its output. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Nothing that the build runs takes longer; the engine under sanitizers needs about a minute. */
const TOOL_LIMIT_MS = 10 * 60 * 1000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs `argv` and returns its stdout; throws with stderr when it fails. */
export async function run(argv: readonly string[], cwd?: string): Promise<string> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('Internal error: empty command');
  try {
    const options = {
      timeout: TOOL_LIMIT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      ...(cwd !== undefined && { cwd }),
    };
    const { stdout } = await execFileAsync(program, args, options);
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    throw new Error(`${argv.join(' ')}\n${stderr || String(error)}`);
  }
}

/** True when `program` can be executed. */
export async function exists(program: string): Promise<boolean> {
  try {
    await execFileAsync(program, ['--version'], { timeout: TOOL_LIMIT_MS });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
