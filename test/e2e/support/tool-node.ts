/** What the tests of the command-line tool share: its documents, and nodes in unusual states. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Pod, Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { routes, settledIpv6 } from './kernel.ts';
import { files, logLines, snapshot } from './state.ts';
import { toolJson } from './tool.ts';

export const GATEWAY = '10.240.0.1';
export const STATE = '/run/azure-vnet';

export interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly found: string;
  readonly mend: string;
}

export interface Status {
  readonly networks: readonly JsonObject[];
  readonly pools: readonly JsonObject[];
  readonly addresses: readonly JsonObject[];
  readonly pending: readonly JsonObject[];
  readonly problems: readonly Finding[];
}

export interface Doctor {
  readonly healthy: boolean;
  readonly checks: readonly { readonly check: string; readonly findings: readonly Finding[] }[];
}

/** All findings of the doctor, notes among them. */
export async function examine(
  vm: Vm,
  ...flags: readonly string[]
): Promise<{ status: number; findings: Finding[] }> {
  const { status, document } = await toolJson<Doctor>(vm, 'doctor', ...flags);
  assert.equal(document.healthy, status === 0);
  return { status, findings: document.checks.flatMap(({ findings }) => findings) };
}

export const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

/** Names of pods are unique in a lab. */
export function addPod(vm: Vm, name: string): Promise<Pod> {
  return vm.addPod(`${name}-${vm.name}`);
}

/** Everything that a command which only looks must leave as it was: kernel, records, firewall, files. */
export async function everything(vm: Vm) {
  const text = (file: string) => [file, readFileSync(vm.path(`${STATE}/${file}`), 'base64')];
  return {
    ...(await snapshot(vm)),
    state: files(vm, '').map(text),
    iptables: await vm.mustExec(['nft', '-s', 'list', 'ruleset']),
    configuration: readdirSync(vm.path('/etc/cni/net.d')),
    log: logLines(vm).length,
    sysctls: await vm.mustExec(['sysctl', 'net.ipv4.ip_forward', 'net.bridge.bridge-nf-call-iptables']),
  };
}

/** Deletes the namespace of a pod; the kernel removes what was in it some time later. */
export async function vanish(vm: Vm, pod: Pod): Promise<void> {
  const veth = await vethOf(vm, pod.record.containerId);
  await vm.mustExec(['ip', 'netns', 'delete', pod.name]);
  const script = `while [ -e /sys/class/net/${veth} ]; do sleep 0.02; done`;
  await vm.mustExec(['timeout', '60', 'sh', '-c', script]);
}

/** Of a NIC that is no port, as iproute2 prints them, once the kernel has made up its mind about IPv6. */
export async function addressesAndRoutes(vm: Vm): Promise<string[]> {
  await settledIpv6(vm, 'eth0');
  await routes(vm, 6);
  const shown = [
    ['addr', 'show', 'dev', 'eth0'],
    ['-4', 'route', 'show', 'table', 'all'],
    ['-6', 'route', 'show', 'table', 'all'],
    ['rule'],
  ];
  return Promise.all(shown.map((words) => vm.mustExec(['ip', '-j', ...words])));
}

export async function vethOf(vm: Vm, containerId: string): Promise<string> {
  const { document } = await toolJson<Status>(vm, 'status');
  const veth = document.addresses.find((item) => item.containerId === containerId)?.hostVeth;
  assert.ok(typeof veth === 'string');
  return veth;
}

/** Lets the record of a container be as old as if it had been added long ago. */
export function age(vm: Vm, containerId: string): void {
  const [file] = readdirSync(vm.path(`${STATE}/endpoints`)).filter((name) => name.includes(containerId));
  const path = vm.path(`${STATE}/endpoints/${file}`);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), sinceMs: 1 }));
}

/** docker and ctr that know these containers, or whose daemons are down. */
export async function fakeRuntimes(vm: Vm, ids: readonly string[] | 'down'): Promise<void> {
  await vm.mustExec(['mount', '-t', 'tmpfs', 'tmpfs', '/usr/local/sbin']);
  const down = '#!/bin/sh\necho Cannot connect to the daemon >&2\nexit 1\n';
  const list = ids === 'down' ? '' : ids.join('\n');
  const scripts = {
    docker: `#!/bin/sh\n[ "$*" = "ps --quiet --no-trunc" ] || exit 9\necho "${list}"\n`,
    ctr: `#!/bin/sh\ncase "$*" in\n"namespaces list --quiet") echo k8s.io ;;\n"--namespace k8s.io containers list --quiet") echo "${list}" ;;\n"--namespace k8s.io sandboxes list") echo ID CREATED RUNTIME ;;\n*) exit 9 ;;\nesac\n`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(vm.path(`/usr/local/sbin/${name}`), ids === 'down' ? down : script, { mode: 0o755 });
  }
}
