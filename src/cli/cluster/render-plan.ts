/** The address plan for a terminal. */
import type { AddressPlan, PlannedNode, SubnetPlan } from '../../cluster/plan.ts';
import { formatRange } from '../../cluster/plan-document.ts';
import { rangesOf } from '../../cluster/plan-subnet.ts';
import { summaryOf } from '../../cluster/summary.ts';
import { formatCidr, gatewayOf } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';

/** Nodes, then what is left of the subnets. */
export function renderPlan(plan: AddressPlan, style: Style): string {
  const heads = ['NODE', 'NIC', 'SUBNET', 'OWN ADDRESS', 'ADDRESSES OF PODS', 'PODS', 'BY'];
  const rows = plan.nodes.map((node) => [
    node.name,
    node.nic.name,
    node.nic.subnet.name,
    ownAddress(node),
    podAddresses(node),
    String(node.maxPods),
    node.nic.ipConfigs[0]?.allocation === 'Dynamic' ? 'Azure' : 'this plan',
  ]);
  return [
    headOf(plan),
    table([heads.map((head) => style.bold(head)), ...rows]),
    ...plan.subnets.map((subnet) => renderSubnet(subnet, style)),
  ].join('\n');
}

/** One line for every ipconfig of every NIC. */
export function renderAddresses(plan: AddressPlan, style: Style): string {
  const heads = ['ADDRESS', 'NODE', 'NIC', 'IPCONFIG', 'FOR', 'BY'];
  const rows = plan.nodes.flatMap(({ name, nic }) =>
    nic.ipConfigs.map((one) => [
      formatIpv4(one.address),
      name,
      nic.name,
      one.name,
      one.primary ? 'node' : 'pod',
      one.allocation === 'Dynamic' ? 'Azure' : 'this plan',
    ]),
  );
  const balancer = plan.internalLoadBalancer;
  if (balancer !== undefined)
    rows.push([formatIpv4(balancer.address), '-', '-', '-', 'internal load balancer', 'this plan']);
  return table([heads.map((head) => style.bold(head)), ...rows]);
}

function headOf({ clusterId, nodes, apiServer, internalLoadBalancer, vnetCidr }: AddressPlan): string {
  const masters = nodes.filter(({ role }) => role === 'master').length;
  const by = internalLoadBalancer === undefined ? 'the master' : 'the internal load balancer';
  return (
    `cluster ${clusterId} in VNet ${formatCidr(vnetCidr)}: ${plural(masters, 'master')}, ` +
    `${plural(nodes.length - masters, 'agent')}; the API is at ${formatIpv4(apiServer)}, ${by}\n`
  );
}

function renderSubnet(subnet: SubnetPlan, style: Style): string {
  const { name, cidr } = subnet.subnet;
  const gateway = gatewayOf(cidr);
  const [use, growth] = summaryOf(subnet);
  const free = subnet.free.slice(0, MAX_SHOWN_RANGES).map(formatRange).join(', ');
  const more = subnet.free.length > MAX_SHOWN_RANGES ? ', …' : '';
  return [
    style.bold(
      `subnet ${name} ${formatCidr(cidr)}${gateway === undefined ? '' : `, gateway ${formatIpv4(gateway)}`}`,
    ),
    `  ${use}`,
    `  ${subnet.headroom.surgeFits ? growth : style.warning(growth)}`,
    ...(free === '' ? [] : [`  free: ${free}${more}`]),
    '',
  ].join('\n');
}

const MAX_SHOWN_RANGES = 6;

function ownAddress({ nic }: PlannedNode): string {
  const own = nic.ipConfigs.find(({ primary }) => primary);
  return own === undefined ? '-' : formatIpv4(own.address);
}

function podAddresses({ nic }: PlannedNode): string {
  const pods = nic.ipConfigs.filter(({ primary }) => !primary).map(({ address }) => address);
  return rangesOf(pods).map(formatRange).join(', ') || '-';
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
