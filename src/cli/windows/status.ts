/** azure-vnet status on Windows: networks, containers and addresses as records and HNS tell them. */
import { Leases } from '../../ipam/leases.ts';
import { formatCidr } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { WindowsSys } from '../../sys/windows.ts';
import { DEFAULT_HNS_TIMEOUT_MS, HnsCalls } from '../../windows/hns-calls.ts';
import { HnsV1 } from '../../windows/hns-v1.ts';
import { azureVnetWindows } from '../../windows/plugin.ts';
import { ENDPOINTS_DIR, listEndpoints, listNetworks, UNFINISHED_DIR } from '../../windows/records.ts';
import { type Call, type Command, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { table } from '../table.ts';
import { BIN_DIR_FLAG, CONF_DIR_FLAG, confDir, shownPath } from './paths.ts';
import { ourNetworks, requestFor } from './requests.ts';

export const windowsStatusCommand: Command = {
  name: 'status',
  summary: 'shows networks, containers and addresses, and what HNS has lost of them',
  flags: [BIN_DIR_FLAG, CONF_DIR_FLAG, JSON_FLAG],
  details: [
    'Status 1 when HNS does not answer, when a recorded network or endpoint is not in HNS, or when the next ADD could not\n' +
      'be served: each network in the directory of the configurations is asked, as runtimes ask with STATUS.',
  ],
  needsRoot: false,
  changes: false,
  run: status,
};

function status(call: Call): number {
  const report = collect(call);
  if (call.given.switches.has(JSON_FLAG.name)) call.out.printJson(report);
  else call.out.print(render(report));
  return report.problems.length === 0 ? STATUS_OK : STATUS_PROBLEMS;
}

type Report = ReturnType<typeof collect>;

function collect(call: Call) {
  const { log } = call;
  const sys = call.sys as WindowsSys;
  const hns = new HnsV1(new HnsCalls(sys, log, DEFAULT_HNS_TIMEOUT_MS));
  const problems: string[] = [];
  const release = hns.release();
  if (!release.ok) problems.push(`HNS: ${release.error.message}`);
  const networks = listNetworks(sys, log).map(({ name, hnsId, subnet, nic }) => {
    const found = hns.networkById(hnsId);
    if (found.ok && found.value === undefined) problems.push(`network ${name} (${hnsId}) is not in HNS`);
    return { name, id: hnsId, subnet: formatCidr(subnet), nic };
  });
  const containers = listEndpoints(sys, log, ENDPOINTS_DIR).map((record) => {
    const { containerId, ifname, network, endpoint, hnsId, addresses, podName, podNamespace, version } =
      record;
    const found = hns.endpointById(hnsId);
    if (found.ok && found.value === undefined) {
      problems.push(`endpoint ${endpoint} (${hnsId}) of container ${containerId} is not in HNS`);
    }
    const pod = podName === undefined ? '' : `${podNamespace ?? ''}/${podName}`;
    return {
      network,
      container: containerId,
      ifname,
      addresses: addresses.map(formatIpv4),
      endpoint,
      version,
      pod,
    };
  });
  const unfinished = listEndpoints(sys, log, UNFINISHED_DIR).map(({ containerId }) => containerId);
  if (unfinished.length > 0)
    problems.push(`${unfinished.length} calls were interrupted; the next one completes them`);
  if (release.ok) problems.push(...whatKeepsAddFromWorking(call));
  const leases = [...new Leases(sys).all()].length;
  return {
    hns: release.ok ? `${release.value.major}.${release.value.minor}` : '',
    networks,
    containers,
    leases,
    problems,
  };
}

/** STATUS of each configured network. */
function whatKeepsAddFromWorking(call: Call): string[] {
  const networks = ourNetworks(call);
  if (networks.length === 0) {
    return [
      `no network configuration in ${shownPath(confDir(call))} names azure-vnet; azure-vnet install puts one there`,
    ];
  }
  return networks.flatMap(({ name }) => {
    const done = azureVnetWindows.status({ sys: call.sys, log: call.log }, requestFor(call, 'STATUS', name));
    return done.ok ? [] : [`network ${name} is not ready for ADD: ${done.error.message}`];
  });
}

function render({ hns, networks, containers, leases, problems }: Report): string {
  const lines = [
    `HNS ${hns || 'does not answer'}; ${leases} addresses in use`,
    ...networks.map(({ name, subnet, nic, id }) => `network ${name}: ${subnet} on ${nic}, ${id}`),
  ];
  const rows = containers.map((item) => [
    item.container.slice(0, 12),
    item.ifname,
    item.addresses.join(','),
    item.network,
    item.pod,
  ]);
  const list =
    rows.length === 0
      ? 'no containers\n'
      : table([['container', 'interface', 'address', 'network', 'pod'], ...rows]);
  return `${lines.join('\n')}\n${list}${problems.map((problem) => `problem: ${problem}\n`).join('')}`;
}
