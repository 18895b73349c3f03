/** The report of the doctor as text. */
import { isSerious } from '../node/problem.ts';
import { renderProblem } from '../node/render-problem.ts';
import type { Style } from '../style.ts';
import type { Checked } from './finding.ts';

export function renderExamination(checks: readonly Checked[], style: Style): string {
  const lines = checks.map(({ check, seen, findings }) => {
    const fine = findings.some(isSerious) ? '' : `${style.good('ok')}       ${style.bold(check)}: ${seen}\n`;
    return fine + findings.map((problem) => renderProblem(problem, style)).join('');
  });
  return `${lines.join('')}\n${summary(checks, style)}\n`;
}

function summary(checks: readonly Checked[], style: Style): string {
  const all = checks.flatMap(({ findings }) => findings);
  const count = (severity: string): number => all.filter((problem) => problem.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const checked = checks.length === 1 ? '1 check' : `${checks.length} checks`;
  if (errors + warnings === 0) return style.good(`${checked}, nothing is wrong.`);
  const parts = [
    ...(errors === 0 ? [] : [style.bad(`${errors} ${errors === 1 ? 'error' : 'errors'}`)]),
    ...(warnings === 0 ? [] : [style.warning(`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`)]),
  ];
  return `${checked}, ${parts.join(', ')}.`;
}
