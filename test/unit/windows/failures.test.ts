import assert from 'node:assert/strict';
import test from 'node:test';
import { addressOf, CONTAINER, messageOf, NAMESPACE, WindowsMachine } from './machine.ts';

const SECOND = 'feed000000000000';
const SECOND_NAMESPACE = 'bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const INFRA_WORKLOAD = 'badcafe000000001';

function machine(): WindowsMachine {
  const vm = new WindowsMachine();
  vm.hns.namespaces.add(SECOND_NAMESPACE);
  for (const id of [SECOND, INFRA_WORKLOAD]) vm.hns.containers.add(id);
  return vm;
}

const versions = [
  { what: 'version 1', netns: 'none', second: 'none' },
  { what: 'version 2', netns: NAMESPACE, second: SECOND_NAMESPACE },
] as const;

for (const { what, netns, second } of versions) {
  test(`ADD, ${what}: each call to HNS that is refused is an error with its words, and everything is undone`, () => {
    const all = machine();
    all.add(CONTAINER, netns);
    const calls = [...all.hns.calls];
    assert.ok(calls.length >= 5);
    for (const [number, name] of calls.entries()) {
      const vm = machine();
      let seen = 0;
      vm.hns.fault = () => (seen++ === number ? { error: 'no, not now' } : undefined);
      const added = vm.add(CONTAINER, netns);
      if (added.status === 0) {
        // The version is asked after the network was made, only to see whether to wait.
        assert.match(name, /globals\/version|networks\/$|HcnEnumerate/, name);
        continue;
      }
      assert.match(messageOf(added), /no, not now/, name);
      assert.deepEqual(vm.remains, [], name);
      assert.equal(addressOf(vm.add(CONTAINER, netns)).endsWith('/16'), true);
    }
  });

  test(`ADD, ${what}: silence of HNS ends at the deadline with code 11, and the next call cleans up`, () => {
    const config = { windowsSettings: { hnsTimeoutDurationInSeconds: 7 } };
    const calls = (() => {
      const vm = machine();
      vm.add(CONTAINER, netns);
      return vm.hns.calls.length;
    })();
    for (let number = 0; number < calls; number++) {
      const vm = machine();
      let seen = 0;
      vm.hns.fault = () => (seen++ >= number ? 'silent' : undefined);
      const startMs = vm.world.nowMs;
      const added = vm.add(CONTAINER, netns, { config });
      assert.match(messageOf(added), /^11: .*HNS did not answer .* within 7 s/, String(number));
      assert.ok(vm.world.nowMs - startMs <= 7000, `${number}: ${vm.world.nowMs - startMs} ms`);
      vm.hns.fault = () => undefined;
      assert.equal(vm.add(SECOND, second).status, 0);
      assert.equal(vm.del(SECOND, second).status, 0);
      assert.deepEqual(vm.remains, [], String(number));
    }
  });

  test(`ADD, ${what}: an endpoint that HNS makes after the deadline is removed by the next call`, () => {
    const vm = machine();
    vm.hns.fault = (call) => (/^POST .endpoints|^HcnCreateEndpoint/.test(call) ? 'late' : undefined);
    assert.match(messageOf(vm.add(CONTAINER, netns)), /^11: Failed to create endpoint/);
    vm.hns.fault = () => undefined;
    assert.deepEqual([vm.hns.endpoints.length, vm.leased], [1, ['10.240.0.5']]);
    assert.equal(addressOf(vm.add(SECOND, second)), '10.240.0.6/16');
    assert.equal(vm.del(SECOND, second).status, 0);
    assert.deepEqual(vm.remains, []);
  });

  test(`ADD, ${what}: an endpoint that HNS makes and says that it has not is removed at once`, () => {
    const vm = machine();
    vm.hns.fault = (call) =>
      /^POST .endpoints|^HcnCreateEndpoint/.test(call) ? { errorAfter: 'unspecified' } : undefined;
    assert.match(messageOf(vm.add(CONTAINER, netns)), /^100: Failed to create endpoint: .*unspecified/);
    assert.deepEqual(vm.remains, []);
  });

  test(`DEL, ${what}: a refusal is code 11, keeps the address, and the next call goes on`, () => {
    const vm = machine();
    vm.add(CONTAINER, netns);
    vm.hns.fault = (call) => (/^DELETE|^HcnDelete/.test(call) ? { error: 'busy' } : undefined);
    const deleted = vm.del(CONTAINER, netns);
    assert.match(messageOf(deleted), /^11: failed to delete endpoint: .*busy/);
    assert.deepEqual(vm.leased, ['10.240.0.5']);
    vm.hns.fault = () => undefined;
    assert.equal(addressOf(vm.add(SECOND, second)), '10.240.0.6/16');
    assert.deepEqual(vm.leased, ['10.240.0.6']);
    assert.equal(vm.hns.endpoints.length, 1);
  });

  test(`DEL, ${what}: where there is no HNS any more, there is nothing to delete but the lease`, () => {
    const vm = machine();
    vm.add(CONTAINER, netns);
    vm.hns.fault = () => 'missing';
    assert.equal(vm.del(CONTAINER, netns).status, 0);
    assert.deepEqual([vm.leased, vm.records('endpoints'), vm.records('unfinished')], [[], [], []]);
    assert.equal(vm.del(CONTAINER, netns).status, 0);
  });

  test(`ADD, ${what}: killed before every call to the system, any next call leaves nothing of it`, () => {
    const nexts: readonly [string, (vm: WindowsMachine) => number][] = [
      ['DEL', (vm) => vm.del(CONTAINER, netns).status],
      ['ADD and DEL', (vm) => vm.add(CONTAINER, netns).status + vm.del(CONTAINER, netns).status],
      ['GC', (vm) => vm.run({ command: 'GC' }).status],
      [
        'another ADD and DEL, then DEL',
        (vm) => vm.add(SECOND, second).status + vm.del(SECOND, second).status,
      ],
    ];
    const problems: string[] = [];
    let point = 1;
    for (let survived = 0; survived < 2 && point < 500; point++) {
      const [name, next] = nexts[point % nexts.length] ?? assert.fail();
      const vm = machine();
      const died = vm.runOrDie({ command: 'ADD', netns, process: { killAt: point } }) === 'killed';
      survived = died ? 0 : survived + 1;
      const status = next(vm);
      if (name.startsWith('another') && !died) vm.del(CONTAINER, netns);
      // A call that had done all but tell is a container like any other.
      if (name.startsWith('another') && vm.records('endpoints').length === 1) vm.del(CONTAINER, netns);
      if (status !== 0) problems.push(`killed at ${point}, ${name}: status ${status}`);
      if (vm.remains.length > 0) problems.push(`killed at ${point}, ${name}: ${vm.remains.join(', ')}`);
    }
    assert.ok(point > 40 && point < 500, `${point} points`);
    assert.deepEqual(problems, []);
  });

  test(`DEL, ${what}: killed before every call to the system, the next DEL or another call completes it`, () => {
    const problems: string[] = [];
    let point = 1;
    for (let survived = 0; survived < 2 && point < 500; point++) {
      const vm = machine();
      vm.add(CONTAINER, netns);
      const died = vm.runOrDie({ command: 'DEL', netns, process: { killAt: point } }) === 'killed';
      survived = died ? 0 : survived + 1;
      const begun = vm.records('unfinished').length > 0;
      if (point % 2 === 0 && begun) vm.add(SECOND, second);
      else vm.del(CONTAINER, netns);
      if (point % 2 === 0 && begun) vm.del(SECOND, second);
      if (vm.remains.length > 0) problems.push(`killed at ${point}: ${vm.remains.join(', ')}`);
    }
    assert.ok(point > 20 && point < 500, `${point} points`);
    assert.deepEqual(problems, []);
  });
}

test('a workload container: killed before every call, DEL of the infra container leaves nothing', () => {
  const shared = `container:${CONTAINER}`;
  let point = 1;
  for (let survived = 0; survived < 2 && point < 300; point++) {
    const vm = machine();
    vm.add(CONTAINER, 'none');
    const call = { command: 'ADD', container: INFRA_WORKLOAD, netns: shared, process: { killAt: point } };
    survived = vm.runOrDie(call) === 'killed' ? 0 : survived + 1;
    if (point % 2 === 0) assert.equal(vm.add(INFRA_WORKLOAD, shared).status, 0);
    assert.equal(vm.del(CONTAINER, 'none').status, 0);
    assert.deepEqual(vm.remains, [], `killed at ${point}`);
  }
});

test('a full disk at any call is an error that names it, or success; nothing is left after DEL', () => {
  for (let number = 1; number < 120; number++) {
    const vm = machine();
    const fault = (call: { number: number; name: string }) =>
      call.number >= number && (call.name === 'write' || call.name === 'mkdir') && call.number < number + 6
        ? 'ENOSPC'
        : undefined;
    const added = vm.add(CONTAINER, NAMESPACE, { process: { fault } });
    if (added.status !== 0 && added.document !== undefined)
      assert.match(messageOf(added), /ENOSPC|free some space/);
    assert.equal(vm.del().status, 0);
    assert.deepEqual(vm.remains, [], String(number));
  }
});

test('a full disk does not keep DEL from making room', () => {
  const vm = machine();
  vm.add();
  const fault = ({ name, args }: { name: string; args: readonly unknown[] }) =>
    name === 'mkdir' || (name === 'write' && Number(args[0]) > 2) ? 'ENOSPC' : undefined;
  assert.equal(vm.del(CONTAINER, NAMESPACE, { process: { fault } }).status, 0);
  assert.deepEqual(vm.remains, []);
});

test('what another process is at is left to it', () => {
  const vm = machine();
  // An ADD that hangs in HNS: its lock is held.
  const died = vm.runOrDie({ command: 'ADD', process: { killAt: 60 } });
  assert.equal(died, 'killed');
  const [unfinished] = vm.records('unfinished');
  assert.ok(unfinished !== undefined);
  const holder = vm.world.process();
  for (const name of vm.world.list('/run/azure-vnet/locks')) {
    const fd = holder.open(`/run/azure-vnet/locks/${name}`, { read: true, write: true });
    assert.ok(holder.lock(fd, 0));
  }
  vm.run({ command: 'GC' });
  assert.deepEqual(vm.records('unfinished'), [unfinished]);
});
