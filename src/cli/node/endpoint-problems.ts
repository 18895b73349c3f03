/** What is wrong with pods, addresses and records: where records and kernel do not agree. */
import { formatCidr } from '../../net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.ts';
import type { EndpointRecord } from '../../vnet/endpoint-record.ts';
import type { EndpointFacts, NetworkFacts, NodeFacts } from './facts.ts';
import type { HeldLease } from './leases.ts';
import { ADD_LIMIT_MS, DEL_LIMIT_MS, isOverdue } from './limits.ts';
import { ownerText, shortId } from './names.ts';
import type { Problem } from './problem.ts';

const OWN_IPAM = 'azure-vnet-ipam';

/** `runtime` is the one of this node, for the commands. */
export function endpointProblems(facts: NodeFacts, runtime: string): Problem[] {
  const collect = `azure-vnet gc --runtime ${runtime}`;
  return [
    ...facts.endpoints.flatMap((endpoint) => problemsOf(facts, endpoint, collect)),
    ...facts.pending.flatMap((record) =>
      isOverdue(record.sinceMs, facts.nowMs, DEL_LIMIT_MS)
        ? [
            warning(
              'DEL_INTERRUPTED',
              `the DEL of ${ownerText(record)} was interrupted`,
              'its link is still there',
              'azure-vnet repair',
            ),
          ]
        : [],
    ),
    ...twice(facts),
    ...strayProblems(facts, collect),
    ...leaseProblems(facts, collect),
    ...facts.damaged.map((path) =>
      warning(
        'RECORD_DAMAGED',
        `${path} is damaged`,
        'what it said is not known; a call that needs it sets it aside and rebuilds it',
        'azure-vnet repair',
      ),
    ),
  ];
}

function problemsOf(facts: NodeFacts, endpoint: EndpointFacts, collect: string): Problem[] {
  const { record, link, sandbox } = endpoint;
  const who = ownerText(record);
  if (record.phase === 'adding') {
    if (!isOverdue(record.sinceMs, facts.nowMs, ADD_LIMIT_MS)) return [];
    return [
      warning('ADD_INTERRUPTED', `an ADD of ${who} was interrupted`, 'its address is not free', collect),
    ];
  }
  if (sandbox !== 'namespace') {
    const what = { gone: 'is gone', other: 'is no namespace', host: 'is the namespace of the node' }[sandbox];
    const found = `the sandbox ${record.sandbox} of ${who} ${what}, but its record is there`;
    return [warning('SANDBOX_GONE', found, 'a DEL is missing: its address is not free', collect)];
  }
  if (link === undefined) {
    const found = `the record of ${who} has no link: ${record.hostVeth} is gone`;
    return [error('LINK_MISSING', found, 'the pod has no network', replacePod(record))];
  }
  return connectionProblems(facts, endpoint, who);
}

/** Addresses that two containers have. */
function twice({ endpoints }: NodeFacts): Problem[] {
  const ready = endpoints.map(({ record }) => record).filter(({ phase }) => phase === 'ready');
  const addresses = ready.flatMap((record) => record.addresses);
  const shared = new Set(addresses.filter((address, i) => addresses.indexOf(address) !== i));
  return [...shared].map((address) => {
    const owners = ready.filter((record) => record.addresses.includes(address));
    const [, second] = owners;
    const found = `${formatIpv4(address)} belongs to ${owners.map(ownerText).join(' and to ')}`;
    const mend = second === undefined ? '' : replacePod(second);
    return error('ADDRESS_TWICE', found, 'frames reach one of them only', mend);
  });
}

function connectionProblems({ networks }: NodeFacts, endpoint: EndpointFacts, who: string): Problem[] {
  const { record, link, hasElements } = endpoint;
  const bridge = networks.find((network) => network.record.bridge === record.bridge)?.bridge;
  const problems: Problem[] = [];
  if (bridge?.kind === 'bridge' && link?.masterIndex !== bridge.index) {
    const found = `${record.hostVeth} of ${who} is not a port of ${record.bridge}`;
    problems.push(error('LINK_DETACHED', found, 'the pod has no network', 'azure-vnet repair'));
  }
  if (link?.up === false) {
    const mend = `ip link set ${record.hostVeth} up`;
    problems.push(error('LINK_DOWN', `${record.hostVeth} of ${who} is down`, 'the pod has no network', mend));
  }
  // Rules that are missing as a whole are the network's problem.
  const complete = networks.some(
    (network) => network.record.bridge === record.bridge && network.rulesComplete,
  );
  if (!hasElements && complete) {
    const found = `${record.addresses.map(formatIpv4).join(', ')} of ${who} is not in table bridge azure-vnet`;
    problems.push(error('ELEMENTS_MISSING', found, 'frames for the pod do not find it', 'azure-vnet repair'));
  }
  return problems;
}

function strayProblems({ strayLinks, strayElements }: NodeFacts, collect: string): Problem[] {
  return [
    ...strayLinks.map(({ name, address }) =>
      warning(
        'RECORD_MISSING',
        `${name} with the address ${formatIpv4(address)} has no record`,
        'a pod whose record was lost, or what a pod has left; DEL removes it by its name, and gc where it can tell',
        collect.endsWith(' netns') ? `if no pod needs it: ip link delete ${name}` : collect,
      ),
    ),
    ...strayElements.map((address) =>
      warning(
        'ELEMENT_STRAY',
        `${formatIpv4(address)} is in table bridge azure-vnet, but no pod has it`,
        'frames for the next pod with this address may go astray',
        collect,
      ),
    ),
  ];
}

function leaseProblems(facts: NodeFacts, collect: string): Problem[] {
  const own = new Set(facts.networks.map(({ record }) => record.name));
  const records = [...facts.endpoints.map(({ record }) => record), ...facts.pending];
  const strays = new Set(facts.strayLinks.map(({ address }) => address));
  const isUnderWay = ({ sinceMs }: HeldLease) =>
    sinceMs !== undefined && !isOverdue(sinceMs, facts.nowMs, ADD_LIMIT_MS);
  const orphans = facts.leases.filter(
    (lease) =>
      own.has(lease.network) && // The lease of another plugin is none of our business.
      !isUnderWay(lease) &&
      !strays.has(lease.address) &&
      !records.some(({ addresses }) => addresses.includes(lease.address)),
  );
  return [
    ...orphans.map((lease) =>
      warning(
        'LEASE_ORPHAN',
        `${formatIpv4(lease.address)} is leased to ${ownerText(lease)}, which has no endpoint`,
        'the address is not free',
        collect,
      ),
    ),
    ...facts.endpoints.flatMap((endpoint) => unleased(facts, endpoint)),
    ...facts.networks.flatMap((network) => outsidePool(facts, network)),
  ];
}

function unleased({ leases }: NodeFacts, { record }: EndpointFacts): Problem[] {
  if (record.ipamType !== OWN_IPAM || record.phase !== 'ready') return [];
  const holderOf = (address: Ipv4) => leases.find((lease) => lease.address === address);
  return record.addresses.flatMap((address) => {
    const holder = holderOf(address);
    if (holder?.containerId === record.containerId && holder.ifname === record.ifname) return [];
    const has = holder === undefined ? 'nobody' : ownerText(holder);
    const found = `${formatIpv4(address)} of ${ownerText(record)} is leased to ${has}`;
    return [error('LEASE_MISSING', found, 'the address could be given to a second pod', 'azure-vnet repair')];
  });
}

/** Pods whose ipconfig was taken off the NIC: Azure drops their frames. */
function outsidePool({ pools, endpoints }: NodeFacts, { record }: NetworkFacts): Problem[] {
  const pool = pools.find(
    (known) =>
      known.pool.nic.mac === record.nicMac &&
      known.pool.subnet.base === record.subnet.base &&
      known.pool.subnet.prefixBits === record.subnet.prefixBits,
  )?.pool;
  if (pool === undefined) return [];
  return endpoints
    .filter((endpoint) => endpoint.record.network === record.name && endpoint.record.ipamType === OWN_IPAM)
    .flatMap((endpoint) =>
      endpoint.record.addresses
        .filter((address) => !pool.addresses.includes(address))
        .map((address) =>
          error(
            'ADDRESS_NOT_IN_POOL',
            `${formatIpv4(address)} of ${ownerText(endpoint.record)} is no ipconfig of ${pool.nic.name} in ${formatCidr(pool.subnet)} any more`,
            'Azure drops its frames',
            `add the ipconfig to the NIC again, or ${replacePod(endpoint.record)}`,
          ),
        ),
    );
}

/** A pod that cannot be mended in place is made anew. */
function replacePod(record: EndpointRecord): string {
  const { podName, podNamespace } = record;
  return podName === undefined || podNamespace === undefined
    ? `remove the container ${shortId(record.containerId)} and start it again`
    : `kubectl delete pod ${podName} --namespace ${podNamespace}`;
}

function error(code: string, found: string, why: string, mend: string): Problem {
  return { code, severity: 'error', found, why, mend };
}

function warning(code: string, found: string, why: string, mend: string): Problem {
  return { code, severity: 'warning', found, why, mend };
}
