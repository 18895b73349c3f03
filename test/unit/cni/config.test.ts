import assert from 'node:assert/strict';
import test from 'node:test';
import { parseNetworkConfig } from '../../../src/cni/config.ts';
import { CONFIG_KEYS } from '../../../src/cni/config-keys.ts';
import { parseIpamConfig } from '../../../src/cni/ipam-config.ts';
import type { IpamConfig, JsonObject, JsonValue, NetworkConfig } from '../../../src/cni/types.ts';
import { parseCidr } from '../../../src/net/cidr.ts';
import { parseIpv4 } from '../../../src/net/ipv4.ts';
import { cniCodeOf } from '../../../src/sys/failure.ts';
import { BASE_CONFIG, requestOf, run } from './calls.ts';

// ---- azure-vnet ----

const MINIMAL: NetworkConfig = {
  name: 'azure',
  ipsToRouteViaHost: [],
  ipamType: 'azure-vnet-ipam',
  dns: {},
};

const accepted: readonly [string, JsonObject, Partial<NetworkConfig>][] = [
  ['the least', {}, {}],
  ['an empty mode', { mode: '' }, {}],
  ['empty texts as absent', { master: '', bridge: '', ipv6Mode: '', executionMode: '', logLevel: '' }, {}],
  ['nulls as absent', { master: null, dns: null, ipsToRouteViaHost: null, multiTenancy: null }, {}],
  ['executionMode default', { executionMode: 'default', multiTenancy: false }, {}],
  [
    'every key',
    {
      master: 'eth1',
      bridge: 'azure0',
      logLevel: 'debug',
      ipsToRouteViaHost: ['169.254.20.10'],
      disableHairpinOnHostInterface: true,
      dns: { nameservers: ['10.0.0.10'], domain: 'd', search: ['s'], options: ['o'] },
    },
    {
      master: 'eth1',
      bridge: 'azure0',
      logLevel: 'debug',
      ipsToRouteViaHost: [parseIpv4('169.254.20.10') ?? assert.fail()],
      disableHairpinOnHostInterface: true,
      dns: { nameservers: ['10.0.0.10'], domain: 'd', search: ['s'], options: ['o'] },
    },
  ],
  [
    'keys in any case',
    { MASTER: 'eth1', Dns: { NameServers: ['a'] }, IPAM: { TYPE: 'x' } },
    {
      master: 'eth1',
      dns: { nameservers: ['a'] },
      ipamType: 'x',
    },
  ],
  [
    'keys of other modes, of Windows and of nobody',
    {
      adapterName: 5,
      windowsSettings: [],
      AdditionalArgs: [{ Name: 'EndpointPolicy', Value: {} }],
      enableSnatOnHost: true,
      infraVnetAddressSpace: '',
      podNamespaceForDualNetwork: [],
      cnsurl: 'http://localhost:10090',
      disableIPTableLock: true,
      capabilities: { portMappings: true },
      runtimeConfig: { portMappings: [{ hostPort: 1 }], dns: { servers: ['x'] }, ips: 5 },
      note: { any: ['thing'] },
    },
    {},
  ],
];
for (const [what, config, expected] of accepted) {
  test(`parseNetworkConfig() accepts ${what}`, () => {
    const result = parseNetworkConfig(requestOf({ ...BASE_CONFIG, ...config }));
    assert.deepEqual(result, { ok: true, value: { ...MINIMAL, ...expected } });
  });
}

const messages: readonly [JsonObject, number, string][] = [
  [{ mode: 'tunnel' }, 2, 'Unsupported field mode: "tunnel"; this mode is not there yet; use "bridge"'],
  [
    { mode: 'transparent' },
    2,
    'Unsupported field mode: "transparent"; this mode is not there yet; use "bridge"',
  ],
  [{ mode: 'warp' }, 2, 'Unsupported field mode: "warp"; no such mode; use "bridge"'],
  [
    { multiTenancy: true },
    2,
    'Unsupported field multiTenancy: true; it needs the network configuration of CNS',
  ],
  [
    { ipam: { type: 'azure-cns' } },
    2,
    'Unsupported field ipam.type: "azure-cns"; CNS is not there; use "azure-vnet-ipam"',
  ],
  [{ ipam: {} }, 7, 'ipam.type: expected the name of an IPAM plugin such as "azure-vnet-ipam", got ""'],
  [{ ipam: { type: '..' } }, 7, 'ipam.type: expected a file name without / or .., got ".."'],
  [
    { bridge: 'a/b', ipsToRouteViaHost: ['10.0.0.1', 'x'] },
    7,
    'bridge: expected an interface name of at most 15 ASCII bytes without / : % or space, got "a/b"; ' +
      'ipsToRouteViaHost[1]: expected an IPv4 address, got "x"',
  ],
];
for (const [config, code, message] of messages) {
  test(`parseNetworkConfig() refuses ${JSON.stringify(config)}`, () => {
    const result = parseNetworkConfig(requestOf({ ...BASE_CONFIG, ...config }));
    assert.deepEqual(!result.ok && [cniCodeOf(result.error), result.error.message], [code, message]);
  });
}

test('parseNetworkConfig() goes on without a malformed key on DEL and GC', () => {
  const config = { ...BASE_CONFIG, mode: 'tunnel', bridge: 'a/b', master: 'eth1', ipam: 5, dns: 'x' };
  for (const command of ['DEL', 'GC'] as const) {
    const result = parseNetworkConfig(requestOf(config, { command }));
    assert.deepEqual(result, { ok: true, value: { ...MINIMAL, master: 'eth1', ipamType: '' } });
  }
  for (const command of ['ADD', 'CHECK', 'STATUS'] as const) {
    assert.equal(parseNetworkConfig(requestOf(config, { command })).ok, false, command);
  }
});

// ---- azure-vnet-ipam ----

const DEFAULTS: IpamConfig = {
  environment: 'azure',
  queryIntervalMs: 10_000,
  sourceFile: '/etc/kubernetes/interfaces.json',
};
const address = (text: string) => parseIpv4(text) ?? assert.fail(text);

const ipamAccepted: readonly [string, JsonObject, Partial<IpamConfig>][] = [
  ['the least', {}, {}],
  ['environment azure', { ipam: { environment: 'azure' } }, {}],
  ['environment mas', { ipam: { environment: 'mas' } }, { environment: 'file' }],
  [
    'environment fileIpam',
    { ipam: { Environment: 'fileIpam', SourceFile: '/x' } },
    {
      environment: 'file',
      sourceFile: '/x',
    },
  ],
  [
    'a subnet',
    { ipam: { subnet: '10.240.0.0/16' } },
    { subnet: parseCidr('10.240.0.0/16') ?? assert.fail() },
  ],
  ['the master of the caller', { master: 'eth1' }, { master: 'eth1' }],
  ['addressSpace local', { ipam: { addressSpace: 'local' } }, {}],
  ['an interval in text', { ipam: { queryInterval: '30' } }, { queryIntervalMs: 30_000 }],
  ['an interval in digits', { ipam: { queryInterval: 0.5 } }, { queryIntervalMs: 500 }],
  ['the default for other intervals', { ipam: { queryInterval: 'soon' } }, {}],
  ['the default for 0', { ipam: { queryInterval: 0 } }, {}],
  ['the default for less than 0', { ipam: { queryInterval: '-5' } }, {}],
  [
    'a query address',
    { ipam: { queryUrl: 'http://127.0.0.1:8080/x?a=b' } },
    {
      queryUrl: 'http://127.0.0.1:8080/x?a=b',
    },
  ],
  [
    'ipAddress',
    { ipam: { ipAddress: '10.240.0.9' } },
    {
      ipAddress: address('10.240.0.9'),
      requested: address('10.240.0.9'),
    },
  ],
  ['keys that belong to the caller', { mode: 'l2', bridge: 5, dns: 'x', ipam: { type: 5, routes: 7 } }, {}],
];
for (const [what, config, expected] of ipamAccepted) {
  test(`parseIpamConfig() accepts ${what}`, () => {
    const result = parseIpamConfig(requestOf({ name: 'azure', ...config }));
    assert.deepEqual(result, { ok: true, value: { ...DEFAULTS, ...expected } });
  });
}

test('parseIpamConfig() prefers runtimeConfig to args.cni to CNI_ARGS to ipam.ipAddress', () => {
  const sources: JsonObject[] = [
    { ipam: { ipAddress: '10.0.0.1' } },
    {},
    { args: { cni: { ips: ['10.0.0.3/8'] } } },
    { runtimeConfig: { ips: ['10.0.0.4/8'] } },
  ];
  const args = { ip: address('10.0.0.2') };
  for (let count = 1; count <= sources.length; count++) {
    const config = Object.assign({}, ...sources.slice(0, count)) as JsonObject;
    const result = parseIpamConfig(requestOf(config, count > 1 ? { args } : {}));
    assert.equal(result.ok && result.value.requested, address(`10.0.0.${count}`));
    assert.equal(result.ok && result.value.ipAddress, address('10.0.0.1'));
  }
});

test('parseIpamConfig() goes on without a malformed key on DEL', () => {
  const config = { ipam: { environment: 'x', subnet: 'y', queryUrl: 'z' }, master: 'a/b' };
  assert.deepEqual(parseIpamConfig(requestOf(config, { command: 'DEL' })), { ok: true, value: DEFAULTS });
  assert.equal(parseIpamConfig(requestOf(config)).ok, false);
});

// ---- the table of keys ----

for (const entry of CONFIG_KEYS) {
  for (const { value, code } of entry.refuses) {
    test(`${entry.key} = ${JSON.stringify(value)} is refused with code ${code}, as documented`, () => {
      const config = withKey(entry.key, value);
      const failures = [
        ...(entry.readBy === 'azure-vnet-ipam' ? [] : [refusalBy(parseNetworkConfig, config)]),
        ...(entry.readBy === 'azure-vnet' ? [] : [refusalBy(parseIpamConfig, config)]),
      ];
      for (const failure of failures) {
        assert.equal(failure?.code, code);
        if (entry.key !== 'cniVersion' && entry.key !== 'name') {
          assert.ok(failure.message.includes(entry.key), failure.message);
        }
      }
    });
  }
}

test('the table has every key of the samples, once', () => {
  const keys = CONFIG_KEYS.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  for (const { key, refuses } of CONFIG_KEYS) assert.ok(refuses.length > 0, key);
});

/** How a whole call with this configuration is refused, the envelope included. */
function refusalBy(
  parse: typeof parseNetworkConfig | typeof parseIpamConfig,
  config: JsonObject,
): { code: JsonValue | undefined; message: string } {
  const env = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c',
    CNI_NETNS: '/n',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/p',
  };
  const ran = run(env, config);
  if (ran.status !== 0) return { code: ran.document.code, message: String(ran.document.msg) };
  const result = parse(requestOf(config));
  return result.ok
    ? assert.fail('accepted')
    : { code: cniCodeOf(result.error), message: result.error.message };
}

function withKey(path: string, value: JsonValue): JsonObject {
  const config = structuredClone(BASE_CONFIG) as Record<string, unknown>;
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let owner = config;
  for (const part of parts) {
    owner[part] ??= {};
    owner = owner[part] as Record<string, unknown>;
  }
  owner[last] = value;
  return config as JsonObject;
}
