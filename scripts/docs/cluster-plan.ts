/** docs/cluster-plan.svg: the picture that `azure-vnet cluster plan --svg` makes of an example. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planPicture } from '../../src/cluster/picture.ts';
import { planAddresses } from '../../src/cluster/plan-addresses.ts';
import { readDefinition } from '../../src/cluster/read-definition.ts';
import { ROOT } from '../build/paths.ts';

export const PICTURE = join(ROOT, 'docs/cluster-plan.svg');
const EXAMPLE = join(ROOT, 'examples/cluster/two-pools.json');

export function clusterPlanPicture(): string {
  const { definition } = readDefinition(readFileSync(EXAMPLE, 'utf8'));
  if (definition === undefined) throw new Error(`${EXAMPLE} has errors`);
  return planPicture(planAddresses(definition));
}
