/** The ranges of the virtual network, of the cluster, of services and of Docker's bridge. */
import { type Cidr, cidrContains, formatCidr, networkOf, parseCidr } from '../../net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4 } from '../../net/ipv4.ts';
import { cidrCovers, cidrsOverlap } from '../../net/overlap.ts';
import { lastAddress } from '../addresses.ts';
import { type Field, valueOr } from '../read/field.ts';
import { DEFAULTS, type Facts } from './facts.ts';

/** Below these a subnet has too few addresses for nodes, and a service range more than kube-proxy can bear. */
const LEAST_HOST_BITS = 9;
const LEAST_SERVICE_PREFIX_BITS = 12;
const LEAST_VNET_PREFIX_BITS = 8;

export function checkRanges(facts: Facts): void {
  checkSizes(facts);
  checkVnet(facts);
  checkDisjoint(facts);
  checkForbidden(facts);
  checkDns(facts);
}

function checkSizes({ draft, report }: Facts): void {
  const { clusterSubnet, serviceCidr, vnetCidr } = draft.network;
  if (clusterSubnet.state === 'given' && 32 - clusterSubnet.value.prefixBits < LEAST_HOST_BITS) {
    const message = `clusterSubnet ${formatCidr(clusterSubnet.value)} is too small: at least ${LEAST_HOST_BITS} bits are for hosts, so /${32 - LEAST_HOST_BITS} or larger`;
    report.error('cluster-subnet-size', clusterSubnet.spot, message);
  }
  if (serviceCidr.state === 'given' && serviceCidr.value.prefixBits < LEAST_SERVICE_PREFIX_BITS) {
    report.warning(
      'service-range-size',
      serviceCidr.spot,
      `serviceCidr ${formatCidr(serviceCidr.value)} is larger than /${LEAST_SERVICE_PREFIX_BITS}, which Kubernetes refuses`,
    );
  }
  if (vnetCidr.state === 'given' && vnetCidr.value.prefixBits < LEAST_VNET_PREFIX_BITS) {
    report.warning(
      'vnet-size',
      vnetCidr.spot,
      `vnetCidr ${formatCidr(vnetCidr.value)} is larger than /${LEAST_VNET_PREFIX_BITS}, the largest that is supported`,
    );
  }
}

function checkVnet({ draft, report, customVnet, clusterSubnet, vnetCidr }: Facts): void {
  const { network, master } = draft;
  if (customVnet && network.vnetCidr.state === 'absent') {
    const message = `vnetCidr is missing: without it ${formatCidr(DEFAULTS.vnetCidr)} is taken for the VNet, and SNAT leaves all of that alone; write the address space of the VNet`;
    report.warning('vnet-cidr-missing', master.spot, message);
  }
  if (clusterSubnet === undefined || vnetCidr === undefined || cidrCovers(vnetCidr, clusterSubnet)) return;
  const named = network.clusterSubnet.state === 'absent' ? network.vnetCidr : network.clusterSubnet;
  const message = `clusterSubnet ${formatCidr(clusterSubnet)}${originOf(network.clusterSubnet, customVnet)} is not inside vnetCidr ${formatCidr(vnetCidr)}${originOf(network.vnetCidr)}`;
  report.error('subnet-outside-vnet', named.spot, message, otherOf('vnetCidr', network.vnetCidr, named));
}

interface Range {
  readonly name: string;
  readonly range: Cidr;
  readonly field: Field<unknown>;
  readonly origin: string;
}

/** Services, Docker's bridge and the VNet: a packet must not have two ways to go. */
function checkDisjoint({ draft, report, customVnet, clusterSubnet, vnetCidr }: Facts): void {
  const { network } = draft;
  const service = rangeOf(
    'serviceCidr',
    valueOr(network.serviceCidr, DEFAULTS.serviceCidr),
    network.serviceCidr,
  );
  const bridgeNet = valueOr(network.dockerBridge, DEFAULTS.dockerBridge);
  const bridge = rangeOf('dockerBridgeSubnet', bridgeNet && networkOf(bridgeNet), network.dockerBridge);
  const cluster = rangeOf('clusterSubnet', clusterSubnet, network.clusterSubnet, customVnet);
  const vnet = rangeOf('vnetCidr', vnetCidr, network.vnetCidr);
  const clash = (a: Range | undefined, b: Range | undefined) =>
    a !== undefined && b !== undefined && cidrsOverlap(a.range, b.range) ? { a, b } : undefined;
  for (const [own, code, advice] of [
    [service, 'service-range-overlap', serviceAdvice(vnetCidr, clusterSubnet, bridge?.range)],
    [bridge, 'docker-bridge-overlap', 'move one of them'],
  ] as const) {
    const found = clash(own, cluster) ?? clash(own, vnet);
    if (found === undefined) continue;
    // What is overlapped only in the VNet at large hurts when something is put there.
    const severe = found.b === cluster && found.a.field.state === 'given' && found.b.field.state === 'given';
    const field = found.a.field.state === 'given' ? found.a.field : found.b.field;
    const other = found.a.field.state === 'given' ? otherOf(found.b.name, found.b.field, field) : undefined;
    const message = `${shown(found.a)} overlaps ${shown(found.b)}, so addresses in both cannot be reached; ${advice}`;
    if (severe) report.error(code, field.spot, message, other);
    else if (found.a.field.state === 'absent' && found.b.field.state === 'absent')
      report.note(code, field.spot, message);
    else report.warning(code, field.spot, message, other);
  }
  const both = clash(service, bridge);
  if (both === undefined) return;
  const field = both.a.field.state === 'given' ? both.a.field : both.b.field;
  report.error(
    'docker-bridge-overlap',
    field.spot,
    `${shown(both.a)} overlaps ${shown(both.b)}; move one of them`,
    otherOf(both.b.name, both.b.field, field),
  );
}

/** A range for services that is free, as what to write. */
function serviceAdvice(...taken: readonly (Cidr | undefined)[]): string {
  const candidates = ['10.0.0.0/16', '10.2.0.0/16', '10.254.0.0/16', '172.20.0.0/16', '192.168.0.0/16'];
  for (const text of candidates) {
    const range = parseCidr(text);
    if (range === undefined || taken.some((one) => one !== undefined && cidrsOverlap(one, range))) continue;
    return `write "serviceCidr": "${text}", "dnsServiceIP": "${formatIpv4((range.base + 10) as Ipv4)}"`;
  }
  return 'choose a serviceCidr outside of them';
}

/** Why a range cannot be used; https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq */
const FORBIDDEN: readonly { readonly text: string; readonly why: string; readonly severe: boolean }[] = [
  { text: '127.0.0.0/8', why: 'is loopback', severe: true },
  { text: '169.254.0.0/16', why: 'is link-local, with the metadata service in it', severe: true },
  { text: '224.0.0.0/4', why: 'is multicast', severe: true },
  { text: '168.63.129.16/32', why: "is Azure's own, for DNS, DHCP and probes", severe: true },
  { text: '172.30.0.0/16', why: 'is kept by Azure Kubernetes services', severe: false },
  { text: '172.31.0.0/16', why: 'is kept by Azure Kubernetes services', severe: false },
  { text: '192.0.2.0/24', why: 'is kept by Azure Kubernetes services', severe: false },
];

function checkForbidden({ draft, report }: Facts): void {
  const { clusterSubnet, serviceCidr, vnetCidr } = draft.network;
  for (const [name, field] of [
    ['clusterSubnet', clusterSubnet],
    ['serviceCidr', serviceCidr],
    ['vnetCidr', vnetCidr],
  ] as const) {
    if (field.state !== 'given') continue;
    for (const { text, why, severe } of FORBIDDEN) {
      const range = parseCidr(text);
      if (range === undefined || !cidrsOverlap(range, field.value)) continue;
      const message = `${name} ${formatCidr(field.value)} overlaps ${text}, which ${why}; choose another range`;
      if (severe) report.error('forbidden-range', field.spot, message);
      else report.warning('forbidden-range', field.spot, message);
    }
  }
}

function checkDns({ draft, report }: Facts): void {
  const { serviceCidr, dnsServiceIp: dns } = draft.network;
  if ((serviceCidr.state === 'absent') !== (dns.state === 'absent')) {
    const [has, lacks] =
      dns.state === 'absent' ? ['serviceCidr', 'dnsServiceIP'] : ['dnsServiceIP', 'serviceCidr'];
    const { spot } = dns.state === 'absent' ? serviceCidr : dns;
    report.error('service-pair', spot, `${has} is given without ${lacks}; they go together`);
    return;
  }
  if (dns.state !== 'given' || serviceCidr.state !== 'given') return;
  const range = serviceCidr.value;
  const other = { label: 'serviceCidr is here', spot: serviceCidr.spot };
  const address = formatIpv4(dns.value);
  if (!cidrContains(range, dns.value)) {
    report.error(
      'dns-service-ip',
      dns.spot,
      `dnsServiceIP ${address} is not inside serviceCidr ${formatCidr(range)}`,
      other,
    );
  } else if (dns.value === lastAddress(range) || dns.value === range.base) {
    report.error(
      'dns-service-ip',
      dns.spot,
      `dnsServiceIP ${address} is the first or the last of serviceCidr ${formatCidr(range)}; no service has it`,
      other,
    );
  } else if (dns.value === offsetIpv4(range.base, 1)) {
    report.error(
      'dns-service-ip',
      dns.spot,
      `dnsServiceIP ${address} is the first address of serviceCidr, which the service "kubernetes" has`,
      other,
    );
  }
}

function rangeOf(
  name: string,
  range: Cidr | undefined,
  field: Field<unknown>,
  fromOption = false,
): Range | undefined {
  return range === undefined ? undefined : { name, range, field, origin: originOf(field, fromOption) };
}

function shown({ name, range, origin }: Range): string {
  return `${name} ${formatCidr(range)}${origin}`;
}

/** Where a range is from that is not written. */
function originOf(field: Field<unknown>, fromOption = false): string {
  if (field.state !== 'absent') return '';
  return fromOption ? ' (--subnet)' : ' (the default)';
}

/** The second place of a conflict, when it is written somewhere else. */
function otherOf(name: string, field: Field<unknown>, named: Field<unknown>) {
  return field.state === 'given' && field !== named
    ? { label: `${name} is here`, spot: field.spot }
    : undefined;
}
