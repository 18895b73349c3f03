/** Carries a plan out, or shows it. */
import { type Call, DRY_RUN_FLAG, STATUS_PROBLEMS } from '../command.ts';
import { restore, restoreArgv, type Variant } from './iptables.ts';
import { restoreInput } from './plan.ts';

export interface Step {
  readonly variant: Variant;
  readonly lines: readonly string[];
}

/** False when iptables refused; it has said why. */
export function carryOut(call: Call, steps: readonly Step[]): boolean {
  const { sys, out, log } = call;
  const due = steps.filter(({ lines }) => lines.length > 0);
  if (due.length === 0) out.print('nothing to do in iptables\n');
  for (const { variant, lines } of due) {
    const what = restoreArgv(variant).join(' ');
    if (isDry(call)) {
      out.print(`would run ${what} with\n${indent(restoreInput(lines))}`);
      continue;
    }
    log.note('info', `${what}: ${lines.join(' ; ')}`);
    const ended = restore(sys, variant, lines);
    if (!ended.ok) {
      fail(call, ended.error);
      return false;
    }
    out.print(lines.map((line) => `${variant.program} -t nat: ${line}\n`).join(''));
  }
  return true;
}

export function isDry({ given }: Call): boolean {
  return given.switches.has(DRY_RUN_FLAG.name);
}

export function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ').concat('\n');
}

/** Complains and returns the exit status. */
export function fail({ out, log }: Call, text: string): number {
  log.set('error', text);
  out.complain(`azure-vnet: ${text}\n`);
  return STATUS_PROBLEMS;
}
