/** What was removed, or would be, as people read it. */
import type { Style } from '../style.ts';
import { describeRemains, type Remains } from './remains.ts';

export interface Removal {
  readonly remains: Remains;
  readonly failure?: { readonly message: string };
}

export function renderRemovals(removals: readonly Removal[], dryRun: boolean, style: Style): string {
  if (removals.length === 0) return 'Nothing to remove.\n';
  return removals
    .map(({ remains, failure }) => {
      const what = `${describeRemains(remains)}: ${remains.why}`;
      if (dryRun) return `would remove ${what}\n`;
      if (failure === undefined) return `${style.good('removed')} ${what}\n`;
      return `${style.bad('could not remove')} ${describeRemains(remains)}: ${failure.message}\n`;
    })
    .join('');
}
