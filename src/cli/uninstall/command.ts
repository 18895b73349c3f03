/** azure-vnet uninstall: leaves the node as it was before the first ADD. */
import type { PluginContext } from '../../cni/types.ts';
import { tableExists } from '../../net/nft/read.ts';
import { NftTransaction } from '../../net/nft/transaction.ts';
import { withLock } from '../../state/lock.ts';
import { removeRecord } from '../../state/records.ts';
import { exists } from '../../sys/exists.ts';
import { type Failure, failure, failureOf } from '../../sys/failure.ts';
import type { Sys } from '../../sys/sys.ts';
import { Sockets } from '../../vnet/host-links.ts';
import { L2_TABLE } from '../../vnet/l2-expressions.ts';
import { networkdFile } from '../../vnet/networkd.ts';
import {
  type Call,
  CNI_PATH_FLAG,
  CONFLIST_FLAG,
  type Command,
  cniPath,
  conflistDirectory,
  DRY_RUN_FLAG,
  type Flag,
  STATUS_OK,
  STATUS_PROBLEMS,
} from '../command.ts';
import { configuredNetworks, readConflists } from '../conflists.ts';
import { describeRemains, removeRemains } from '../gc/remains.ts';
import { collectNode } from '../node/collect.ts';
import { Requests } from '../requests.ts';
import { installedFiles } from './files.ts';
import { giveBack } from './give-back.ts';
import { letNetworkdIn } from './networkd.ts';
import { planUninstall, type UninstallPlan } from './plan.ts';
import { removeState } from './state.ts';

const FORCE_FLAG: Flag = {
  name: 'force',
  help: 'Goes on when containers still have addresses: they lose their network.',
};
const FILES_FLAG: Flag = {
  name: 'files',
  help: 'Removes the installed programs and the network configuration too.',
};

export const uninstallCommand: Command = {
  name: 'uninstall',
  summary: 'gives the host its address back and removes bridge, rules and state',
  flags: [DRY_RUN_FLAG, FORCE_FLAG, FILES_FLAG, CONFLIST_FLAG, CNI_PATH_FLAG],
  details: [
    'Drain the node first, and stop kubelet or whatever starts containers: the next ADD would build everything\n' +
      'again. While containers have addresses the command lists them and changes nothing; with --force they lose\n' +
      'their network.',
    'Addresses and routes go back to the NIC in one batch of the kernel, as they are on the bridge at that time;\n' +
      'connections of the node survive. The log stays, and so do rules for the internet: see azure-vnet snat remove.',
  ],
  needsRoot: true,
  changes: true,
  run: uninstall,
};

function uninstall(call: Call): number {
  const { sys, log, out, given } = call;
  const conflists = readConflists(sys, conflistDirectory(call));
  const files = given.switches.has(FILES_FLAG.name) ? installedFiles(sys, conflists, cniPath(call)) : [];
  const plan = planUninstall(collectNode(sys), files);
  if (plan.inTheWay.length > 0 && !given.switches.has(FORCE_FLAG.name)) {
    out.complain(
      `azure-vnet: containers still have addresses; remove them first, or take their network with --force:\n` +
        plan.inTheWay.map((text) => `  ${text}\n`).join(''),
    );
    log.set('error', `refused: ${plan.inTheWay.length} containers still have addresses`);
    return STATUS_PROBLEMS;
  }
  if (given.switches.has(DRY_RUN_FLAG.name)) {
    out.print(
      steps(sys, plan)
        .map((text) => `would ${text}\n`)
        .join(''),
    );
    return STATUS_OK;
  }
  const requests = new Requests(sys, configuredNetworks(conflists), cniPath(call));
  const failures = carryOut({ sys, log }, requests, plan, (text) => out.print(`${text}\n`));
  for (const { message } of failures) out.complain(`azure-vnet: ${message}\n`);
  if (failures.length === 0) return STATUS_OK;
  log.set('error', failures.map(({ message }) => message).join('; '));
  out.complain('azure-vnet: not everything is removed; what is left is as it was, run the command again\n');
  return STATUS_PROBLEMS;
}

/** The steps in their order, each as "would …" is followed by it. */
function steps(sys: Sys, { remains, bridges, files }: UninstallPlan): string[] {
  return [
    ...files.filter((path) => !isProgram(path)).map((path) => `remove ${path}`),
    ...remains.map((each) => `remove ${describeRemains(each)}`),
    ...bridges.map(
      ({ bridge, nicMac, addresses }) =>
        `give ${addresses.join(', ') || 'its addresses'} of ${bridge} back to the NIC with the MAC address ${nicMac}, and remove ${bridge}`,
    ),
    `remove table bridge ${L2_TABLE}, if it is there`,
    ...bridges
      .map(({ bridge }) => networkdFile(bridge))
      .filter((path) => exists(sys, path))
      .map((path) => `remove ${path}`),
    'remove /run/azure-vnet',
    ...files.filter(isProgram).map((path) => `remove ${path}`),
  ];
}

/** Stops where going on would make it worse: the node comes first, records go last. */
function carryOut(
  context: PluginContext,
  requests: Requests,
  plan: UninstallPlan,
  tell: (text: string) => void,
): Failure[] {
  const { sys } = context;
  const sockets = new Sockets(context);
  // First, so that no runtime calls the plugin again.
  for (const path of plan.files.filter((file) => !isProgram(file))) {
    if (removeRecord(sys, path)) tell(`removed ${path}`);
  }
  const failures: Failure[] = [];
  for (const remains of plan.remains) {
    const refused = removeRemains(context, sockets, requests, remains);
    if (refused === undefined) tell(`removed ${describeRemains(remains)}`);
    else failures.push(refused);
  }
  if (failures.length > 0) return failures;
  const locked = withLock(context, () => leaveNode(context, sockets, plan, tell));
  const refused = locked.ok ? locked.value : locked.error;
  if (refused !== undefined) return [refused];
  for (const path of plan.files.filter(isProgram)) {
    if (removeRecord(sys, path)) tell(`removed ${path}`);
  }
  return [];
}

function leaveNode(
  context: PluginContext,
  sockets: Sockets,
  { bridges }: UninstallPlan,
  tell: (text: string) => void,
): Failure | undefined {
  for (const each of bridges) {
    const refused = giveBack(context, sockets.route, each);
    if (refused !== undefined) return refused;
    tell(`gave ${each.addresses.join(', ') || 'its addresses'} back to the NIC and removed ${each.bridge}`);
  }
  if (tableExists(sockets.netfilter, L2_TABLE)) {
    const refusal = new NftTransaction(L2_TABLE).deleteTable().commit(sockets.netfilter)[0];
    if (refusal !== undefined) {
      return failure(
        'NETWORK_SETUP',
        `nf_tables refused to delete table bridge ${L2_TABLE}: ${refusal.errno}`,
      );
    }
    tell(`removed table bridge ${L2_TABLE}`);
  }
  try {
    for (const { bridge } of bridges) letNetworkdIn(context.sys, bridge).forEach(tell);
    removeState(context.sys);
    tell('removed /run/azure-vnet');
    return undefined;
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return refused;
  }
}

function isProgram(path: string): boolean {
  return /\/azure-vnet(-ipam)?$/.test(path);
}
