/** Check "kernel": what an ADD needs of it. */
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

export interface KernelFacts {
  /** `ok`, or the errno name with which the kernel refuses it. */
  readonly nfTables: string;
  readonly veth: string;
  readonly bridge: string;
}

const FEATURES = [
  { key: 'nfTables', what: 'nf_tables for bridges', modules: 'nf_tables' },
  { key: 'veth', what: 'veth pairs', modules: 'veth' },
  { key: 'bridge', what: 'bridges', modules: 'bridge' },
] as const;

export function checkKernel(facts: KernelFacts): Checked {
  const findings = FEATURES.flatMap(({ key, what, modules }): Problem[] => {
    const answer = facts[key];
    if (answer === 'ok') return [];
    return [
      finding('error', 'KERNEL_FEATURE', {
        found: `the kernel has no ${what}: ${answer}`,
        why: 'no pod can be attached without',
        mend: `modprobe ${modules}`,
      }),
    ];
  });
  return { check: 'kernel', seen: FEATURES.map(({ what }) => what).join(', '), findings };
}
