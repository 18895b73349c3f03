/** Which rule of a test is for a call. */
import type { ControlRule } from './state.ts';

/** `count` tells how often the rule's calls have been made before, and counts this one. */
export function ruleFor(
  call: string,
  rules: readonly ControlRule[],
  count: (rule: string) => number,
): ControlRule | undefined {
  for (const [index, rule] of rules.entries()) {
    if (!call.startsWith(rule.call)) continue;
    const before = count(`${index} ${rule.call}`);
    const { after = 0, times = Number.POSITIVE_INFINITY } = rule;
    if (before >= after && before < after + times) return rule;
  }
  return undefined;
}
