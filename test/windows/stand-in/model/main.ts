/** Program of the stand-in DLLs: answers one call. shim.c defines `request` and reads `answer`. */
import { hostSys } from '../../../../src/sys/quickjs.ts';
import type { Fd } from '../../../../src/sys/sys.ts';
import type { WindowsSys } from '../../../../src/sys/windows.ts';
import { ruleFor } from './control.ts';
import { Model } from './model.ts';
import { type Outcome, REFUSALS } from './refusals.ts';
import { type ControlRule, EMPTY_STATE, type ModelState } from './state.ts';
import { hnsCall, modifySystem, openSystem } from './version1.ts';
import { hcn } from './version2.ts';

interface Answer {
  readonly hresult: number;
  readonly text: string;
  readonly error: string;
}

declare const request: readonly string[];
declare let answer: Answer;

const FOREVER_MS = 600_000;
const LOCK_TIMEOUT_MS = 60_000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

const sys = hostSys() as WindowsSys;
const [name = '', given = '', ...args] = request;
const directory = given.replaceAll('\\', '/');

const lock = sys.open(`${directory}/lock`, { read: true, write: true, create: true });
if (!sys.lock(lock, LOCK_TIMEOUT_MS)) throw new Error('the model is locked');
const rule = ruleFor(callName(), read<ControlRule[]>('control.json', []), count);
const result = answerOf(rule);
append('calls.jsonl', { pid: sys.pid(), call: name, arguments: args, ...result });
sys.close(lock);
if (rule?.action === 'hang' || rule?.action === 'lose') for (;;) sys.sleepMs(FOREVER_MS);
(globalThis as unknown as { answer: Answer }).answer = result;

/** As rules name it. */
function callName(): string {
  return name === 'HNSCall' ? `HNSCall ${args[0]} ${args[1]}` : name;
}

function answerOf(rule: ControlRule | undefined): Answer {
  const failed = { hresult: rule?.hresult ?? 0x80004005, text: '', error: rule?.error ?? '' };
  if (rule?.action === 'fail' || rule?.action === 'hang') return failed;
  const before = read<ModelState>('state.json', EMPTY_STATE);
  const model = new Model(before, () => sys.newGuid());
  const outcome = outcomeOf(model);
  if (model.state !== before && rule?.action !== 'forget') write('state.json', model.state);
  if (rule?.action === 'fail late') return failed;
  if (rule?.action === 'garbage') return { hresult: 0, text: '{"Success":tr', error: '' };
  return name === 'HNSCall' ? enveloped(outcome) : plain(outcome);
}

function outcomeOf(model: Model): Outcome {
  const [first = '', second = '', third = ''] = args;
  switch (name) {
    case 'HNSCall':
      return hnsCall(model, first, second, third);
    case 'HcsOpenComputeSystem':
      return openSystem(model, first);
    case 'HcsModifyComputeSystem':
      return modifySystem(model, first, second);
    case 'HcsCloseComputeSystem':
      return { done: null };
    default:
      return hcn(model, name, args) ?? { refused: 'unspecified' };
  }
}

/** Version 1 answers with an envelope, also when it refuses. */
function enveloped(outcome: Outcome): Answer {
  if ('done' in outcome) {
    const text = outcome.done === null ? { Success: true } : { Success: true, Output: outcome.done };
    return { hresult: 0, text: JSON.stringify(text), error: '' };
  }
  const [code, words] = REFUSALS[outcome.refused];
  return {
    hresult: 0,
    text: JSON.stringify({ Success: false, Error: `${words} `, ErrorCode: code }),
    error: '',
  };
}

/** Version 2 and HCS answer with an HRESULT. */
function plain(outcome: Outcome): Answer {
  if ('done' in outcome) {
    const { done } = outcome;
    return {
      hresult: 0,
      text: typeof done === 'string' ? done : done === null ? '' : JSON.stringify(done),
      error: '',
    };
  }
  const [hresult, words] = REFUSALS[outcome.refused];
  return {
    hresult,
    text: '',
    error: JSON.stringify({ Success: false, Error: `${words} `, ErrorCode: hresult }),
  };
}

/** How often the calls that a rule is for have been made before; this one is counted. */
function count(rule: string): number {
  const counts = read<Record<string, number>>('counts.json', {});
  const before = counts[rule] ?? 0;
  write('counts.json', { ...counts, [rule]: before + 1 });
  return before;
}

function read<T>(file: string, missing: T): T {
  let fd: Fd;
  try {
    fd = sys.open(`${directory}/${file}`, { read: true });
  } catch {
    return missing;
  }
  // One more than there are, to see the end; a buffer for the limit would cost Wine more than the call itself.
  const buffer = new Uint8Array(Math.min(sys.fstat(fd).sizeBytes + 1, MAX_FILE_BYTES));
  let length = 0;
  for (let count = 1; count > 0; length += count)
    count = sys.read(fd, buffer, length, buffer.length - length);
  sys.close(fd);
  return JSON.parse(sys.decodeUtf8(buffer, 0, length)) as T;
}

function write(file: string, value: unknown): void {
  const path = `${directory}/${file}`;
  const fd = sys.open(`${path}.new`, { write: true, create: true, truncate: true });
  writeText(fd, JSON.stringify(value));
  sys.close(fd);
  sys.rename(`${path}.new`, path);
}

function append(file: string, value: unknown): void {
  const fd = sys.open(`${directory}/${file}`, { write: true, create: true, append: true });
  writeText(fd, `${JSON.stringify(value)}\n`);
  sys.close(fd);
}

function writeText(fd: Fd, text: string): void {
  const bytes = sys.encodeUtf8(text);
  for (let offset = 0; offset < bytes.length; ) offset += sys.write(fd, bytes, offset, bytes.length - offset);
}
