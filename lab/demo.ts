/**
 * The demo: two VMs with three pods each, attached by the plugins that have just been built, shown to
 * reach everything that they should, and removed without a trace. Exit status 1 when any check fails.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT } from '../scripts/build/paths.ts';
import { PING_INTERVAL_MS, pingDuring } from './demo/host-move.ts';
import { tryHostPort } from './demo/host-port.ts';
import { type Departed, findLeftovers } from './demo/leftovers.ts';
import { machineState } from './demo/machine.ts';
import { measureMatrix } from './demo/matrix.ts';
import { HOST_PORT, POD_PORT, PODS, picture } from './demo/plan.ts';
import { dim, Printer, plain, wantsColour } from './demo/print.ts';
import { LabError } from './error.ts';
import { DEFECT_KINDS } from './fabric/counters.ts';
import { Lab, type PluginRun, type Pod, type Vm } from './lab.ts';

async function main(out: Printer): Promise<void> {
  const startedMs = performance.now();
  checkBuilt();
  const before = await machineState();
  const lab = await Lab.create();
  try {
    const vms = [await lab.addVm(), await lab.addVm()];
    out.heading('A virtual Azure network on this machine');
    out.line(picture(vms));
    const pods = await addPods(out, lab, vms);
    await showReach(out, lab, vms, pods);
    await removePods(out, lab, vms, pods);
  } finally {
    await lab.close();
  }
  out.heading('The lab is taken down');
  const clean = (await machineState()) === before && !existsSync(lab.directory);
  out.check(clean, 'the machine has the links, addresses, mounts and namespaces that it had before');
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const verdict = out.failures === 0 ? 'all passed' : `${out.failures} FAILED`;
  out.heading(`${out.total} checks, ${verdict}, ${seconds} s`);
}

/** ADD of all pods, the first of each VM under fire. */
async function addPods(out: Printer, lab: Lab, vms: readonly Vm[]): Promise<Pod[]> {
  const pods: Pod[] = [];
  const add = async (vm: Vm, name: string): Promise<void> => {
    const isFirst = PODS[vm.name]?.[0] === name;
    const ports = [{ hostPort: HOST_PORT, containerPort: POD_PORT, protocol: 'tcp' }] as const;
    pods.push(await vm.addPod(name, isFirst ? { ports } : {}));
  };
  out.heading(
    `The first ADD moves the address of the VM to its bridge; pings every ${PING_INTERVAL_MS} ms meanwhile`,
  );
  const counts = await pingDuring(vms, lab.internet, async () => {
    for (const vm of vms) await add(vm, PODS[vm.name]?.[0] ?? '');
  });
  out.checks(
    counts.map(({ from, to, sent, received }) => ({
      passed: sent > 0 && sent - received <= MOST_LOST,
      text: `${from} → ${to}`,
      seen: `${received} of ${sent} answered`,
    })),
  );
  for (const vm of vms) {
    const bridge = await vm.mustExec(['ip', '-4', '-br', 'addr', 'show', 'dev', 'azure0']);
    out.check(bridge.includes(` ${vm.nic().primary}/`), `${vm.name} has its address on the bridge`, 'azure0');
  }
  for (const vm of vms) for (const name of PODS[vm.name]?.slice(1) ?? []) await add(vm, name);
  pods.sort((a, b) => (a.name < b.name ? -1 : 1));
  out.heading('ADD: each pod has an address of the virtual network (times as the runtime sees them)');
  out.table([dim('pod', 'on', 'address', 'azure-vnet', 'portmap'), ...pods.map(addRow)]);
  for (const pod of pods) {
    out.tally(pod.vm.nic().secondaries.includes(pod.address));
    await pod.serve(POD_PORT);
  }
  return pods;
}

async function showReach(out: Printer, lab: Lab, vms: readonly Vm[], pods: readonly Pod[]): Promise<void> {
  out.heading('Who reaches what (pods and wireserver by HTTP, the rest by ping)');
  const { rows, outcomes } = await measureMatrix(vms, pods);
  out.table(rows);
  for (const passed of outcomes) out.tally(passed);
  const [first] = pods;
  if (first === undefined) throw new Error('Internal error: the demo has no pods');
  out.heading(`${first.name} behind port ${HOST_PORT} of ${first.vm.name}, through portmap`);
  const attempts = await tryHostPort(first, pods, lab.internet);
  out.checks(attempts.map(({ from, passed, seen }) => ({ passed, text: `from ${from}`, seen })));
}

async function removePods(out: Printer, lab: Lab, vms: readonly Vm[], pods: readonly Pod[]): Promise<void> {
  out.heading('DEL');
  const rows = [];
  for (const pod of pods) rows.push([...plain(pod.name), ...times(await pod.remove(), DEL_ORDER)]);
  out.table([dim('pod', ...DEL_ORDER), ...rows]);
  for (const vm of vms) {
    const gone = pods.filter((pod) => pod.vm === vm).map(departed);
    const leftovers = await findLeftovers(vm, gone);
    for (const { what, found } of leftovers) {
      if (found !== '') out.check(false, `${vm.name} has ${what} left`, found);
    }
    const looked = leftovers.map(({ what }) => what).join(', ');
    if (leftovers.every(({ found }) => found === '')) out.check(true, `${vm.name} has nothing left`, looked);
  }
  const { ports, unassigned } = await lab.counters();
  const fabric = Object.entries(ports).map(([port, counts]) => {
    const dropped = DEFECT_KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
    const seen = dropped.length > 0 ? dropped.join(', ') : `${counts.passed} frames passed`;
    return { passed: dropped.length === 0, text: `the fabric has dropped nothing from ${port}`, seen };
  });
  out.checks(fabric);
  out.check(unassigned === 0, 'nobody has sent to an address that no NIC has');
}

function departed({ address, record }: Pod): Departed {
  return { address, containerId: record.containerId };
}

function addRow(pod: Pod): ReturnType<typeof plain> {
  return [...plain(pod.name, pod.vm.name, pod.address), ...times(pod.added, ADD_ORDER)];
}

function times(runs: readonly PluginRun[], order: readonly string[]): ReturnType<typeof plain> {
  return order.map((name) => {
    const run = runs.find(({ plugin }) => plugin === name);
    return { text: run === undefined ? '' : `${(run.durationUs / 1000).toFixed(1)} ms` };
  });
}

function checkBuilt(): void {
  const plugin = join(BUILT, 'azure-vnet');
  if (!existsSync(plugin))
    throw new LabError('The plugins are not built: run `make demo`, or `make build` first.');
}

/** What arrives in the 70 µs in which the kernel makes the NIC a port of the bridge: in one of a hundred moves. */
const MOST_LOST = 1;
const ADD_ORDER = ['azure-vnet', 'portmap'];
const DEL_ORDER = ['portmap', 'azure-vnet'];

const printer = new Printer((text) => process.stdout.write(text), wantsColour(process.stdout));
try {
  await main(printer);
} catch (error) {
  // What is not expected shows its stack.
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
}
if (printer.failures > 0) process.exitCode = 1;
