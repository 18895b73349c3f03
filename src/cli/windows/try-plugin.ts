/** Does an executable answer on this machine? VERSION touches nothing (CNI specification, "VERSION"). */
import { failureOf } from '../../sys/failure.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { shownPath } from './paths.ts';

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

export function tryPlugin(sys: Sys, path: string): Result<void, string> {
  try {
    const { status, stdout, timedOut } = sys.spawn({
      argv: [path],
      env: { ...sys.environ(), CNI_COMMAND: 'VERSION' },
      stdin: '{"cniVersion":"1.0.0"}',
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (status === 0 && stdout.includes('"supportedVersions"')) return ok(undefined);
    const why = timedOut
      ? `is silent for ${TIMEOUT_MS / 1000} s`
      : `does not answer to VERSION: exit status ${status}`;
    return err(`${shownPath(path)} ${why}`);
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return err(`${shownPath(path)} does not run on this machine: ${refused.message}`);
  }
}
