/** What the tests of problems share: a node that is changed, and what is said of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { endpointProblems } from '../../../../src/cli/node/endpoint-problems.ts';
import type { NodeFacts } from '../../../../src/cli/node/facts.ts';
import { networkProblems } from '../../../../src/cli/node/network-problems.ts';
import type { Problem } from '../../../../src/cli/node/problem.ts';
import { node } from './facts.ts';

/** What is changed, which problems that makes, the text of the first, and what mends it. */
export type ProblemCase = readonly [string, Partial<NodeFacts>, readonly string[], RegExp, RegExp];

export function all(facts: NodeFacts): Problem[] {
  return [...networkProblems(facts), ...endpointProblems(facts, 'containerd')];
}

/** One test for each. */
export function testProblems(cases: readonly ProblemCase[]): void {
  for (const [what, changes, codes, found, mend] of cases) {
    test(`problems: ${what}`, () => {
      const problems = all(node(changes));
      assert.deepEqual(
        problems.map(({ code }) => code),
        codes,
      );
      assert.match(problems[0]?.found ?? '', found);
      assert.match(problems[0]?.mend ?? '', mend);
      for (const problem of problems) {
        assert.ok(problem.why !== '' && problem.mend !== '');
        assert.doesNotMatch(`${problem.found}${problem.why}${problem.mend}`, /\n|undefined/);
        assert.notEqual(problem.severity, 'note');
      }
    });
  }
}
