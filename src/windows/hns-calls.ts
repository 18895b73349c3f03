/** One call to HNS: its deadline, its step in the log, and its answer as a value. */
import { isObject, oneLine, parseJson } from '../cni/json.ts';
import type { PluginContext } from '../cni/types.ts';
import type { JsonObject, JsonValue } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { isErrno, SysError } from '../sys/sys.ts';
import type { HnsAnswer, WindowsSys } from '../sys/windows.ts';
import type { HnsError, HnsRelease } from './hns.ts';

/** When the configuration does not say. Creating a network takes HNS up to 20 s on a small VM. */
export const DEFAULT_HNS_TIMEOUT_MS = 60_000;

/** The calls of one operation. Once HNS has been silent, it is not asked again. */
export class HnsCalls {
  readonly sys: WindowsSys;
  readonly timeoutMs: number;
  readonly #log: PluginContext['log'];
  #silent: HnsError | undefined;
  #release: HnsRelease | undefined;

  constructor(sys: WindowsSys, log: PluginContext['log'], timeoutMs: number) {
    this.sys = sys;
    this.timeoutMs = timeoutMs;
    this.#log = log;
  }

  /** Version 1: `{"Success": true, "Output": …}`. */
  v1(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    request?: JsonObject,
  ): Result<JsonValue | undefined, HnsError> {
    const text = request === undefined ? '' : JSON.stringify(request);
    const what = `HNSCall ${method} ${path}`;
    const answer = this.run(what, () => this.sys.hnsCall(method, path, text, this.timeoutMs));
    if (!answer.ok) return answer;
    const document = answer.value;
    if (!isObject(document)) return err(refused(what, 'the answer is not a JSON object'));
    if (document.Success === false) return err(v1Error(what, document));
    return ok(document.Output ?? undefined);
  }

  /** The version of HNS, asked once: in the same way whatever version of requests is used. */
  release(): Result<HnsRelease, HnsError> {
    if (this.#release !== undefined) return ok(this.#release);
    const answer = this.v1('GET', '/globals/version');
    if (!answer.ok) return answer;
    const { Major: major, Minor: minor } = Object(answer.value ?? {});
    if (typeof major !== 'number' || typeof minor !== 'number') {
      return err(refused('HNS', 'it does not tell its version'));
    }
    this.#release = { major, minor };
    return ok(this.#release);
  }

  /** Runs a call; the parsed text of a successful one. */
  run(what: string, call: () => HnsAnswer): Result<JsonValue | undefined, HnsError> {
    if (this.#silent !== undefined) return err(this.#silent);
    let answer: HnsAnswer;
    try {
      answer = this.#log.step(what, call);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return err(this.#thrown(what, error));
    }
    if (isFailure(answer)) return err(answerError(what, answer));
    if (answer.text.trim() === '') return ok(undefined);
    const parsed = parseJson(answer.text);
    return parsed.ok ? parsed : err(refused(what, `the answer is not JSON: ${parsed.error}`));
  }

  #thrown(what: string, error: SysError): HnsError {
    if (isErrno(error, 'ETIMEDOUT')) {
      const message = `HNS did not answer ${what} within ${this.timeoutMs / 1000} s`;
      this.#silent = { kind: 'timeout', message };
      return this.#silent;
    }
    if (isErrno(error, 'ENOSYS'))
      return { kind: 'missing', message: `this Windows has no HNS for it: ${error.message}` };
    return refused(what, error.message);
  }
}

/** HRESULTs below 0x80000000, such as S_FALSE, are successes; HCN may add an error record to one, which counts. */
function isFailure({ hresult, error }: HnsAnswer): boolean {
  return hresult >= 0x80000000 || error !== '';
}

function answerError(what: string, { hresult, call, error }: HnsAnswer): HnsError {
  const code = `0x${hresult.toString(16).padStart(8, '0')}`;
  const record = error === '' ? undefined : parseJson(error);
  const text = record?.ok && isObject(record.value) ? record.value.Error : undefined;
  const said = typeof text === 'string' ? text : error;
  const details = said === '' ? (MEANINGS.get(hresult) ?? '') : said;
  return {
    kind: NOT_FOUND.has(hresult) ? 'not-found' : 'refused',
    message: oneLine(`${what}: ${call} failed with ${code}${details === '' ? '' : `: ${details}`}`),
  };
}

/** Version 1 tells its reason in words; the code came later. */
function v1Error(what: string, { Error: said, ErrorCode: code }: JsonObject): HnsError {
  const text = typeof said === 'string' && said !== '' ? said : 'no reason given';
  const known = typeof code === 'number' && NOT_FOUND.has(code >>> 0);
  return {
    kind: known || /not found/i.test(text) ? 'not-found' : 'refused',
    message: oneLine(`${what}: HNS failed with error : ${text}`),
  };
}

function refused(what: string, why: string): HnsError {
  return { kind: 'refused', message: oneLine(`${what}: ${why}`) };
}

/** winerror.h: ERROR_NOT_FOUND, HCN_E_NETWORK_NOT_FOUND, HCN_E_ENDPOINT_NOT_FOUND, HCS_E_SYSTEM_NOT_FOUND (new, old). */
const NOT_FOUND: ReadonlySet<number> = new Set([0x80070490, 0x803b0001, 0x803b0002, 0x8037010e, 0xc037010e]);

/** For the refusals that people meet and that come without words. */
const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0x80070005, 'access is denied; the plugin must run as an administrator'],
  [0x80070426, 'the service is not started: Start-Service hns'],
  [0x803b0006, 'the network adapter was not found'],
  [0x803b0010, 'a network with this name exists already'],
  [0x803b0013, 'the port exists already'],
  [0x803b0014, 'the endpoint is attached already'],
]);
