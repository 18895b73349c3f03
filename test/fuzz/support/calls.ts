/**
 * Calls of the plugins: right ones, and right ones with something changed. The same generator feeds the
 * plugins in this process and the executable.
 */
import { CNI_VERSIONS, type JsonObject, type JsonValue } from '../../../src/cni/types.ts';
import { hostileText, hostileValue } from './hostile.ts';
import { mutateText, mutateValue, utf8 } from './mutate.ts';
import type { Random } from './random.ts';

export type PluginName = 'azure-vnet' | 'azure-vnet-ipam';

export interface FuzzCall {
  readonly plugin: PluginName;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
}

/** Where the calls take place. */
export interface Scene {
  /** Paths of the containers' network namespaces; container `c<n>` lives in the n-th. */
  readonly sandboxes: readonly string[];
  /** Further values for CNI_NETNS, none of them a container's namespace. */
  readonly strangePaths: readonly string[];
  /** Directory with the plugins. */
  readonly cniPath: string;
  /** What ADD has answered so far, by container. */
  readonly attached: Map<string, Attached>;
}

export interface Attached {
  readonly ifname: string;
  readonly network: string;
  readonly result: JsonObject;
}

const COMMANDS = { ADD: 8, DEL: 5, CHECK: 4, GC: 2, STATUS: 2, VERSION: 1 } as const;
const IFNAMES = ['eth0', 'eth0', 'eth0', 'eth1'] as const;

export function makeCall(random: Random, scene: Scene): FuzzCall {
  const command = random.weighted(COMMANDS);
  // Mostly about what is there, so that calls get far.
  const ids = command === 'ADD' || random.oneIn(4) ? [] : [...scene.attached.keys()];
  const containerId = ids.length === 0 ? `c${random.below(scene.sandboxes.length)}` : random.pick(ids);
  const attached = scene.attached.get(containerId);
  const known = ids.length === 0 ? undefined : attached;
  const env: Record<string, string> = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: scene.sandboxes[Number(containerId.slice(1))] ?? scene.sandboxes[0] ?? '',
    CNI_IFNAME: known?.ifname ?? random.pick(IFNAMES),
    CNI_PATH: scene.cniPath,
    ...(random.oneIn(3) && { CNI_ARGS: random.pick(ARGS) }),
  };
  const network = known?.network ?? (random.oneIn(6) ? 'other' : 'azure');
  const config = makeConfig(random, { command, network, result: attached?.result ?? SOME_RESULT });
  const plugin = random.oneIn(4) ? 'azure-vnet-ipam' : 'azure-vnet';
  const kind = random.weighted({ right: 8, env: 6, value: 8, text: 4, both: 2 });
  const changedEnv = kind === 'env' || kind === 'both' ? changeEnv(random, env, scene) : env;
  return { plugin, env: changedEnv, stdin: stdinOf(random, config, kind) };
}

function stdinOf(random: Random, config: JsonObject, kind: 'right' | 'env' | 'value' | 'text' | 'both') {
  if (kind === 'value' || kind === 'both') return utf8(JSON.stringify(mutateValue(random, config)));
  const text = JSON.stringify(config, null, random.oneIn(3) ? 2 : 0);
  return kind === 'text' ? mutateText(random, text) : utf8(text);
}

function makeConfig(
  random: Random,
  { command, network, result }: { command: string; network: string; result: JsonObject },
): JsonObject {
  const extra: JsonObject = Object.fromEntries(
    Object.entries(EXTRA_KEYS)
      .filter(() => random.oneIn(12))
      .map(([key, values]) => [key, random.pick(values)]),
  );
  const version = random.oneIn(command === 'ADD' || command === 'DEL' ? 2 : 8)
    ? random.pick(CNI_VERSIONS)
    : '1.1.0';
  return {
    cniVersion: version,
    name: network,
    type: 'azure-vnet',
    mode: 'bridge',
    bridge: 'azure0',
    ipam: makeIpam(random),
    ...(command === 'GC' && { [random.pick(ATTACHMENT_KEYS)]: makeAttachments(random) }),
    ...((command === 'CHECK' || random.oneIn(6)) && { prevResult: result }),
    ...extra,
  };
}

function makeIpam(random: Random): JsonValue {
  if (random.oneIn(5)) return { type: 'host-local', ranges: [[{ subnet: '10.240.0.0/16' }]] };
  const extra: JsonObject = Object.fromEntries(
    Object.entries(IPAM_KEYS)
      .filter(() => random.oneIn(12))
      .map(([key, values]) => [key, random.pick(values)]),
  );
  return { type: 'azure-vnet-ipam', ...extra };
}

function makeAttachments(random: Random): JsonValue {
  return Array.from({ length: random.below(4) }, (_, i) => ({
    containerID: `c${i}`,
    ifname: random.oneIn(8) ? hostileText(random) : 'eth0',
  }));
}

/** Removes, empties or replaces one or two variables. */
function changeEnv(random: Random, env: Readonly<Record<string, string>>, scene: Scene) {
  const changed = new Map(Object.entries(env));
  for (let i = 1 + random.below(2); i > 0; i--) {
    const name = random.pick(VARIABLES);
    switch (random.weighted({ remove: 2, empty: 1, replace: 5, path: 2 })) {
      case 'remove':
        changed.delete(name);
        break;
      case 'empty':
        changed.set(name, '');
        break;
      case 'replace':
        changed.set(name, textFor(random, name));
        break;
      default:
        changed.set('CNI_NETNS', random.pick(scene.strangePaths));
    }
  }
  // The environment of a process has no NUL; an empty name is none.
  return Object.fromEntries([...changed].map(([name, value]) => [name, value.replaceAll('\0', '')]));
}

function textFor(random: Random, name: string): string {
  if (name === 'CNI_COMMAND' && random.oneIn(2)) return random.pick(OTHER_COMMANDS);
  if (name === 'CNI_ARGS' && random.oneIn(2)) {
    return Array.from({ length: 1 + random.below(4) }, () =>
      random.oneIn(2) ? random.pick(ARGS) : `${hostileText(random)}=${hostileText(random)}`,
    ).join(random.pick([';', ';', ';;', ',']));
  }
  if (name === 'CNI_PATH' && random.oneIn(2)) {
    return [hostileText(random), random.pick(SOME_PATHS), hostileText(random)].join(':');
  }
  const value = hostileValue(random);
  return typeof value === 'string' ? value : hostileText(random);
}

const VARIABLES = [
  'CNI_COMMAND',
  'CNI_CONTAINERID',
  'CNI_NETNS',
  'CNI_IFNAME',
  'CNI_PATH',
  'CNI_ARGS',
  'CNI_NETNS_OVERRIDE',
] as const;
const OTHER_COMMANDS = [
  'add',
  'ADD ',
  'UPDATE',
  'DELETE',
  'toString',
  '__proto__',
  'constructor',
  'VERSION\n',
];
const SOME_PATHS = [
  '/opt/cni/bin',
  '/opt/cni/bin/../bin',
  './bin',
  'bin',
  '..',
  '/',
  '/proc/self/root/opt/cni/bin',
];
const ATTACHMENT_KEYS = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const;
const ARGS = [
  'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=x',
  'IP=10.240.0.6',
  'IP=10.240.0.7/16;IgnoreUnknown=true',
  'IP=10.240.0.4',
  'IP=1.2.3.4',
  'IgnoreUnknown=1;FOO=BAR',
  'FOO=BAR',
  '',
] as const;
const EXTRA_KEYS: Readonly<Record<string, readonly JsonValue[]>> = {
  master: ['nic0', 'eth0', 'lo', 'azure0', 'nosuch', ''],
  bridge: ['azure0', 'azure1', 'nic0', ''],
  mode: ['bridge', 'tunnel', 'transparent', ''],
  logLevel: ['debug', 'ERROR', 'nonsense'],
  ipsToRouteViaHost: [['169.254.20.10'], ['169.254.20.10', '10.0.0.10'], []],
  disableHairpinOnHostInterface: [true, false],
  dns: [{ nameservers: ['10.0.0.10'], search: ['x.y'] }, {}],
  runtimeConfig: [
    { ips: ['10.240.0.8/16'] },
    { portMappings: [{ hostPort: 80 }] },
    { mac: 'c2:11:22:33:44:55' },
  ],
  args: [{ cni: { ips: ['10.240.0.9'] } }, { cni: {} }],
  capabilities: [{ portMappings: true }],
  ipMasq: [true],
  multiTenancy: [true, false],
  ipv6Mode: ['', 'ipv6nat'],
};
const IPAM_KEYS: Readonly<Record<string, readonly JsonValue[]>> = {
  environment: ['azure', 'mas', 'fileIpam', 'nosuch'],
  subnet: ['10.240.0.0/16', '10.241.0.0/16'],
  ipAddress: ['10.240.0.6', '10.240.0.4'],
  queryInterval: [0, '10', 1e300, '-1'],
  queryUrl: ['http://168.63.129.16/machine/plugins', 'http://127.0.0.1:9/x'],
  sourceFile: ['/etc/kubernetes/interfaces.json', '/etc/nosuch'],
  addressSpace: ['local', 'global'],
};
/** Of an ADD that never was. */
const SOME_RESULT: JsonObject = {
  cniVersion: '1.1.0',
  interfaces: [
    { name: 'azure0', mac: '00:0d:3a:0a:0b:0c' },
    { name: 'eth0', mac: '02:0d:0a:f0:00:05', sandbox: '/run/netns/c0', mtu: 1500 },
  ],
  ips: [{ address: '10.240.0.5/16', gateway: '10.240.0.1', interface: 1 }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.240.0.1', mtu: 1400, table: 7 }],
  dns: { nameservers: ['168.63.129.16'] },
};
