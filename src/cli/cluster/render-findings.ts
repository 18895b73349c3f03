/** Findings for a terminal, each with its line and a pointer under the value, and as a document. */
import type { Finding, Place, Severity } from '../../cluster/finding.ts';
import type { Style } from '../style.ts';

/** `file:line:column`, which editors and terminals make a link of. */
export function renderFindings(findings: readonly Finding[], style: Style): string {
  return findings.map((finding) => renderFinding(finding, style)).join('\n');
}

/** A placeholder where the addresses are planned all the same. */
export function renderUnfilled({ message, place }: Finding): string {
  return `${positionOf(place)}: note: ${message}; no address depends on it\n`;
}

function renderFinding({ code, severity, message, place, other }: Finding, style: Style): string {
  const colour = colourOf(severity, style);
  const head = `${style.bold(positionOf(place))}: ${colour(`${severity}:`)} ${message} ${style.dim(`[${code}]`)}\n`;
  const second =
    other === undefined
      ? ''
      : `  ${positionOf(other.place)}: ${other.label}\n${excerpt(other.place, style.dim)}`;
  return `${head}${excerpt(place, colour)}${second}`;
}

function colourOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'error') return style.bad;
  return severity === 'warning' ? style.warning : style.dim;
}

function positionOf({ file, line, column }: Place): string {
  return `${file === '-' ? '<stdin>' : file}:${line}:${column}`;
}

/** The line of the file, and a second one with the pointer. */
function excerpt(
  { line, sourceLine, pointerStart, pointerLength }: Place,
  paint: (text: string) => string,
): string {
  if (sourceLine.trim() === '') return '';
  const number = String(line).padStart(5);
  const characters = [...sourceLine];
  const before = characters.slice(0, pointerStart).map(blankOf).join('');
  const width = characters
    .slice(pointerStart, pointerStart + pointerLength)
    .map(blankOf)
    .join('').length;
  return `${number} | ${sourceLine}\n      | ${before}${paint('^'.repeat(Math.max(1, width)))}\n`;
}

/** White space as wide as the character: tabs stay tabs, letters of East Asia take two columns. */
function blankOf(character: string): string {
  if (character === '\t') return character;
  return WIDE.test(character) ? '  ' : ' ';
}

/** Unicode Standard Annex 11, the blocks that are wide without exception. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** `2 errors, 1 warning`; empty when there is nothing. */
export function countsOf(findings: readonly Finding[]): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return counts.join(', ');
}

/** What --json prints of findings. */
export function findingDocument({ code, severity, message, place, other }: Finding): object {
  return {
    code,
    severity,
    message,
    ...placeDocument(place),
    other: other === undefined ? null : { label: other.label, ...placeDocument(other.place) },
  };
}

function placeDocument({ file, line, column, path, sourceLine }: Place): object {
  return { file, line, column, path, sourceLine };
}
