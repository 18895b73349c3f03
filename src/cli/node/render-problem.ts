/** Problems as people read them. */
import type { Style } from '../style.ts';
import type { Problem } from './problem.ts';

/**
 *     error    BRIDGE_MISSING: bridge azure0 is gone
 *              pods and node are off the network until it is mended
 *              mend: azure-vnet repair
 */
export function renderProblem(problem: Problem, style: Style): string {
  const paint = { error: style.bad, warning: style.warning, note: style.dim }[problem.severity];
  const head = `${paint(problem.severity.padEnd(LABEL_COLUMNS - 1))} ${style.bold(problem.code)}: ${problem.found}`;
  const indent = ' '.repeat(LABEL_COLUMNS);
  const mend = problem.mend === '' ? '' : `${indent}mend: ${problem.mend}\n`;
  return `${head}\n${indent}${problem.why}\n${mend}`;
}

const LABEL_COLUMNS = 9;
