/** What is wrong with a network: its bridge, its NIC, the node's addresses, the rules. */
import { formatIpv4Net } from '../../net/cidr.ts';
import type { NetworkFacts, NodeFacts } from './facts.ts';
import type { Problem } from './problem.ts';

const REPAIR = 'azure-vnet repair';
const CUT_OFF = 'pods and node are off the network until it is mended; the next ADD mends it too';

export function networkProblems(facts: NodeFacts): Problem[] {
  const interrupted = facts.interruptedMoves.map((bridge) =>
    broken(
      'MOVE_INTERRUPTED',
      `the move of the node's addresses to ${bridge} was interrupted`,
      'the node may have lost its address',
    ),
  );
  const { netfilterError } = facts;
  const unreadable =
    netfilterError === undefined
      ? []
      : [
          {
            ...broken(
              'NETFILTER_UNREADABLE',
              `the kernel refuses to list table bridge azure-vnet: ${netfilterError}`,
              'without nf_tables for bridges no pod can be attached',
            ),
            mend: 'modprobe -a nf_tables nft_meta_bridge',
          },
        ];
  const parts = facts.networks.flatMap((network) => [
    ...bridgeProblems(network),
    ...nicProblems(network),
    ...addressProblems(network),
    ...(netfilterError === undefined ? ruleProblems(network) : []),
  ]);
  return [...interrupted, ...unreadable, ...unrecorded(facts), ...parts];
}

/** Bridges that took a NIC's place, or have pods, and belong to no network that is on record. */
function unrecorded({ hosts, bridges, networks, strayLinks }: NodeFacts): Problem[] {
  const withPods = bridges.filter(({ link }) =>
    strayLinks.some(({ masterIndex }) => masterIndex === link.index),
  );
  const names = new Set([...hosts.map(({ bridge }) => bridge), ...withPods.map(({ link }) => link.name)]);
  const recorded = networks.map(({ record }) => record.bridge);
  return [...names]
    .filter((name) => !recorded.includes(name))
    .map((name) => ({
      code: 'NETWORK_UNRECORDED',
      severity: 'warning',
      found: `bridge ${name} is ours, but the record of its network is gone`,
      why: 'its pods are connected, but nobody looks after them; the next ADD mends it too',
      mend: REPAIR,
    }));
}

function bridgeProblems({ record, bridge }: NetworkFacts): Problem[] {
  const name = record.bridge;
  if (bridge === undefined) return [broken('BRIDGE_MISSING', `bridge ${name} is gone`, CUT_OFF)];
  if (bridge.kind !== 'bridge') {
    const what = `${name} is a ${bridge.kind ?? 'NIC'}, not a bridge`;
    return [
      {
        ...broken('BRIDGE_MISSING', what, CUT_OFF),
        mend: `ip link set ${name} name ${name}old && ${REPAIR}`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (!bridge.up) problems.push(broken('BRIDGE_DOWN', `bridge ${name} is down`, CUT_OFF));
  if (bridge.mac !== record.nicMac) {
    const found = `bridge ${name} has the MAC address ${bridge.mac ?? 'none'}, its NIC ${record.nicMac}`;
    problems.push(
      broken('BRIDGE_MAC', found, 'Azure drops frames with any other address than that of the NIC'),
    );
  }
  return problems;
}

function nicProblems({ record, bridge, nic }: NetworkFacts): Problem[] {
  if (nic === undefined) {
    const found = `NIC ${record.nic} with the MAC address ${record.nicMac} is gone`;
    const why = 'the bridge has no way out';
    return [{ ...broken('NIC_MISSING', found, why), mend: `attach the NIC again, then ${REPAIR}` }];
  }
  const problems: Problem[] = [];
  if (!nic.up) {
    problems.push({
      ...broken('NIC_DOWN', `${nic.name} is down`, CUT_OFF),
      mend: `ip link set ${nic.name} up`,
    });
  }
  if (bridge?.kind === 'bridge' && nic.masterIndex !== bridge.index) {
    problems.push(broken('NIC_NOT_PORT', `${nic.name} is not a port of ${bridge.name}`, CUT_OFF));
  }
  if (nic.name !== record.nic || nic.index !== record.nicIndex) {
    const found = `the NIC of ${record.bridge} was ${record.nic} (index ${record.nicIndex}) and is ${nic.name} (index ${nic.index})`;
    problems.push(
      broken('NIC_RENAMED', found, 'the rules name the NIC by its index, the records by its name'),
    );
  }
  return problems;
}

function addressProblems(network: NetworkFacts): Problem[] {
  const { record, bridge, nic, bridgeAddresses, nicAddresses, nodeAddresses } = network;
  const onBoth = nicAddresses.filter((net) => bridgeAddresses.some(({ address }) => address === net.address));
  const onNic = nicAddresses.map(formatIpv4Net).join(', ');
  const problems: Problem[] = [];
  if (bridge?.kind === 'bridge' && nic !== undefined && nicAddresses.length > 0) {
    const again = onBoth.length > 0 ? ' again' : '';
    problems.push(
      broken(
        'NIC_HAS_ADDRESS',
        `${nic.name} has ${onNic}${again}, which belongs on ${record.bridge}`,
        'replies leave through a port of the bridge and are lost; a DHCP client or network manager put it there',
      ),
    );
  }
  const lost = nodeAddresses.filter(
    (net) => ![...bridgeAddresses, ...nicAddresses].some(({ address }) => address === net.address),
  );
  if (bridge?.kind === 'bridge' && lost.length > 0 && lost.length === nodeAddresses.length) {
    const found = `the node's address ${lost.map(formatIpv4Net).join(', ')} is gone from ${record.bridge}`;
    problems.push(broken('NODE_ADDRESS_MISSING', found, 'the node cannot be reached'));
  }
  return problems;
}

function ruleProblems({ record, rulesComplete }: NetworkFacts): Problem[] {
  if (rulesComplete) return [];
  const found = `the layer-2 rules of ${record.bridge} are not complete (nft list table bridge azure-vnet)`;
  return [broken('RULES_INCOMPLETE', found, 'Azure drops the frames of pods, and answers do not find them')];
}

function broken(code: string, found: string, why: string): Problem {
  return { code, severity: 'error', found, why, mend: REPAIR };
}
