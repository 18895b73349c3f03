/**
 * Reporter for node:test: one JSON line per finished test, read by run-file.ts. A suite is no test, and a
 * test that failed only because of its subtests is not counted a second time.
 */
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** Frames of node itself, which say nothing about the failure. */
const NODE_FRAMES = /^ +at .*node:internal.*\n?/gm;

/** One line of the report. */
export interface TestRecord {
  /** Names from the outermost suite to the test, joined by ` › `. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What went wrong, for a failed test. */
  readonly error?: string;
}

export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const event of events) {
    if (event.type === 'test:start') {
      names.length = event.data.nesting;
      names.push(event.data.name);
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { data } = event;
    const name = [...names.slice(0, data.nesting), data.name].join(' › ');
    const record = event.type === 'test:fail' ? failed(name, event.data) : passed(name, event.data);
    if (record !== undefined) yield `${JSON.stringify(record)}\n`;
  }
}

function passed(name: string, { details, skip, todo }: EventData.TestPass): TestRecord | undefined {
  const outcome = isSet(skip) || isSet(todo) ? 'skipped' : 'passed';
  // Of a suite that is skipped as a whole no test is reported.
  return details.type === 'suite' && outcome === 'passed' ? undefined : { name, outcome };
}

function failed(name: string, { details, skip, todo }: EventData.TestFail): TestRecord | undefined {
  const { error } = details;
  if ('failureType' in error && error.failureType === 'subtestsFailed') return undefined;
  if (isSet(skip) || isSet(todo)) return { name, outcome: 'skipped' };
  /* The error of the test itself is the cause of the one that node:test makes. */
  const text = inspect(error.cause ?? error, { depth: 6 }).replace(NODE_FRAMES, '');
  return { name, outcome: 'failed', error: text };
}

/** node:test marks a test as skipped by true or by a reason, which may be empty. */
function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}
