/** CHECK: each difference between the result of ADD and what is there is named, with what mends it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { Machine } from '../crash/machine.ts';
import { hostVeth } from '../crash/state.ts';
import { type CallError, type Called, networkConfig } from '../support/container.ts';
import { deleteRule, ip } from '../support/damage.ts';
import { snapshot } from '../support/state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const ANEW = /delete the pod, or run DEL and ADD again$/;
const NEXT_ADD = /the next ADD repairs it, or run azure-vnet repair$/;

interface Difference {
  readonly make: (machine: Machine, address: string) => unknown;
  /** What the error names. */
  readonly named: (names: { readonly veth: string; readonly address: string }) => string;
  readonly repair: RegExp;
}

const inSandbox =
  (...commands: string[]) =>
  async (machine: Machine) => {
    for (const command of commands) await ip(machine.container('pod'), command);
  };
const onHost =
  (...commands: string[]) =>
  async (machine: Machine) => {
    for (const command of commands) {
      await ip(machine.vm, command.replace('VETH', hostVeth(machine, 'pod')));
    }
  };
const nft =
  (command: string) =>
  ({ vm }: Machine, address: string) =>
    vm.mustExec(['nft', ...command.replaceAll('ADDRESS', address).split(' ')]);
const without =
  (file: string) =>
  ({ vm }: Machine, address: string) =>
    rmSync(vm.path(`/run/azure-vnet/${file.replace('ADDRESS', address)}`));

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'the interface in the sandbox is gone': {
    make: inSandbox('link set eth0 down', 'link set eth0 name eth5'),
    named: () => 'interface eth0 is gone from /run/netns/pod',
    repair: ANEW,
  },
  'the interface in the sandbox is down': {
    make: inSandbox('link set eth0 down'),
    named: () => 'interface eth0 in /run/netns/pod is down',
    repair: /bring it up, or delete the pod/,
  },
  'the interface in the sandbox has another MAC': {
    make: inSandbox('link set eth0 address 02:00:00:00:00:99'),
    named: () => 'eth0 in /run/netns/pod has MAC 02:00:00:00:00:99',
    repair: ANEW,
  },
  'the address is gone': {
    make: inSandbox(
      'addr flush dev eth0',
      'route replace 10.240.0.1 dev eth0',
      'route replace default via 10.240.0.1',
    ),
    named: ({ address }) => `address ${address}/16 is gone from eth0`,
    repair: ANEW,
  },
  'the address has another prefix': {
    make: (machine, address) =>
      inSandbox(
        `addr add ${address}/24 dev eth0`,
        `addr del ${address}/16 dev eth0`,
        'route replace default via 10.240.0.1 dev eth0',
      )(machine),
    named: ({ address }) => `address ${address}/16 is gone from eth0`,
    repair: ANEW,
  },
  'the route is gone': {
    make: inSandbox('route del default'),
    named: () => 'route 0.0.0.0/0 via 10.240.0.1 dev eth0 is gone from the sandbox',
    repair: ANEW,
  },
  'the route leads to another gateway': {
    make: inSandbox('route replace default via 10.240.0.99 dev eth0'),
    named: () => 'route 0.0.0.0/0 via 10.240.0.1 dev eth0 is gone from the sandbox',
    repair: ANEW,
  },
  'the host veth is gone': {
    make: onHost('link del VETH'),
    named: ({ veth }) => `host veth ${veth} is gone`,
    repair: ANEW,
  },
  'the host veth is no port of the bridge': {
    make: onHost('link set VETH nomaster'),
    named: ({ veth }) => `${veth} is not a port of azure0`,
    repair: /ip link set azv[0-9a-f]+ master azure0$/,
  },
  'the host veth is down': {
    make: onHost('link set VETH down'),
    named: ({ veth }) => `${veth} is down`,
    repair: /ip link set azv[0-9a-f]+ up$/,
  },
  'hairpin mode is off': {
    make: onHost('link set VETH type bridge_slave hairpin off'),
    named: ({ veth }) => `hairpin mode of ${veth} is off`,
    repair: /bridge link set dev azv[0-9a-f]+ hairpin on$/,
  },
  'the port does not forward': {
    // As DEL does it; ip(8) ignores a state of 0.
    make: async (machine) =>
      machine.vm.mustExec(['bridge', 'link', 'set', 'dev', hostVeth(machine, 'pod'), 'state', '0']),
    named: ({ veth }) => `${veth} does not forward`,
    repair: /bridge link set dev azv[0-9a-f]+ state 3$/,
  },
  'the bridge is gone': {
    make: onHost('link del azure0'),
    named: () => 'bridge azure0 is gone',
    repair: NEXT_ADD,
  },
  'the bridge is down': {
    make: onHost('link set azure0 down'),
    named: () => 'bridge azure0 is down',
    repair: NEXT_ADD,
  },
  'the NIC is no port of the bridge': {
    make: onHost('link set eth0 nomaster'),
    named: () => 'eth0 is not a port of azure0',
    repair: NEXT_ADD,
  },
  'the element of the map is missing': {
    make: nft('delete element bridge azure-vnet pod_macs { ADDRESS }'),
    named: ({ address }) => `${address} is not in map pod_macs of table bridge azure-vnet`,
    repair: ANEW,
  },
  'the element of the map has another MAC': {
    make: async (machine, address) => {
      await nft('delete element bridge azure-vnet pod_macs { ADDRESS }')(machine, address);
      await nft('add element bridge azure-vnet pod_macs { ADDRESS : 02:00:00:00:00:99 }')(machine, address);
    },
    named: ({ address }) => `${address} is not in map pod_macs of table bridge azure-vnet`,
    repair: ANEW,
  },
  'the element of the set is missing': {
    make: nft('delete element bridge azure-vnet local_ips { ADDRESS }'),
    named: ({ address }) => `${address} is not in set local_ips of table bridge azure-vnet`,
    repair: ANEW,
  },
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map((number): [string, Difference] => [
      `rule ${number} is missing`,
      {
        make: (machine) => deleteRule(machine.vm, number),
        named: () => `rule ${number}`,
        repair: NEXT_ADD,
      },
    ]),
  ),
  'the table is missing': {
    make: nft('delete table bridge azure-vnet'),
    named: () => 'rule 1',
    repair: NEXT_ADD,
  },
  'the lease is missing': {
    make: without('ipam/leases/ADDRESS@id-of-pod@eth0'),
    named: () => 'no address is leased to container id-of-pod (eth0)',
    repair: /DEL and ADD it again$/,
  },
  'the record is missing': {
    make: without('endpoints/azure@id-of-pod@eth0'),
    named: () => 'no record of id-of-pod eth0 in network azure',
    repair: ANEW,
  },
  'the record of the network is missing': {
    make: without('networks/azure'),
    named: () => 'no record of network azure',
    repair: NEXT_ADD,
  },
};

describe('CHECK', { skip }, () => {
  let lab: Lab;
  let machine: Machine;
  before(async () => {
    lab = await Lab.create();
    machine = await Machine.create(lab, ['pod', 'twin']);
  });
  after(() => lab.close());

  /** ADD, something, and CHECK with the result. */
  async function checkAfter(
    make: (result: JsonObject, address: string) => unknown,
    changes: { readonly cniVersion?: string; readonly prevResult?: (result: JsonObject) => JsonObject } = {},
  ): Promise<Called> {
    await machine.reset();
    await machine.add('twin');
    const config = networkConfig(changes.cniVersion === undefined ? {} : { cniVersion: changes.cniVersion });
    const pod = machine.container('pod');
    const result = (await pod.add({ config })) as unknown as JsonObject & { ips: { address: string }[] };
    await make(result, result.ips[0]?.address.replace(/\/\d+$/, '') ?? '');
    const prevResult = changes.prevResult?.(result) ?? result;
    return pod.call('CHECK', { config: { ...config, prevResult } });
  }

  for (const [name, { make, named, repair }] of Object.entries(DIFFERENCES)) {
    test(`says that ${name}, and how to repair it`, async () => {
      let address = '';
      const { status, stdout } = await checkAfter((_, given) => {
        address = given;
        return make(machine, given);
      });
      assert.equal(status, 1, stdout);
      const { code, msg } = JSON.parse(stdout) as CallError;
      assert.equal(code, 100);
      assert.ok(msg.includes(named({ veth: hostVeth(machine, 'pod'), address })), msg);
      assert.match(msg, repair);
    });
  }

  for (const cniVersion of ['0.4.0', '1.0.0', '1.1.0']) {
    test(`in version ${cniVersion} prints nothing when all is well, and changes nothing`, async () => {
      let before: unknown;
      const well = await checkAfter(
        async () => {
          before = await snapshot(machine.vm);
        },
        { cniVersion },
      );
      assert.deepEqual([well.status, well.stdout], [0, '']);
      assert.deepEqual(await snapshot(machine.vm), before);
      const { status, stdout } = await checkAfter(inSandboxOf(machine, 'route del default'), { cniVersion });
      assert.equal(status, 1);
      assert.equal((JSON.parse(stdout) as CallError).cniVersion, cniVersion);
    });
  }

  test('tolerates addresses, routes, neighbours and interfaces that others added', async () => {
    const { status, stdout } = await checkAfter(async () => {
      const commands = [
        'addr add 10.240.200.200/16 dev eth0',
        'addr add fd00::7/64 dev eth0',
        'route add 10.9.0.0/16 via 10.240.0.1 dev eth0',
        'route add default via 10.240.0.2 dev eth0 metric 50',
        'link add net1 type veth peer name net2',
        'link set net1 up',
        'link set net2 up',
        'addr add 192.168.9.1/24 dev net1',
        'route add default via 192.168.9.2 dev net1 metric 9',
      ];
      for (const command of commands) await ip(machine.container('pod'), command);
      await ip(machine.vm, 'link add azure9 type bridge');
      await ip(machine.vm, 'link del azure9');
    });
    assert.deepEqual([status, stdout], [0, '']);
  });

  test('tolerates what later plugins of the chain added to the result', async () => {
    const { status, stdout } = await checkAfter(() => undefined, {
      prevResult: (result) => {
        const { interfaces, ips, routes } = result as Record<string, JsonObject[]>;
        const more = { name: 'net1', mac: '02:00:00:00:00:01', sandbox: '/run/netns/pod' };
        return {
          ...result,
          interfaces: [...(interfaces ?? []), more],
          ips: [...(ips ?? []), { interface: 3, address: '192.168.9.1/24' }],
          routes: [...(routes ?? [])],
          dns: { nameservers: ['192.168.9.9'] },
        };
      },
    });
    assert.deepEqual([status, stdout], [0, '']);
  });

  test('says that the result is of another sandbox', async () => {
    const { status, stdout } = await checkAfter(() => undefined, {
      prevResult: (result) =>
        JSON.parse(JSON.stringify(result).replaceAll('/run/netns/pod', '/run/netns/twin')),
    });
    assert.equal(status, 1);
    assert.match(stdout, /prevResult says sandbox \/run\/netns\/twin, CNI_NETNS says \/run\/netns\/pod/);
  });
});

function inSandboxOf(machine: Machine, command: string) {
  return () => ip(machine.container('pod'), command);
}
