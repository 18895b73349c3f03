/** What repair did, as people read it. */
import type { Problem } from '../node/problem.ts';
import { renderProblem } from '../node/render-problem.ts';
import type { Style } from '../style.ts';

export interface RepairReport {
  readonly dryRun: boolean;
  readonly mended: readonly Problem[];
  /** What is wrong now. */
  readonly left: readonly Problem[];
  /** Steps that failed, each one line. */
  readonly failures: readonly string[];
  /** What was noted on the way. */
  readonly notes: readonly string[];
}

export function renderRepair(report: RepairReport, style: Style): string {
  const { dryRun, mended, left, failures, notes } = report;
  if (dryRun) return renderDryRun(left, style);
  if (mended.length + left.length + failures.length === 0) return 'Nothing to repair.\n';
  return [
    ...mended.map(({ code, found }) => `${style.good('mended')} ${style.bold(code)}: ${found}\n`),
    ...failures.map((text) => `${style.bad('failed')} ${text}\n`),
    ...left.map((problem) => `${style.bad('left')}\n${renderProblem(problem, style)}`),
    ...notes.map((text) => `${style.dim('note')} ${text}\n`),
  ].join('');
}

function renderDryRun(problems: readonly Problem[], style: Style): string {
  if (problems.length === 0) return 'Nothing to repair.\n';
  return problems
    .map((problem) =>
      problem.mend === REPAIR
        ? `would mend ${style.bold(problem.code)}: ${problem.found}\n`
        : `would not mend ${style.bold(problem.code)}: ${problem.found}; mend: ${problem.mend}\n`,
    )
    .join('');
}

const REPAIR = 'azure-vnet repair';
