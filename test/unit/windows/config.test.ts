import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { Fields } from '../../../src/cni/fields.ts';
import type { CniRequest, JsonObject } from '../../../src/cni/types.ts';
import { parseWindowsConfig } from '../../../src/windows/config.ts';
import { endpointDns, networkDns, readRuntimeDns } from '../../../src/windows/dns.ts';
import { policyV1 } from '../../../src/windows/policies-v1.ts';
import { policiesV2 } from '../../../src/windows/policies-v2.ts';
import { requestOf } from '../cni/calls.ts';

const BASE: JsonObject = { name: 'azure', type: 'azure-vnet', ipam: { type: 'azure-vnet-ipam' } };

function parse(config: JsonObject, command: CniRequest['env']['command'] = 'ADD') {
  const request = requestOf({ ...BASE, ...config });
  return parseWindowsConfig({ ...request, env: { ...request.env, command } });
}

test('parseWindowsConfig() has the defaults of the documentation', () => {
  const parsed = parse({});
  assert.deepEqual(parsed.ok && parsed.value, {
    name: parsed.ok ? parsed.value.name : '',
    mode: 'l2bridge',
    ipamType: 'azure-vnet-ipam',
    dns: {},
    runtimeDns: { servers: [], searches: [], options: [] },
    portMappings: [],
    endpointPolicies: [],
    networkPolicies: [],
    enableLoopbackDsr: false,
    hnsTimeoutMs: 60_000,
  });
});

test('parseWindowsConfig() takes keys in any case, and keys of Linux without a word', () => {
  const parsed = parse({
    Mode: 'tunnel',
    ADAPTERNAME: 'Ethernet 2',
    Master: 'vEthernet (Ethernet 2)',
    windowssettings: { EnableLoopbackDsr: true, HnsTimeoutDurationInSeconds: 120 },
    bridge: 'azure0',
    ipsToRouteViaHost: ['169.254.20.10'],
    serviceCidrs: '10.0.0.0/16',
  });
  assert.ok(parsed.ok);
  const { mode, adapterName, master, enableLoopbackDsr, hnsTimeoutMs } = parsed.value;
  assert.deepEqual(
    [mode, adapterName, master, enableLoopbackDsr, hnsTimeoutMs],
    ['l2tunnel', 'Ethernet 2', 'vEthernet (Ethernet 2)', true, 120_000],
  );
});

test('parseWindowsConfig() accepts anything for DEL and GC', () => {
  const wrong = { mode: 5, multiTenancy: true, AdditionalArgs: 'x', ipam: [], windowsSettings: 3, dns: 1 };
  assert.equal(parse(wrong).ok, false);
  for (const command of ['DEL', 'GC'] as const) assert.equal(parse(wrong, command).ok, true);
});

const KEYS = [
  'mode',
  'master',
  'adapterName',
  'ipam',
  'dns',
  'runtimeConfig',
  'AdditionalArgs',
  'windowsSettings',
  'multiTenancy',
  'ipv6Mode',
  'executionMode',
  'nonMasqueradeCIDRs',
];

test('parseWindowsConfig() never throws, and what it accepts can be written for both versions', () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        null,
        true,
        0,
        -1,
        1e99,
        '',
        'x',
        'OutBoundNAT',
        'ROUTE',
        'ACL',
        'EndpointPolicy',
        '10.0.0.0/8',
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'Name',
          'name',
          'Value',
          'Type',
          'Settings',
          'Action',
          'portMappings',
          'hostPort',
          'containerPort',
          'servers',
          'type',
          'ExceptionList',
        ),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  }));
  const config = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 });
  fc.assert(
    fc.property(config, (given) => {
      const parsed = parse(given as JsonObject);
      if (!parsed.ok) return assert.ok(parsed.error.message.length > 0);
      JSON.stringify(parsed.value.endpointPolicies.map(policyV1));
      policiesV2(parsed.value.endpointPolicies);
    }),
    { numRuns: 1000 },
  );
});

// ---- DNS ----

const NONE = { servers: [], searches: [], options: [] };
const IPAM = { nameservers: ['168.63.129.16'] };

test('endpointDns(): the runtime, else the configuration with the namespace before the first suffix, else IPAM', () => {
  const runtime = { servers: ['10.0.0.10'], searches: ['a', 'b'], options: ['ndots:5'] };
  const configured = {
    nameservers: ['10.0.0.11'],
    search: ['svc.cluster.local', 'cluster.local'],
    options: ['x'],
  };
  const dns = (...args: Parameters<typeof endpointDns>) => {
    const found = endpointDns(...args);
    return found.ok ? found.value : found.error.message;
  };
  assert.deepEqual(dns(runtime, configured, 'default', IPAM), {
    servers: ['10.0.0.10'],
    search: ['a', 'b'],
    options: ['ndots:5'],
  });
  assert.deepEqual(dns(NONE, configured, 'default', IPAM), {
    servers: ['10.0.0.11'],
    search: ['default.svc.cluster.local', 'cluster.local'],
    options: ['x'],
  });
  assert.deepEqual(dns(NONE, configured, undefined, IPAM), {
    servers: ['10.0.0.11'],
    search: ['svc.cluster.local', 'cluster.local'],
    options: ['x'],
  });
  assert.deepEqual(dns(NONE, {}, 'default', IPAM), { servers: ['168.63.129.16'], search: [], options: [] });
  assert.deepEqual(dns({ ...NONE, searches: ['a'] }, configured, 'default', IPAM), {
    servers: [],
    search: ['a'],
    options: [],
  });
  assert.match(
    String(dns(NONE, { nameservers: ['10.0.0.11'] }, 'default', IPAM)),
    /^Wrong DNS configuration: \{"nameservers"/,
  );
});

test('networkDns(): the servers and the domain of the configuration, else those of IPAM', () => {
  assert.deepEqual(networkDns({ nameservers: ['10.0.0.10'], domain: 'd' }, IPAM), {
    servers: ['10.0.0.10'],
    search: [],
    options: [],
    domain: 'd',
  });
  assert.deepEqual(networkDns({ domain: 'd' }, IPAM), {
    servers: ['168.63.129.16'],
    search: [],
    options: [],
  });
});

test('readRuntimeDns() reads what the runtime sends', () => {
  const fields = new Fields({ servers: ['a'], searches: ['b'], options: ['c'] });
  assert.deepEqual(readRuntimeDns(fields), { servers: ['a'], searches: ['b'], options: ['c'] });
});
