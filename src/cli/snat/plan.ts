/** From what a nat table has to what it should have: one input of iptables-restore, applied as a whole. */
import { type Cidr, cidrEquals, formatCidr } from '../../net/cidr.ts';
import { CHAIN, chainFor, type Present, rangesOfChain, ruleFor } from './rules.ts';

/** Lines between `*nat` and `COMMIT`; none when nothing is to be done. */
export function planApply(present: Present, ranges: readonly Cidr[]): string[] {
  const [only] = ranges;
  if (only === undefined) throw new Error('Internal error: no range to apply');
  return ranges.length === 1 ? planRule(present, only) : planChain(present, ranges);
}

/** Removes what is there for these ranges; all that is ours when `ranges` is undefined. */
export function planRemove(present: Present, ranges: readonly Cidr[] | undefined): string[] {
  if (ranges === undefined) return [...deleteRules(present.rules), ...deleteChain(present)];
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined) {
    return deleteRules(present.rules.filter(({ range }) => cidrEquals(range, only)));
  }
  return sameRanges(rangesOfChain(present.chain ?? []), ranges) ? deleteChain(present) : [];
}

/** What iptables-restore reads: `table` is replaced in these points only (-n), in one transaction. */
export function restoreInput(lines: readonly string[]): string {
  return ['*nat', ...lines, 'COMMIT', ''].join('\n');
}

/** What is there, for people; undefined when nothing is. */
export function describePresent({ rules, jumps, chain }: Present): string | undefined {
  const parts = rules.map(({ range }) => `a rule for everything but ${formatCidr(range)}`);
  if (chain !== undefined) {
    const ranges = rangesOfChain(chain);
    const what = ranges === undefined ? 'other rules than ours' : `returns for ${formatRanges(ranges)}`;
    const times = jumps === 1 ? '' : jumps === 0 ? ', but nothing goes there' : `, reached ${jumps} times`;
    parts.push(`chain ${CHAIN} with ${what}${times}`);
  }
  return parts.length === 0 ? undefined : parts.join('; ');
}

export function formatRanges(ranges: readonly Cidr[]): string {
  return ranges.map(formatCidr).join(', ');
}

export function sameRanges(a: readonly Cidr[] | undefined, b: readonly Cidr[]): boolean {
  return a !== undefined && formatRanges(a) === formatRanges(b);
}

/** The rule once; not its repetitions, nor a rule for another range, which would masquerade this one. */
function planRule(present: Present, range: Cidr): string[] {
  const wanted = present.rules.filter((rule) => cidrEquals(rule.range, range));
  const others = present.rules.filter((rule) => !cidrEquals(rule.range, range));
  return [
    ...(wanted.length === 0 ? [`-A POSTROUTING ${ruleFor(range)}`] : []),
    ...deleteRules([...wanted.slice(1), ...others]),
    ...deleteChain(present),
  ];
}

function planChain(present: Present, ranges: readonly Cidr[]): string[] {
  const { chain, jumps } = present;
  const isThere = chain !== undefined && sameRanges(rangesOfChain(chain), ranges);
  return [
    // With -n this makes the chain, or empties the one that is there.
    ...(isThere ? [] : [`:${CHAIN} - [0:0]`, ...chainFor(ranges)]),
    ...(jumps === 0 ? [`-A POSTROUTING -j ${CHAIN}`] : deleteJumps(jumps - 1)),
    ...deleteRules(present.rules),
  ];
}

function deleteRules(rules: Present['rules']): string[] {
  return rules.map(({ line }) => line.replace(/^-A/, '-D'));
}

function deleteChain({ chain, jumps }: Present): string[] {
  return chain === undefined ? [] : [...deleteJumps(jumps), `-F ${CHAIN}`, `-X ${CHAIN}`];
}

function deleteJumps(count: number): string[] {
  return Array.from({ length: count }, () => `-D POSTROUTING -j ${CHAIN}`);
}
