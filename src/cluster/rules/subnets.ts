/** vnetSubnetID of masters and pools. */
import { formatCidr } from '../../net/cidr.ts';
import { cidrCovers, cidrsOverlap } from '../../net/overlap.ts';
import type { Draft } from '../read/draft.ts';
import type { Field } from '../read/field.ts';
import type { Report } from '../read/report.ts';
import { differingPart, formatVnetId, isPlaceholder, type SubnetId } from '../subnet-id.ts';
import type { Facts } from './facts.ts';

export function checkSubnets(facts: Facts): void {
  checkAllOrNone(facts);
  checkScaleSetMasters(facts);
  checkSameVnet(facts);
  checkRangesOfSubnets(facts);
}

/** Every profile names a subnet, or none does. */
function checkAllOrNone({ draft, report, customVnet }: Facts): void {
  const { master, pools } = draft;
  for (const { subnetId, spot } of pools) {
    if (customVnet && subnetId.state === 'absent' && master.agentSubnetId.state === 'absent') {
      const other = { label: 'the masters have one', spot: master.subnetId.spot };
      report.error(
        'subnet-missing',
        spot,
        'vnetSubnetID is missing: the masters are in a VNet of your own, so the pool must be as well; write the id of its subnet',
        other,
      );
    } else if (!customVnet && subnetId.state !== 'absent') {
      const other = { label: 'masterProfile is here', spot: master.spot };
      report.error(
        'subnet-missing',
        subnetId.spot,
        'the pool is in a VNet of your own and the masters are not; write a vnetSubnetID in masterProfile as well',
        other,
      );
    }
  }
}

function checkScaleSetMasters({ draft, report, groups, customVnet }: Facts): void {
  const { master } = draft;
  const inScaleSet = groups[0]?.availability === 'VirtualMachineScaleSets';
  if (inScaleSet && customVnet && master.agentSubnetId.state === 'absent') {
    report.error(
      'agent-subnet',
      master.spot,
      'agentVnetSubnetID is missing: masters in a scale set and agents need subnets of their own in a custom VNet',
    );
  } else if (!inScaleSet && master.agentSubnetId.state === 'given') {
    report.error(
      'agent-subnet',
      master.agentSubnetId.spot,
      'agentVnetSubnetID is for masters in a scale set only; leave it out',
    );
  }
}

function checkSameVnet({ draft, report }: Facts): void {
  const { subnetId, agentSubnetId } = draft.master;
  if (subnetId.state !== 'given') return;
  const vnet = formatVnetId(subnetId.value);
  const other = { label: "the masters' subnet is here", spot: subnetId.spot };
  for (const field of [agentSubnetId, ...draft.pools.map((pool) => pool.subnetId)]) {
    if (field.state !== 'given') continue;
    const part = differingPart(field.value, subnetId.value);
    const own = formatVnetId(field.value);
    if (part !== undefined) {
      report.error(
        'several-vnets',
        field.spot,
        `the ${PART_NAMES[part]} is "${field.value[part]}", that of the masters "${subnetId.value[part]}"; ` +
          'all subnets of a cluster are in one VNet',
        other,
      );
    } else if (own !== vnet && !isPlaceholder(own) && !isPlaceholder(vnet)) {
      report.warning(
        'letter-case',
        field.spot,
        'acs-engine takes this for another VNet, since the letters differ in case; Azure does not',
        other,
      );
    }
  }
}

const PART_NAMES = { subscription: 'subscription', resourceGroup: 'resource group', vnet: 'VNet' } as const;

/** With more than one subnet, the definition has no field for the ranges of the others. */
function checkRangesOfSubnets({ report, subnets, options, vnetCidr, draft }: Facts): void {
  for (const name of options.subnets?.keys() ?? []) {
    if (subnets.some((subnet) => subnet.name.toLowerCase() === name)) continue;
    const named = subnets.map((subnet) => subnet.name).join(', ');
    report.error(
      'unknown-subnet',
      draft.master.subnetId.spot,
      `a range is given for subnet "${name}", which no profile is in; there are: ${named}`,
    );
  }
  for (const [index, { name, cidr, field }] of subnets.entries()) {
    if (cidr === undefined) {
      reportUnknownRange(report, draft, name, field, index === 0);
      continue;
    }
    if (index > 0 && vnetCidr !== undefined && !cidrCovers(vnetCidr, cidr)) {
      report.error(
        'subnet-outside-vnet',
        field.spot,
        `subnet "${name}" ${formatCidr(cidr)} is not inside vnetCidr ${formatCidr(vnetCidr)}`,
      );
    }
    for (const before of subnets.slice(0, index)) {
      if (before.cidr === undefined || !cidrsOverlap(before.cidr, cidr)) continue;
      const other = { label: `subnet "${before.name}" is here`, spot: before.field.spot };
      report.error(
        'subnets-overlap',
        field.spot,
        `subnet "${name}" ${formatCidr(cidr)} overlaps subnet "${before.name}" ${formatCidr(before.cidr)}`,
        other,
      );
    }
  }
}

/** What is written and wrong has been said already. */
function reportUnknownRange(
  report: Report,
  { network }: Draft,
  name: string,
  field: Field<SubnetId>,
  isMasters: boolean,
): void {
  if (field.state !== 'given' || (isMasters && network.clusterSubnet.state !== 'absent')) return;
  const how = isMasters ? 'write it as clusterSubnet, or give it' : 'give it';
  const message = `the range of subnet "${name}" is not in the definition, so its addresses cannot be planned; ${how} with --subnet ${name}=RANGE`;
  report.error('subnet-range-missing', field.spot, message);
}
