/**
 * Delegation to an IPAM plugin that is another program (SPEC.md "Section 4: Plugin Delegation"): the same
 * environment, the complete configuration on stdin, its errors passed on with their own codes.
 */
import { type Failure, failure } from '../sys/failure.ts';
import { PATH_LIST_SEPARATOR } from '../sys/platform.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { isErrno, type SpawnResult, SysError } from '../sys/sys.ts';
import { findPlugin } from './find-plugin.ts';
import { isObject, lookup, oneLine, parseJson } from './json.ts';
import { parseResult } from './result.ts';
import { STDERR, writeText } from './stdio.ts';
import type { CniCommand, CniRequest, CniResult, JsonValue, PluginContext } from './types.ts';

/** A delegated plugin is killed when it has not ended by then. */
export const DELEGATE_TIMEOUT_MS = 60_000;
/** Limit for what it prints on stdout and stderr, each. */
export const MAX_DELEGATE_OUTPUT_BYTES = 4 * 1024 * 1024;
/** While its file is being replaced, exec answers ETXTBSY: so many more attempts, so far apart. */
export const MAX_BUSY_RETRIES = 5;
export const BUSY_RETRY_MS = 1000;

/**
 * Runs the plugin `ipamType` from CNI_PATH with `command`. ADD returns its result, converted, with one
 * address at least; the other commands return undefined. When an ADD fails after the plugin was started,
 * DEL is run before this returns, as the specification asks; the failure is that of the ADD.
 *
 * Failures: PLUGIN_NOT_FOUND; the plugin's own error (`cniCode` set); DELEGATE_FAILED for everything else.
 */
export function delegateIpam(
  context: PluginContext,
  request: CniRequest,
  ipamType: string,
  command: Exclude<CniCommand, 'VERSION'>,
): Result<CniResult | undefined, Failure> {
  const found = findPlugin(context.sys, ipamType, request.env.path);
  if (!found.ok) return found;
  const run = (what: CniCommand) =>
    execute(context, request, { name: ipamType, path: found.value.path }, what);
  const output = run(command);
  if (command !== 'ADD') return output.ok ? ok(undefined) : output;
  const result = output.ok ? readAddResult(ipamType, output.value, request) : output;
  if (!result.ok) {
    const undone = run('DEL');
    if (!undone.ok) context.log.note('warn', `DEL after the failed ADD: ${undone.error.message}`);
  }
  return result;
}

interface Program {
  readonly name: string;
  readonly path: string;
}

/** Runs the program once and returns what it printed, when it succeeded. */
function execute(
  context: PluginContext,
  request: CniRequest,
  program: Program,
  command: CniCommand,
): Result<string, Failure> {
  const { sys } = context;
  const spawned = context.log.step(`exec ${program.name} ${command}`, () =>
    spawnWhenNotBusy(context, {
      argv: [program.path],
      env: {
        ...sys.environ(),
        CNI_COMMAND: command,
        CNI_PATH: request.env.path.join(PATH_LIST_SEPARATOR),
        ...attachmentOf(request),
      },
      stdin: JSON.stringify(request.config),
      timeoutMs: DELEGATE_TIMEOUT_MS,
      maxOutputBytes: MAX_DELEGATE_OUTPUT_BYTES,
    }),
  );
  if (!spawned.ok) return err(failed(program.name, spawned.error));
  const outcome = spawned.value;
  if (outcome.stderr !== '') writeText(sys, STDERR, outcome.stderr);
  if (outcome.timedOut) return err(failed(program.name, `not finished after ${DELEGATE_TIMEOUT_MS} ms`));
  if (outcome.truncated) {
    return err(failed(program.name, `printed more than ${MAX_DELEGATE_OUTPUT_BYTES} bytes`));
  }
  return outcome.status === 0 ? ok(outcome.stdout) : err(errorOf(program.name, outcome));
}

/** The request may be about another attachment than the environment: an earlier DEL that is completed. */
function attachmentOf({ env }: CniRequest): Record<string, string> {
  if (env.containerId === '') return {};
  return { CNI_CONTAINERID: env.containerId, CNI_IFNAME: env.ifname, CNI_NETNS: env.netns };
}

function spawnWhenNotBusy(
  { sys }: PluginContext,
  request: Parameters<PluginContext['sys']['spawn']>[0],
): Result<SpawnResult, string> {
  for (let retries = 0; ; retries++) {
    try {
      return ok(sys.spawn(request));
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (!isErrno(error, 'ETXTBSY') || retries === MAX_BUSY_RETRIES) return err(error.message);
      sys.sleepMs(BUSY_RETRY_MS);
    }
  }
}

/** The plugin's own error when it printed one, else what can be said about its end. */
function errorOf(name: string, outcome: SpawnResult): Failure {
  const document = parseJson(outcome.stdout);
  const own = document.ok ? ownError(document.value) : undefined;
  if (own !== undefined) return own;
  const ending = outcome.signal > 0 ? `killed by signal ${outcome.signal}` : `exit status ${outcome.status}`;
  const stdout = excerpt(outcome.stdout);
  if (stdout !== '') return failed(name, `${ending}, and printed no CNI error but: ${stdout}`);
  const stderr = excerpt(outcome.stderr);
  return failed(name, `${ending} without an error message${stderr === '' ? '' : `; stderr: ${stderr}`}`);
}

function ownError(value: JsonValue): Failure | undefined {
  if (!isObject(value)) return undefined;
  const code = lookup(value, 'code');
  const message = lookup(value, 'msg') ?? '';
  const details = lookup(value, 'details');
  // The specification's library reads it as an unsigned number; of 32 bits on every platform.
  if (typeof code !== 'number' || code >>> 0 !== code || code === 0) return undefined;
  if (typeof message !== 'string') return undefined;
  return {
    ...failure('DELEGATE_FAILED', message, typeof details === 'string' ? details : undefined),
    cniCode: code,
  };
}

function readAddResult(name: string, stdout: string, request: CniRequest): Result<CniResult, Failure> {
  const document = parseJson(stdout);
  if (!document.ok) {
    const shown = excerpt(stdout);
    return err(failed(name, shown === '' ? 'printed no result' : `printed no JSON result but: ${shown}`));
  }
  const result = parseResult(document.value, request.version);
  if (!result.ok) return err(failed(name, `printed a malformed result: ${result.error}`));
  if (result.value.ips.length === 0) return err(failed(name, 'returned no addresses'));
  return result;
}

function failed(name: string, what: string): Failure {
  return failure('DELEGATE_FAILED', `IPAM plugin "${name}" failed: ${what}`);
}

function excerpt(text: string): string {
  return oneLine(text.trim()).slice(0, MAX_EXCERPT_CHARACTERS);
}

const MAX_EXCERPT_CHARACTERS = 200;
