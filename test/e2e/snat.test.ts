/** azure-vnet snat on a node with pods, with both iptables. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type Pod, type Vm } from '../../lab/lab.ts';
import { serverArgv, waitForListener } from '../../lab/pod/serve.ts';
import { assertAnswered, assertNothingDropped, get } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const TEN = ['--cidr', '10.0.0.0/8'];
const SEVERAL = ['--cidr', '10.240.0.0/16', '--cidr', '172.16.0.0/12', '--cidr', '192.168.0.0/16'];
const PAGE_RULE =
  '-t nat -C POSTROUTING -m iprange ! --dst-range 168.63.129.16 ' +
  '-m addrtype ! --dst-type local ! -d 10.0.0.0/8 -j MASQUERADE';
const UNIT = '/etc/systemd/system/azure-vnet-snat.service';

for (const variant of ['nft', 'legacy'] as const) {
  describe(`snat with iptables-${variant}`, { skip }, () => {
    let lab: Lab;
    let vm: Vm;
    let other: Vm;
    let pod: Pod;
    let neighbour: Pod;
    let far: Pod;
    before(async () => {
      lab = await Lab.create();
      vm = await lab.addVm({ masquerade: false, secondaries: 3 });
      other = await lab.addVm({ secondaries: 1 });
      // /etc of a VM is its own: this is how Debian's update-alternatives chooses.
      for (const program of ['iptables', 'iptables-restore']) {
        const target = program.replace('iptables', `/usr/sbin/iptables-${variant}`);
        await vm.mustExec(['ln', '-sf', target, `/etc/alternatives/${program}`]);
      }
      [pod, neighbour, far] = [await vm.addPod('web'), await vm.addPod('next'), await other.addPod('far')];
      for (const each of [neighbour, far]) await each.serve(80);
      const server = await vm.start(['env', 'LAB_POD=node', ...serverArgv(9099)]);
      await waitForListener(vm.path(`/proc/${server}`), 9099);
    });
    after(async () => {
      await lab.close();
    });

    test('without it Azure drops what a pod sends to the internet', async () => {
      assert.equal((await snat(vm, ['verify', ...TEN])).status, 1);
      const { status } = await pod.exec(['timeout', '1', 'busybox', 'wget', '-qO-', INTERNET]);
      assert.notEqual(status, 0);
      // It may be sent when wget has given up: it is kept until ARP is answered.
      const deadline = performance.now() + DROP_LIMIT_MS;
      while ((await dropped(lab)) === 0) {
        assert.ok(performance.now() < deadline, 'the fabric has dropped it');
        await sleep(10);
      }
    });

    for (const [what, cidrs] of [
      ['one range', TEN],
      ['several ranges', SEVERAL],
      ['one range in place of several', TEN],
    ] as const) {
      test(`apply for ${what} masquerades traffic to the internet and no other`, async () => {
        const before = await dropped(lab);
        const applied = await snat(vm, ['apply', ...cidrs]);
        assert.equal(applied.status, 0, applied.stderr);
        const rules = await natRules(vm);
        assert.equal((await snat(vm, ['verify', ...cidrs])).status, 0);
        const again = await snat(vm, ['apply', ...cidrs]);
        assert.match(again.stdout, /^nothing to do in iptables$/m);
        assert.equal(await natRules(vm), rules, 'a second apply changes nothing');

        const { primary } = vm.nic();
        assert.match(await get(pod, INTERNET), new RegExp(`${primary}$`), 'the internet sees the node');
        assert.equal(await get(pod, `http://${neighbour.address}/cgi-bin/who`), `next ${pod.address}`);
        assert.equal(await get(pod, `http://${far.address}/cgi-bin/who`), `far ${pod.address}`);
        assert.equal(
          await get(pod, `http://${primary}:9099/cgi-bin/who`),
          `node ${pod.address}`,
          'the node sees the pod',
        );
        assert.equal(await dropped(lab), before);
        assert.equal(await masqueradesOf(vm), 1);
      });
    }

    test('apply for one range makes exactly the rule of the deployment page', async () => {
      await vm.mustExec(['iptables', '-w', '5', ...PAGE_RULE.split(' ')]);
      assert.doesNotMatch(await natRules(vm), /AZURE-VNET-SNAT/);
    });

    for (const [what, cidrs] of [
      ['the rule', ['--cidr', '192.0.2.0/24']],
      ['the chain', ['--cidr', '192.0.2.0/24', '--cidr', '198.51.100.0/24']],
    ] as const) {
      test(`168.63.129.16 and addresses of the node are not masqueraded by ${what}, whatever the ranges`, async () => {
        assert.equal((await snat(vm, ['apply', ...cidrs])).status, 0);
        const { primary } = vm.nic();
        const marks = await countedAfter(vm, async () => {
          await pod.exec(['timeout', '1', 'busybox', 'wget', '-qO-', 'http://168.63.129.16/']);
          await assertAnswered(pod, primary);
        });
        assert.equal(marks, 0);
        assert.equal(await get(pod, `http://${primary}:9099/cgi-bin/who`), `node ${pod.address}`);
        const toInternet = await countedAfter(vm, async () => {
          await get(pod, INTERNET);
        });
        assert.ok(toInternet > 0, 'the counter counts');
      });
    }

    test('there is no moment without a rule while ranges change', async () => {
      const before = await dropped(lab);
      let changed = false;
      const ask = async () => {
        const seen = new Set<string>();
        for (let round = 0; round < 20 || !changed; round++) seen.add(await get(pod, INTERNET));
        return [...seen];
      };
      const asking = ask();
      for (let round = 0; round < 4; round++) {
        for (const cidrs of [TEN, SEVERAL]) assert.equal((await snat(vm, ['apply', ...cidrs])).status, 0);
      }
      changed = true;
      const seen = await asking;
      assert.equal(seen.length, 1, seen.join(' '));
      assert.match(seen[0] ?? '', new RegExp(`${vm.nic().primary}$`));
      assert.equal(await dropped(lab), before);
    });

    test('apply --persist writes a unit that systemd understands, and its command applies the rules', async () => {
      // A unit wants a path without spaces, which that of this working tree may have.
      const installed = '/run/azure-vnet-installed';
      await vm.mustExec(['cp', programOf(vm), installed]);
      const applied = await vm.exec([installed, 'snat', 'apply', ...SEVERAL, '--persist']);
      assert.equal(applied.status, 0, applied.stderr);
      assert.match(applied.stdout, /systemctl enable azure-vnet-snat\.service/);
      const unit = await vm.mustExec(['cat', UNIT]);
      const rules = await natRules(vm);
      await vm.mustExec(['iptables', '-w', '5', '-t', 'nat', '-F']);
      const command = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
      await vm.mustExec(command);
      assert.equal(await natRules(vm), rules);
      const checked = await vm.exec(['systemd-analyze', 'verify', '--man=no', UNIT]);
      if (!/No such file/.test(checked.stderr)) assert.doesNotMatch(checked.stderr, /azure-vnet-snat/);
    });

    test('remove takes everything away', async () => {
      const removed = await snat(vm, ['remove', ...SEVERAL]);
      assert.equal(removed.status, 0, removed.stderr);
      assert.doesNotMatch(await natRules(vm), /MASQUERADE|AZURE-VNET-SNAT/);
      assert.notEqual((await vm.exec(['test', '-e', UNIT])).status, 0);
      assert.match((await snat(vm, ['remove'])).stdout, /^nothing to do in iptables$/m);
    });

    test('two at once leave one rule', async () => {
      const both = await Promise.all([snat(vm, ['apply', ...TEN]), snat(vm, ['apply', ...TEN])]);
      assert.deepEqual(
        both.map(({ status }) => status),
        [0, 0],
      );
      assert.equal(await masqueradesOf(vm), 1);
    });
  });
}

describe('snat on a node that has changed its iptables', { skip }, () => {
  test('apply leaves one rule, in the one that is used now', async () => {
    const lab = await Lab.create();
    try {
      const vm = await lab.addVm({ masquerade: false });
      const rule = PAGE_RULE.replace('-C', '-A').split(' ');
      await vm.mustExec(['iptables-legacy', '-w', '5', ...rule]);
      assert.equal((await snat(vm, ['verify', ...TEN])).status, 1);
      assert.equal((await snat(vm, ['apply', ...TEN])).status, 0);
      assert.doesNotMatch(await vm.mustExec(['iptables-legacy', '-t', 'nat', '-S']), /MASQUERADE/);
      assert.equal(await masqueradesOf(vm), 1);
      assert.equal((await snat(vm, ['verify', ...TEN])).status, 0);
      await assertNothingDropped(lab);
    } finally {
      await lab.close();
    }
  });
});

const DROP_LIMIT_MS = 20_000;
const INTERNET = 'http://203.0.113.10/';

function snat(vm: Vm, words: readonly string[]) {
  return vm.exec([programOf(vm), 'snat', ...words]);
}

function programOf(vm: Vm): string {
  return `${vm.state.cniPath[0]}/azure-vnet`;
}

async function natRules(vm: Vm): Promise<string> {
  return await vm.mustExec(['iptables', '-w', '5', '-t', 'nat', '-S']);
}

async function masqueradesOf(vm: Vm): Promise<number> {
  return (await natRules(vm)).split('\n').filter((line) => line.endsWith('-j MASQUERADE')).length;
}

/** How many connections were masqueraded meanwhile: rules count the first packet of each. */
async function countedAfter(vm: Vm, work: () => Promise<void>): Promise<number> {
  const before = await masqueraded(vm);
  await work();
  return (await masqueraded(vm)) - before;
}

async function masqueraded(vm: Vm): Promise<number> {
  const listed = await vm.mustExec('iptables -w 5 -t nat -L -v -x -n'.split(' '));
  const counts = [...listed.matchAll(/^\s*(\d+)\s+\d+\s+MASQUERADE/gm)].map(([, count]) => Number(count));
  assert.equal(counts.length, 1, listed);
  return counts[0] ?? 0;
}

async function dropped(lab: Lab): Promise<number> {
  const { ports } = await lab.counters();
  return Object.values(ports).reduce((sum, { internetFromSecondary }) => sum + internetFromSecondary, 0);
}
