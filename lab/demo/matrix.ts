/** Who reaches what: every pod and every VM against everything that it should reach. */
import { gatewayText } from '../addresses.ts';
import type { Pod, Vm } from '../lab.ts';
import { INTERNET_ADDRESS, WIRESERVER_ADDRESS } from '../model.ts';
import { POD_PORT } from './plan.ts';
import { type Cell, dim, markOf, plain } from './print.ts';
import { httpGet, type Prober, pings, whoUrl } from './probes.ts';

interface Source extends Prober {
  readonly name: string;
  /** The address that a target inside the VNet should see. */
  readonly address: string;
  readonly vm: Vm;
}

export interface Matrix {
  /** The table with its header. */
  readonly rows: readonly (readonly Cell[])[];
  /** One entry for each attempt. */
  readonly outcomes: readonly boolean[];
}

/** Tries everything; sources in parallel, the targets of one source after each other. */
export async function measureMatrix(vms: readonly Vm[], pods: readonly Pod[]): Promise<Matrix> {
  const sources: Source[] = [...pods.map(podSource), ...vms.map(vmSource)];
  const header = [
    ...dim('from \\ to', ...pods.map((pod) => pod.name), ...vms.map((vm) => vm.name)),
    ...dim('gateway', 'wireserver', 'internet, which sees'),
  ];
  const rows = await Promise.all(sources.map((source) => measureRow(source, vms, pods)));
  const cells = rows.flatMap((row) => row.slice(1));
  const outcomes = cells.filter(({ tone }) => tone !== 'dim').map(({ tone }) => tone === 'good');
  return { rows: [header, ...rows], outcomes };
}

async function measureRow(source: Source, vms: readonly Vm[], pods: readonly Pod[]): Promise<Cell[]> {
  const row = plain(source.name);
  for (const pod of pods) row.push(await reachPod(source, pod));
  for (const vm of vms) {
    row.push(vm.name === source.name ? SELF : markOf(await pings(source, vm.nic().primary)));
  }
  row.push(markOf(await pings(source, gatewayText(source.vm.nic().subnet))));
  row.push(await reachWireserver(source));
  row.push(await reachInternet(source));
  return row;
}

/** The pod has to answer itself, and to see the source with its own address: no translation inside. */
async function reachPod(source: Source, pod: Pod): Promise<Cell> {
  if (pod.name === source.name) return SELF;
  const answer = await httpGet(source, whoUrl(pod.address, POD_PORT));
  return markOf(answer === `${pod.name} ${source.address}`);
}

/** The answer has to be that for the VM of the source. */
async function reachWireserver(source: Source): Promise<Cell> {
  const answer = await httpGet(source, INTERFACES_URL);
  const mac = source.vm.nic().mac.replaceAll(':', '').toUpperCase();
  return markOf(answer?.includes(`MacAddress="${mac}"`) ?? false);
}

/** The internet has to see the address of the node, also from a pod. */
async function reachInternet(source: Source): Promise<Cell> {
  const seen = await httpGet(source, `http://${INTERNET_ADDRESS}/`);
  return { text: seen ?? '✗', tone: seen === source.vm.nic().primary ? 'good' : 'bad' };
}

function podSource(pod: Pod): Source {
  const { name, address, vm } = pod;
  return { name, address, vm, exec: (argv, options) => pod.exec(argv, options) };
}

function vmSource(vm: Vm): Source {
  const address = vm.nic().primary;
  return { name: vm.name, address, vm, exec: (argv, options) => vm.exec(argv, options) };
}

const SELF: Cell = { text: '·', tone: 'dim' };
const INTERFACES_URL = `http://${WIRESERVER_ADDRESS}/machine/plugins?comp=nmagent&type=getinterfaceinfov1`;
