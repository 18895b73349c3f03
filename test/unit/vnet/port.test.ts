/** Waiting for a pod's port, on a kernel that opens it late. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { NETLINK_ROUTE, NetlinkSocket } from '../../../src/net/netlink/socket.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { awaitPort, PORT_TIMEOUT_MS } from '../../../src/vnet/port.ts';
import { type FakeLink, fakeNetlink } from '../../support/fake-netlink.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const VETH: FakeLink = { index: 5, name: 'azv0123456789a', kind: 'veth', masterIndex: 3 };

/** Waits for a port that works from the `opening`th question on; how long, after how many, and the remarks. */
function wait(opening: number, link: FakeLink = VETH) {
  const world = new FakeWorld();
  let questions = 0;
  world.netlink = fakeNetlink(() => {
    questions++;
    return [{ ...link, running: questions >= opening }];
  });
  const sys = world.process();
  const log = new OperationLog(sys);
  const startMs = world.nowMs;
  awaitPort({ sys, log }, new NetlinkSocket(sys, NETLINK_ROUTE), VETH.name);
  return { waitedMs: world.nowMs - startMs, questions, remarks: log.entries.map(({ text }) => text) };
}

test('awaitPort() does not wait for a port that works', () => {
  assert.deepEqual(wait(1), { waitedMs: 0, questions: 1, remarks: [] });
});

test('awaitPort() asks each millisecond until the port works', () => {
  assert.deepEqual(wait(8), { waitedMs: 7, questions: 8, remarks: [] });
});

test('awaitPort() goes on without a port that stays closed, or a link that has gone, and says so', () => {
  const late = `${VETH.name} does not work ${PORT_TIMEOUT_MS} ms after its pod's interface came up`;
  for (const link of [VETH, { ...VETH, name: 'azvffffffffff0' }]) {
    const seen = wait(Number.POSITIVE_INFINITY, link);
    assert.deepEqual(seen, {
      waitedMs: PORT_TIMEOUT_MS,
      questions: PORT_TIMEOUT_MS + 1,
      remarks: [late],
    });
  }
});
