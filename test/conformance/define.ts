/** One test per case of a level. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type Case, type Level, loadCases } from './case.ts';
import { EMULATED_TARGET, NO_NF_TABLES, QEMU_LACKS } from './emulated.ts';
import { NOT_YET } from './not-yet.ts';
import { type Programs, preparePrograms } from './programs.ts';
import { runCase } from './run-case.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, for namespaces';

export function defineCases(level: Level): void {
  let programs: Programs | undefined;
  before(async () => {
    programs = await preparePrograms();
  });
  after(() => programs?.remove());
  for (const item of loadCases(level)) {
    test(item.name, { skip }, async (context) => {
      judge(context, await runCase(level, item, known(programs)), NOT_YET[`${level}: ${item.name}`]);
    });
  }
}

/** The same with the executable of another processor, two at a time as each call takes a while. */
export function defineEmulatedCases(level: Level): void {
  describe(`${level} on ${EMULATED_TARGET}`, { skip, concurrency: 2 }, () => {
    let programs: Programs | undefined;
    before(async () => {
      programs = await preparePrograms(EMULATED_TARGET);
    });
    after(() => programs?.remove());
    for (const item of loadCases(level)) {
      test(item.name, async () => {
        const problems = await runCase(level, item, known(programs));
        if (!isLacking(level, item)) return assert.deepEqual(problems, []);
        assert.match(problems.join('\n'), NO_NF_TABLES);
      });
    }
  });
}

function isLacking(level: Level, { name }: Case): boolean {
  return QEMU_LACKS.includes(`${level}: ${name}`);
}

function judge(context: TestContext, problems: readonly string[], reason: string | undefined): void {
  if (reason === undefined) {
    assert.deepEqual(problems, []);
  } else {
    assert.notDeepEqual(problems, [], 'it passes: take it off the list in not-yet.ts');
    context.skip(reason);
  }
}

function known(programs: Programs | undefined): Programs {
  if (programs === undefined) throw new Error('Internal error: no programs');
  return programs;
}
