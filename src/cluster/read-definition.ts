/** Text → findings and, when none of them is an error, the definition. */
import type { ClusterDefinition, ClusterLayout } from './definition.ts';
import { type Finding, hasErrors } from './finding.ts';
import { layoutOf, leavesPlan } from './layout.ts';
import type { ValidationOptions } from './options.ts';
import { draftOf } from './read/draft-of.ts';
import { MAX_DEFINITION_BYTES, parseDocument } from './read/parse.ts';
import { Report } from './read/report.ts';
import { Source } from './read/source.ts';
import { checkAccounts } from './rules/accounts.ts';
import { checkCapacity } from './rules/capacity.ts';
import { type Facts, factsOf } from './rules/facts.ts';
import { checkKubernetes } from './rules/kubernetes.ts';
import { checkMasters } from './rules/masters.ts';
import { checkPools } from './rules/pools.ts';
import { checkRanges } from './rules/ranges.ts';
import { checkSubnets } from './rules/subnets.ts';
import { settle } from './settle.ts';

export interface ReadOptions extends ValidationOptions {
  /** What the findings call the file; `-` is stdin. */
  readonly file?: string;
}

export interface ReadResult {
  /** In the order of the file: everything there is to say, not only the first. */
  readonly findings: readonly Finding[];
  /** Present when no finding is an error. */
  readonly definition?: ClusterDefinition;
  /** What can be planned: present also when the only errors are placeholders that no address depends on. */
  readonly layout?: ClusterLayout;
}

const RULES: readonly ((facts: Facts) => void)[] = [
  checkKubernetes,
  checkRanges,
  checkSubnets,
  checkMasters,
  checkPools,
  checkCapacity,
  checkAccounts,
];

/**
 * Reads a cluster definition: JSON with comments, also as documentation prints it. Never throws for any text.
 * Larger ones than 256 KiB are refused unread.
 */
export function readDefinition(text: string, options: ReadOptions = {}): ReadResult {
  const file = options.file ?? '-';
  // A character takes one to three bytes per UTF-16 unit; whoever reads files looks at their size first.
  if (text.length > MAX_DEFINITION_BYTES) return { findings: [tooLarge(file, text.length)] };
  const report = new Report(new Source(file, text));
  const document = parseDocument(report);
  const draft = document && draftOf(report, document);
  if (draft === undefined) return { findings: report.findings() };
  const facts = factsOf(draft, report, options);
  for (const check of RULES) check(facts);
  const findings = report.findings();
  const isPlannable = findings.every((finding) => finding.severity !== 'error' || leavesPlan(finding));
  const layout = isPlannable ? layoutOf(facts) : undefined;
  if (layout === undefined) {
    if (!hasErrors(findings)) throw new Error('Internal error: a definition without errors has no layout');
    return { findings };
  }
  return hasErrors(findings) ? { findings, layout } : { findings, layout, definition: settle(facts, layout) };
}

/** The finding for what is too large to be read; `size` in bytes. */
export function tooLarge(file: string, size: number): Finding {
  return {
    code: 'too-large',
    severity: 'error',
    message: `there are ${size} bytes or more; a cluster definition has a few thousand, and at most ${MAX_DEFINITION_BYTES} are read`,
    place: { file, line: 1, column: 1, sourceLine: '', pointerStart: 0, pointerLength: 1, path: '' },
  };
}
