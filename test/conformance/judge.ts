/** Compares what a plugin did with what it should have done. */
import type { JsonObject, JsonValue } from '../../src/cni/types.ts';
import type { Expectation } from './case.ts';
import { at, isObject, mismatch } from './match.ts';
import type { Ran } from './vm.ts';

export interface Judgement {
  readonly problems: string[];
  /** stdout, when it is one JSON object. */
  readonly document: JsonObject | undefined;
}

/** `results` are the remembered ones. */
export function judge(expect: Expectation, ran: Ran, results: ReadonlyMap<string, JsonObject>): Judgement {
  const document = parse(ran.stdout);
  const problems: (string | undefined)[] = [];
  if (ran.status !== expect.status) {
    problems.push(`exit status ${ran.status} is not ${expect.status}: ${ran.stdout}${ran.stderr}`);
  }
  if (expect.prints === 'nothing' && ran.stdout !== '') problems.push(`stdout has ${ran.stdout}`);
  problems.push(documentProblem(expect, document, ran));
  if (document !== undefined) problems.push(...referenceProblems(expect, document, results));
  for (const [name, text, part] of [
    ['stdout', ran.stdout, expect.stdoutIncludes],
    ['stderr', ran.stderr, expect.stderrIncludes],
  ] as const) {
    if (part !== undefined && !text.includes(part)) problems.push(`no "${part}" on ${name}: ${text}`);
  }
  if (expect.withinMs !== undefined && ran.durationMs > expect.withinMs) {
    problems.push(`took ${Math.round(ran.durationMs)} ms, more than ${expect.withinMs}`);
  }
  return { problems: problems.filter((problem) => problem !== undefined), document };
}

function documentProblem(
  expect: Expectation,
  document: JsonObject | undefined,
  ran: Ran,
): string | undefined {
  const pattern: Record<string, JsonValue> = { ...(expect.document as Record<string, JsonValue>) };
  if (expect.status === 1) {
    pattern.code = expect.code ?? { $type: 'number' };
    pattern.msg = expect.msg ?? { $re: '^.+$' };
    if (expect.details !== undefined) pattern.details = expect.details;
  }
  if (Object.keys(pattern).length === 0) return undefined;
  if (document === undefined) return `stdout is not one JSON object: ${ran.stdout}`;
  return mismatch(pattern, document);
}

function referenceProblems(
  expect: Expectation,
  document: JsonObject,
  results: ReadonlyMap<string, JsonObject>,
): string[] {
  const problems: string[] = [];
  for (const [reference, wanted] of [
    [expect.differsFrom, false],
    [expect.equals, true],
  ] as const) {
    if (reference === undefined) continue;
    const [name, path] = reference;
    const value = JSON.stringify(at(document, path));
    const before = JSON.stringify(at(results.get(name), path));
    if (before === undefined || (value === before) !== wanted)
      problems.push(`${path}: ${value} after ${before}`);
  }
  if (expect.addressesAreSandboxed) {
    for (const ip of document.ips as readonly JsonObject[]) {
      const sandbox = at(document, `interfaces.${String(ip.interface)}.sandbox`);
      if (typeof sandbox !== 'string' || sandbox === '')
        problems.push('an address has no sandboxed interface');
    }
  }
  return problems;
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
