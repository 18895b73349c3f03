/** Brings the planned nodes of a cluster up, runs pods on them, and tries who reaches whom. */
import { readFileSync } from 'node:fs';
import { type Generated, generateCluster } from '../../src/cluster/generate.ts';
import type { AddressPlan, PlannedNode } from '../../src/cluster/plan.ts';
import { planAddresses } from '../../src/cluster/plan-addresses.ts';
import { readDefinition } from '../../src/cluster/read-definition.ts';
import { type Cidr, parseCidr } from '../../src/net/cidr.ts';
import { formatIpv4 } from '../../src/net/ipv4.ts';
import { measureMatrix } from '../demo/matrix.ts';
import { POD_PORT } from '../demo/plan.ts';
import { dim, type Printer, plain } from '../demo/print.ts';
import { LabError } from '../error.ts';
import { DEFECT_KINDS } from '../fabric/counters.ts';
import type { Lab, Pod } from '../lab.ts';
import { serveApi, tryApi } from './api.ts';
import { bringUp, doctorFindings, type LabNode, toldAddresses } from './node.ts';

/** A cluster that has been read without errors, with all that was generated for it. */
export interface LabCluster {
  readonly plan: AddressPlan;
  /** The nodes that can be brought up here; those with Windows cannot. */
  readonly nodes: readonly PlannedNode[];
  readonly files: Generated['files'];
}

/**
 * Reads the definition; a LabError names everything that is wrong with it. `subnets` are ranges that it does not
 * tell, as `name=range`.
 */
export function loadCluster(path: string, subnets: readonly string[]): LabCluster {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new LabError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const { definition, findings } = readDefinition(text, { file: path, subnets: rangesOf(subnets) });
  if (definition === undefined) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const lines = errors.map(({ place, message }) => `\n${path}:${place.line}:${place.column}: ${message}`);
    throw new LabError(
      `${path} cannot be deployed; \`azure-vnet cluster validate\` tells more${lines.join('')}`,
    );
  }
  const plan = planAddresses(definition);
  const generated = generateCluster(definition, plan, { version: 'v0.0.0' });
  if (!generated.ok) throw new LabError(`${path}: ${generated.error}`);
  const nodes = plan.nodes.filter(({ osType }) => osType === 'Linux');
  if (nodes.length > MAX_NODES) {
    throw new LabError(`${path} has ${nodes.length} nodes with Linux; one machine is good for ${MAX_NODES}.`);
  }
  return { plan, nodes, files: generated.value.files };
}

function rangesOf(words: readonly string[]): Map<string, Cidr> {
  return new Map(
    words.map((word) => {
      const [name = '', text = ''] = word.split('=');
      const range = parseCidr(text);
      if (range === undefined) {
        throw new LabError(`--subnet ${word} is not NAME=RANGE, such as agents=10.0.16.0/20.`);
      }
      return [name.toLowerCase(), range];
    }),
  );
}

/** `podsPerNode` pods on each node; counts what is tried in `out`. */
export async function upCluster(
  lab: Lab,
  { plan, nodes, files }: LabCluster,
  podsPerNode: number,
  out: Printer,
): Promise<void> {
  out.heading(`${nodes.length} nodes with the addresses of the plan and the files of \`cluster generate\``);
  const up: LabNode[] = [];
  for (const node of nodes) {
    const path = `nodes/${node.name}/cloud-init.yaml`;
    const userData = files.find((file) => file.path === path)?.text;
    if (userData === undefined) throw new Error(`Internal error: ${path} was not generated`);
    up.push(await bringUp(lab, labName(plan, node), node, userData));
  }
  out.table([dim('node', 'as', 'address', 'for pods', '--max-pods', 'SNAT except to'), ...up.map(nodeRow)]);
  const windows = plan.nodes.length - nodes.length;
  if (windows > 0) out.line(`  ${windows} nodes with Windows are left out: the lab has Linux only.`);
  await checkNodes(up, out);
  const pods = await addPods(up, podsPerNode, out);
  out.heading('Who reaches what (pods and wireserver by HTTP, the rest by ping)');
  const { rows, outcomes } = await measureMatrix(
    up.map(({ vm }) => vm),
    pods,
  );
  out.table(rows);
  for (const passed of outcomes) out.tally(passed);
  await checkApi(lab, up, pods, { plan, files }, out);
  for (const { vm } of up) {
    const findings = await doctorFindings(vm);
    out.check(findings === '', `azure-vnet doctor finds nothing wrong on ${vm.name}`, findings);
  }
  await checkFabric(lab, out);
}

/** What the wireserver tells each node against the plan, and the flags of kubelet against both. */
async function checkNodes(up: readonly LabNode[], out: Printer): Promise<void> {
  const facts = [];
  for (const { vm, planned, kubeletFlags } of up) {
    const told = await toldAddresses(vm);
    const wanted = planned.nic.ipConfigs.map(({ address }) => formatIpv4(address));
    const maxPods = Number(kubeletFlags.get('--max-pods'));
    facts.push({
      passed: told.join() === wanted.join(),
      text: `${vm.name} has exactly the planned addresses`,
      seen: `${told.length} by the wireserver`,
    });
    facts.push({
      passed: maxPods === planned.maxPods && maxPods <= told.length - 1,
      text: `${vm.name} has an address for each pod that kubelet admits`,
      seen: `${told.length - 1} for ${maxPods}`,
    });
  }
  out.checks(facts);
}

async function addPods(up: readonly LabNode[], perNode: number, out: Printer): Promise<Pod[]> {
  const pods: Pod[] = [];
  for (const { vm, planned } of up) {
    for (let number = 0; number < Math.min(perNode, planned.maxPods); number++) {
      const pod = await vm.addPod(`${vm.name}-${number}`);
      await pod.serve(POD_PORT);
      pods.push(pod);
    }
  }
  out.heading('Pods');
  out.table([dim('pod', 'on', 'address'), ...pods.map((pod) => plain(pod.name, pod.vm.name, pod.address))]);
  const strays = pods.filter(({ vm, address }) => !vm.nic().secondaries.includes(address));
  out.check(strays.length === 0, 'each pod has an address that the plan has for pods of its node');
  return pods;
}

/** Agents and their pods ask for the API where kubelet would. */
async function checkApi(
  lab: Lab,
  up: readonly LabNode[],
  pods: readonly Pod[],
  { plan, files }: Pick<LabCluster, 'plan' | 'files'>,
  out: Printer,
): Promise<void> {
  const of = (role: PlannedNode['role']): LabNode[] => up.filter(({ planned }) => planned.role === role);
  const template = files.find(({ path }) => path === 'azuredeploy.json')?.text;
  if (template === undefined) throw new Error('Internal error: the template was not generated');
  await serveApi(lab, of('master'), template);
  const balanced = plan.internalLoadBalancer === undefined ? 'the master' : 'the internal load balancer';
  const address = formatIpv4(plan.apiServer);
  out.heading(`Agents and their pods ask for the API at ${address}, ${balanced}`);
  out.checks(await tryApi(of('master'), of('agent'), pods, address));
  out.heading('Nodes and fabric');
}

async function checkFabric(lab: Lab, out: Printer): Promise<void> {
  const { ports } = await lab.counters();
  const dropped = Object.entries(ports).flatMap(([port, counts]) =>
    DEFECT_KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${port}: ${counts[kind]} ${kind}`),
  );
  out.check(dropped.length === 0, 'the fabric has dropped nothing', dropped.join(', '));
}

/** `master0`, or `pool1n0` for the first node of the first pool: names of VMs are short. */
function labName({ nodes }: AddressPlan, { role, pool, index }: PlannedNode): string {
  if (role === 'master') return `master${index}`;
  const pools = [...new Set(nodes.filter((node) => node.role === 'agent').map((node) => node.pool))];
  return `pool${pools.indexOf(pool) + 1}n${index}`;
}

function nodeRow({ vm, planned, kubeletFlags, snatRanges }: LabNode): ReturnType<typeof plain> {
  const { primary, secondaries } = vm.nic();
  const pods = `${secondaries.length}: ${secondaries[0] ?? ''} – ${secondaries.at(-1) ?? ''}`;
  return plain(
    planned.name,
    vm.name,
    primary,
    pods,
    kubeletFlags.get('--max-pods') ?? '',
    snatRanges.join(' '),
  );
}

/** Each is a dozen processes and a namespace with everything in it. */
const MAX_NODES = 30;
