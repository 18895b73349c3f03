/** What our own IPAM is told of a network that is known, when it serves the call in this process. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { parseIpamConfig } from '../../../src/cni/ipam-config.ts';
import type { CniPlugin, CniRequest, IpamConfig, JsonObject, PluginContext } from '../../../src/cni/types.ts';
import { ipamThrough, OWN_IPAM } from '../../../src/ipam/through.ts';
import { parseCidr } from '../../../src/net/cidr.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { failure } from '../../../src/sys/failure.ts';
import { err, ok } from '../../../src/sys/result.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const sys = new FakeWorld().process();
const context: PluginContext = { sys, log: new OperationLog(sys) };
const subnet = parseCidr('10.240.0.0/16') ?? assert.fail('a subnet');
const NETWORK = { subnet, nic: 'eth7' };

/** What IPAM reads of the request that it gets; `read` is what its caller has read of the original. */
function told(request: CniRequest, read?: IpamConfig): IpamConfig {
  let seen: CniRequest | undefined;
  const own: CniPlugin = {
    name: 'azure-vnet-ipam',
    add: (_context, given) => {
      seen = given;
      return err(failure('POOL_EMPTY', 'none'));
    },
    del: () => ok(undefined),
    check: () => ok(undefined),
    gc: () => ok(undefined),
    status: () => ok(undefined),
  };
  ipamThrough(own, context, request, OWN_IPAM, NETWORK, true, read).add();
  return configOf(seen ?? assert.fail('IPAM was called'));
}

function configOf(request: CniRequest): IpamConfig {
  const config = parseIpamConfig(request);
  return config.ok ? config.value : assert.fail(config.error.message);
}

function requestWith(config: JsonObject): CniRequest {
  const env = {
    command: 'ADD' as const,
    containerId: 'one',
    ifname: 'eth0',
    netns: '/run/netns/one',
    netnsOverride: false,
    path: ['/opt/cni/bin'],
    args: {},
  };
  return { env, version: '1.0.0', networkName: 'azure', config, validAttachments: [] };
}

test('a known network says what the configuration does not', () => {
  const request = requestWith({ ipam: { type: OWN_IPAM } });
  const { subnet: found, master } = told(request, configOf(request));
  assert.deepEqual([found, master], [NETWORK.subnet, NETWORK.nic]);
});

test('the configuration wins over a known network', () => {
  const request = requestWith({ master: 'eth1', ipam: { type: OWN_IPAM, subnet: '10.1.0.0/24' } });
  const { subnet: found, master } = told(request, configOf(request));
  assert.deepEqual([found, master], [parseCidr('10.1.0.0/24'), 'eth1']);
});

test('a configuration that was read already means what its text means', () => {
  const maybe = (key: string, ...values: (string | number)[]) =>
    fc.constantFrom({}, ...values.map((value) => ({ [key]: value })));
  const ipam = fc
    .tuple(
      maybe('subnet', '', '10.1.0.0/24', '10.240.0.0/16'),
      maybe('SUBNET', '10.2.0.0/24'),
      maybe('environment', 'azure', 'mas'),
      maybe('queryInterval', 5, '30'),
      maybe('queryUrl', 'http://127.0.0.1/x'),
      maybe('ipAddress', '10.240.0.9'),
    )
    .map((parts): JsonObject => Object.assign({ type: OWN_IPAM }, ...parts));
  fc.assert(
    fc.property(ipam, maybe('master', '', 'eth1'), maybe('Master', 'eth2'), (given, master, spelled) => {
      const request = requestWith({ ...master, ...spelled, ipam: given });
      assert.deepEqual(told(request, configOf(request)), told(request));
    }),
  );
});
