/** Checks "forwarding" and "internet": what happens to pods' packets in the host's IPv4 stack. */
import { type Cidr, cidrContains, formatCidr, maskOf, networkOf, parseIpv4Net } from '../../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../../net/ipv4.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

/** One iptables and its rules: there may be two, with rules of their own. */
export interface IptablesFacts {
  /** As it is called: iptables, iptables-nft, iptables-legacy. */
  readonly program: string;
  /** Lines of `-S FORWARD`. */
  readonly forward: readonly string[];
  /** Lines of `-t nat -S`. */
  readonly nat: readonly string[];
}

export interface FirewallFacts {
  readonly iptables: readonly IptablesFacts[];
  /** What could not be asked, each one line. */
  readonly unasked: readonly string[];
  /** net.ipv4.ip_forward; absent when it cannot be read. */
  readonly ipForward?: string;
  /** net.bridge.bridge-nf-call-iptables; absent when br_netfilter is not loaded. */
  readonly bridgeNetfilter?: string;
  /** Subnets of pods and bridges, as far as they are known. */
  readonly subnets: readonly Cidr[];
  readonly bridges: readonly string[];
}

export function checkForwarding(facts: FirewallFacts): Checked {
  const { ipForward, bridgeNetfilter } = facts;
  const findings: Problem[] = unasked(facts);
  if (ipForward !== '1') {
    findings.push(
      finding('warning', 'IP_FORWARD_OFF', {
        found: `net.ipv4.ip_forward is ${ipForward ?? 'not there'}`,
        why: 'host ports (portmap) do not reach pods',
        mend: 'sysctl -w net.ipv4.ip_forward=1',
      }),
    );
  }
  if (bridgeNetfilter !== '1') {
    const found =
      bridgeNetfilter === undefined
        ? 'br_netfilter is not loaded'
        : `net.bridge.bridge-nf-call-iptables is ${bridgeNetfilter}`;
    findings.push(
      finding('warning', 'BR_NETFILTER_OFF', {
        found,
        why: 'iptables does not see what crosses the bridge: pods reach neither the internet nor Services',
        mend: 'modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1',
      }),
    );
  }
  for (const program of closedPrograms(facts)) {
    findings.push(
      finding(bridgeNetfilter === '1' ? 'error' : 'warning', 'FORWARD_DROP', {
        found: `the policy of chain FORWARD is DROP (${program} -S FORWARD), and no rule accepts what pods send`,
        why: 'frames of pods that cross the bridge and host ports are dropped; Docker sets this policy',
        mend: `${program} -P FORWARD ACCEPT`,
      }),
    );
  }
  return { check: 'forwarding', seen: 'ip_forward 1, br_netfilter 1, FORWARD lets pods pass', findings };
}

/** Every iptables whose chain FORWARD drops what pods send. */
export function closedPrograms(facts: FirewallFacts): string[] {
  return facts.iptables
    .filter(({ forward }) => forward.includes('-P FORWARD DROP') && !isOpen(forward, facts))
    .map(({ program }) => program);
}

export function checkInternet(facts: FirewallFacts): Checked {
  const masks = facts.iptables.some(({ nat }) => nat.some((line) => masquerades(line, facts)));
  const findings: Problem[] =
    masks || facts.iptables.length === 0
      ? []
      : [
          finding('warning', 'SNAT_MISSING', {
            found: 'no rule of table nat gives packets of pods the address of the node',
            why: 'Azure drops packets to the internet whose source is a secondary address',
            mend: `azure-vnet snat apply --cidr ${vnetRange(facts.subnets)}`,
          }),
        ];
  return { check: 'internet', seen: 'a rule masquerades packets of pods to the internet', findings };
}

function unasked({ unasked: list, iptables }: FirewallFacts): Problem[] {
  const missing =
    iptables.length > 0 || list.length > 0
      ? []
      : [
          finding('warning', 'IPTABLES_MISSING', {
            found: 'iptables is not installed',
            why: 'portmap needs it for host ports, and the internet for masquerading',
            mend: 'apt-get install iptables',
          }),
        ];
  return [
    ...missing,
    ...list.map((text) =>
      finding('warning', 'IPTABLES_UNASKED', {
        found: text,
        why: 'whether packets of pods pass is not known',
        mend: text.split(':')[0] ?? '',
      }),
    ),
  ];
}

/** True when rules accept everything, everything across or from and to the bridges, or from and to the subnets. */
function isOpen(forward: readonly string[], { bridges, subnets }: FirewallFacts): boolean {
  const accepted = forward.flatMap(
    (line) =>
      /^-A FORWARD (?:(.+) )?-j ACCEPT$/.exec(line)?.[1] ?? (line === '-A FORWARD -j ACCEPT' ? '' : []),
  );
  if (accepted.includes('')) return true;
  const both = (of: (side: 'in' | 'out') => (match: string) => boolean) =>
    accepted.some(of('in')) && accepted.some(of('out'));
  const byBridge = bridges.every(
    (bridge) =>
      accepted.includes(acrossBridge(bridge).join(' ')) ||
      both((side) => (match) => match === `${side === 'in' ? '-i' : '-o'} ${bridge}`),
  );
  const bySubnet = subnets.every((subnet) =>
    both(
      (side) => (match) =>
        covers(new RegExp(`^${side === 'in' ? '-s' : '-d'} (\\S+)$`).exec(match)?.[1], subnet),
    ),
  );
  return (bridges.length > 0 && byBridge) || (subnets.length > 0 && bySubnet);
}

/** Of a rule for what comes in by a bridge and leaves by it: packets of pods, host ports, and nothing that is routed. */
export function acrossBridge(bridge: string): string[] {
  return ['-i', bridge, '-o', bridge];
}

/** A rule that can be meant for pods: not for marked packets, other interfaces or other sources. */
function masquerades(line: string, { bridges, subnets }: FirewallFacts): boolean {
  if (!/ -j (MASQUERADE|SNAT)\b/.test(line) || / --mark /.test(line)) return false;
  const [, negatedOut, out] = / (! )?-o (\S+)/.exec(line) ?? [];
  if (out !== undefined && negatedOut === undefined && !bridges.includes(out)) return false;
  const [, negated, source] = / (! )?-s (\S+)/.exec(line) ?? [];
  return source === undefined || negated !== undefined || subnets.some((subnet) => covers(source, subnet));
}

function covers(text: string | undefined, subnet: Cidr): boolean {
  const net = text === undefined ? undefined : parseIpv4Net(text.includes('/') ? text : `${text}/32`);
  return (
    net !== undefined && net.prefixBits <= subnet.prefixBits && cidrContains(networkOf(net), subnet.base)
  );
}

/** The private range (RFC 1918) around the subnet, or the subnet: what is not the internet. */
function vnetRange([subnet]: readonly Cidr[]): string {
  if (subnet === undefined) return '10.0.0.0/8';
  const around = PRIVATE_RANGES.find(([base, prefixBits]) => {
    const network = parseIpv4(base) ?? (0 as Ipv4);
    return (subnet.base & maskOf(prefixBits)) >>> 0 === network && subnet.prefixBits >= prefixBits;
  });
  return around === undefined ? formatCidr(subnet) : around.join('/');
}

const PRIVATE_RANGES = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const;
