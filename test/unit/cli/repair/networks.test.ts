import assert from 'node:assert/strict';
import test from 'node:test';
import { repairableNetworks } from '../../../../src/cli/repair/networks.ts';
import { type RepairReport, renderRepair } from '../../../../src/cli/repair/render.ts';
import { PLAIN } from '../../../../src/cli/style.ts';
import type { NetworkConfig } from '../../../../src/cni/types.ts';
import { BRIDGE, cidr, ip, NIC, net, network, node } from '../node/facts.ts';

const CONFIGURED: NetworkConfig = {
  name: 'azure',
  bridge: 'azure0',
  ipsToRouteViaHost: [],
  disableHairpinOnHostInterface: false,
  ipamType: 'azure-vnet-ipam',
  dns: {},
};
const configured = (name: string): NetworkConfig => ({ ...CONFIGURED, name });

test('repairableNetworks() takes bridge, NIC and subnet from the record, the rest from the configuration', () => {
  const recorded = network();
  const facts = node({
    networks: [
      { ...recorded, record: { ...recorded.record, bridge: 'br7', viaHost: [ip('169.254.20.10')] } },
    ],
  });
  assert.deepEqual(repairableNetworks(facts, configured, ['azure']), [
    {
      config: { ...CONFIGURED, master: 'eth0', bridge: 'br7', ipsToRouteViaHost: [ip('169.254.20.10')] },
      subnet: cidr('10.240.0.0/16'),
    },
  ]);
});

test('repairableNetworks() names a NIC as it is called now, and none that is gone', () => {
  const master = (facts: ReturnType<typeof network>) =>
    repairableNetworks(node({ networks: [facts] }), configured, [])[0]?.config.master;
  assert.equal(master(network({ nic: { ...NIC, name: 'ens1' } })), 'ens1');
  const { nic: _, ...gone } = network();
  assert.equal(master(gone), undefined);
});

test('repairableNetworks() finds a network whose record is lost by its bridge, or by what that took over', () => {
  const lost = { networks: [], endpoints: [], leases: [] };
  const found = { config: CONFIGURED, subnet: cidr('10.240.0.0/16') };
  assert.deepEqual(repairableNetworks(node(lost), configured, ['azure']), [found]);
  assert.deepEqual(repairableNetworks(node({ ...lost, bridges: [] }), configured, ['azure']), [found]);
  assert.deepEqual(
    repairableNetworks(
      node({ ...lost, hosts: [], bridges: [{ link: BRIDGE, addresses: [net('10.9.0.4/24')] }] }),
      configured,
      ['azure'],
    ),
    [{ config: CONFIGURED, subnet: cidr('10.9.0.0/24') }],
  );
});

test('repairableNetworks() leaves a network alone that no ADD has built', () => {
  const fresh = node({ networks: [], endpoints: [], leases: [], hosts: [], bridges: [] });
  assert.deepEqual(repairableNetworks(fresh, configured, ['azure']), []);
  const other = node({
    networks: [],
    hosts: [],
    bridges: [{ link: { ...BRIDGE, name: 'docker0' }, addresses: [net('172.17.0.1/16')] }],
  });
  assert.deepEqual(repairableNetworks(other, configured, ['azure']), []);
});

const PROBLEM = { severity: 'error', why: 'why', mend: 'azure-vnet repair' } as const;

test('renderRepair() tells what was mended, what failed, what is left and what was noted', () => {
  const nothing: RepairReport = { dryRun: false, mended: [], left: [], failures: [], notes: [] };
  assert.equal(renderRepair(nothing, PLAIN), 'Nothing to repair.\n');
  const report = {
    ...nothing,
    mended: [{ ...PROBLEM, code: 'BRIDGE_MISSING', found: 'bridge azure0 is gone' }],
    left: [{ ...PROBLEM, code: 'SANDBOX_GONE', found: 'the sandbox is gone', mend: 'azure-vnet gc' }],
    failures: ['network azure: no master'],
    notes: ['something was seen'],
  };
  assert.equal(
    renderRepair(report, PLAIN),
    `mended BRIDGE_MISSING: bridge azure0 is gone
failed network azure: no master
left
error    SANDBOX_GONE: the sandbox is gone
         why
         mend: azure-vnet gc
note something was seen
`,
  );
  assert.equal(
    renderRepair({ ...report, dryRun: true, left: [...report.mended, ...report.left] }, PLAIN),
    `would mend BRIDGE_MISSING: bridge azure0 is gone
would not mend SANDBOX_GONE: the sandbox is gone; mend: azure-vnet gc
`,
  );
});
