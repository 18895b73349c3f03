import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import type { NetlinkMessage } from '../../../../src/net/netlink/reader.ts';
import { NetlinkError, NetlinkSocket } from '../../../../src/net/netlink/socket.ts';
import { MessageWriter } from '../../../../src/net/netlink/writer.ts';
import { SysError } from '../../../../src/sys/sys.ts';
import { FakeProcess, FakeWorld } from '../../../support/fake-sys.ts';
import {
  answer,
  datagram,
  done,
  EEXIST,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  NLM_F_ACK,
  NLM_F_MULTI,
  WILLING,
  wireTo,
} from './kernel.ts';

const SOME_TYPE = 20;
const NLM_F_DUMP_INTR = 0x10;
const ANSWER_TIMEOUT_MS = 5000;

test('execute() asks for one acknowledgement, of the last message, and returns no refusal', () => {
  let flags: number[] = [];
  const { socket, sent } = wireTo((request) => {
    flags = request.map((message) => message.flags & NLM_F_ACK);
    return WILLING(request);
  });
  assert.deepEqual(socket.execute(batchOf(3)), []);
  assert.deepEqual(flags, [0, 0, NLM_F_ACK]);
  assert.equal(sent.length, 1);
});

test('execute() of an empty batch neither sends nor waits', () => {
  const { socket, sent } = wireTo(() => assert.fail('nothing is sent'));
  assert.deepEqual(socket.execute(new MessageWriter()), []);
  assert.equal(sent.length, 0);
});

test('execute() returns every refusal by the index of its message, in whatever order they come', () => {
  const { socket } = wireTo(([first, , third, fourth]) => [
    datagram(answer(seq(third), EEXIST), answer(seq(first), ENODEV)),
    datagram(answer(seq(fourth), 0)),
  ]);
  assert.deepEqual(socket.execute(batchOf(4)), [
    { index: 2, errno: 'EEXIST' },
    { index: 0, errno: 'ENODEV' },
  ]);
});

test('execute() counts the refusal of the last message as its answer', () => {
  const { socket } = wireTo((request) => [datagram(answer(seq(request.at(-1)), ENOENT))]);
  assert.deepEqual(socket.execute(batchOf(2)), [{ index: 1, errno: 'ENOENT' }]);
});

test('execute() names an errno it does not know by its number', () => {
  const { socket } = wireTo(([only]) => [datagram(answer(seq(only), 531))]);
  assert.deepEqual(socket.execute(batchOf(1)), [{ index: 0, errno: 'errno 531' }]);
});

test('execute() leaves answers to other requests alone, and messages that are no answer', () => {
  const { socket } = wireTo(([first]) => [
    datagram(answer(0, ENODEV), answer(seq(first) + 1, ENODEV), answer(0xffffffff, ENODEV)),
    datagram({ type: SOME_TYPE, sequence: seq(first), payload: new Uint8Array(8) }),
    datagram(answer(seq(first), 0)),
  ]);
  assert.deepEqual(socket.execute(batchOf(1)), []);
});

test('a late answer to an earlier batch is no answer to the next one', () => {
  let late: NetlinkMessage | undefined;
  const { socket } = wireTo((request) => {
    const before = late;
    late = request.at(-1);
    return before === undefined
      ? []
      : [datagram(answer(before.sequence, ENODEV)), datagram(answer(seq(late), 0))];
  });
  assert.throws(() => socket.execute(batchOf(2)), isTimeout);
  assert.deepEqual(socket.execute(batchOf(2)), []);
});

test('execute() waits for a silent kernel for 5 seconds, then throws', () => {
  const { socket, world } = wireTo(() => []);
  const startedMs = world.nowMs;
  assert.throws(() => socket.execute(batchOf(1)), isTimeout);
  assert.equal(world.nowMs - startedMs, ANSWER_TIMEOUT_MS);
});

test('execute() throws when the socket took only a part of the batch', () => {
  class Narrow extends FakeProcess {
    override send(): number {
      return 3;
    }
  }
  const socket = new NetlinkSocket(new Narrow(new FakeWorld(), { pid: 1 }), 0);
  assert.throws(() => socket.execute(batchOf(1)), /netlink took 3 of 16 bytes/);
});

test('request() gives the errno name of the refusal, or nothing', () => {
  const errnos = [EEXIST, 0];
  const { socket } = wireTo(([only]) => [datagram(answer(seq(only), errnos.shift() ?? 0))]);
  assert.equal(socket.request(batchOf(1)), 'EEXIST');
  assert.equal(socket.request(batchOf(1)), undefined);
});

test('query() gives the answer, which outlives the receive buffer', () => {
  const payloads = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(9, 9, 9, 9)];
  const { socket } = wireTo(([only]) => [
    datagram({ type: SOME_TYPE, sequence: seq(only), payload: payloads.shift() ?? new Uint8Array() }),
    datagram(answer(seq(only), 0)),
  ]);
  const first = socket.query(batchOf(1));
  const second = socket.query(batchOf(1));
  assert.ok(typeof first !== 'string' && typeof second !== 'string');
  assert.deepEqual([...first.payload, ...second.payload], [1, 2, 3, 4, 9, 9, 9, 9]);
});

test('query() gives the errno name of a refusal, and ENODATA for an acknowledgement alone', () => {
  const errnos = [ENODEV, 0];
  const { socket } = wireTo(([only]) => [datagram(answer(seq(only), errnos.shift() ?? 0))]);
  assert.equal(socket.query(batchOf(1)), 'ENODEV');
  assert.equal(socket.query(batchOf(1)), 'ENODATA');
});

test('query() with messages before the question gives the first refusal, else the answer to the last', () => {
  const errnos = [EEXIST, 0];
  const { socket } = wireTo(([before, question]) => {
    const errno = errnos.shift() ?? 0;
    const payload = Uint8Array.of(1, 2, 3, 4);
    return [
      ...(errno === 0 ? [] : [datagram(answer(seq(before), errno))]),
      datagram({ type: SOME_TYPE, sequence: seq(question), payload }),
      datagram(answer(seq(question), 0)),
    ];
  });
  assert.equal(socket.query(batchOf(2)), 'EEXIST');
  const second = socket.query(batchOf(2));
  assert.ok(typeof second !== 'string');
  assert.deepEqual([...second.payload], [1, 2, 3, 4]);
});

// ---- dumps ----

test('dump() collects the messages of all datagrams up to the end, and those of this request only', () => {
  const { socket } = wireTo(([only]) => [
    datagram(part(seq(only), 1), part(seq(only) + 7, 66), part(seq(only), 2)),
    datagram(part(seq(only), 3)),
    datagram(done(seq(only) - 1)),
    datagram(part(seq(only), 4), done(seq(only))),
  ]);
  assert.deepEqual(bytesOf(socket.dump(SOME_TYPE, () => undefined)), [1, 2, 3, 4]);
});

test('dump() repeats a dump that changed while it was read, with a new sequence number', () => {
  const seen: number[] = [];
  const { socket } = wireTo(([only]) => {
    seen.push(seq(only));
    const flags = seen.length < 3 ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI;
    return [datagram({ ...part(seq(only), seen.length), flags }, done(seq(only)))];
  });
  assert.deepEqual(bytesOf(socket.dump(SOME_TYPE, () => undefined)), [3]);
  assert.deepEqual(seen, [1, 2, 3]);
});

test('dump() sees the mark of a change on the end of the dump too', () => {
  let asked = 0;
  const { socket } = wireTo(([only]) => {
    const flags = ++asked === 1 ? NLM_F_DUMP_INTR : 0;
    return [datagram(part(seq(only), asked), { ...done(seq(only)), flags })];
  });
  assert.deepEqual(bytesOf(socket.dump(SOME_TYPE, () => undefined)), [2]);
});

test('dump() gives up after the fifth interrupted attempt', () => {
  const { socket, sent } = wireTo(([only]) => [
    datagram({ ...part(seq(only), 1), flags: NLM_F_DUMP_INTR }, done(seq(only))),
  ]);
  assert.throws(() => socket.dump(SOME_TYPE, () => undefined), /changed 5 times while read/);
  assert.equal(sent.length, 5);
});

test('dump() throws a NetlinkError with the errno name when it is refused', () => {
  const { socket } = wireTo(([only]) => [datagram(answer(seq(only), EOPNOTSUPP))]);
  assert.throws(
    () => socket.dump(SOME_TYPE, () => undefined),
    (error) => error instanceof NetlinkError && error.errno === 'EOPNOTSUPP',
  );
});

test('dump() throws the errno that comes with its end: it has failed on the way', () => {
  const payload = Uint8Array.of(0xfe, 0xff, 0xff, 0xff);
  const { socket } = wireTo(([only]) => [datagram(part(seq(only), 1), { ...done(seq(only)), payload })]);
  assert.throws(
    () => socket.dump(SOME_TYPE, () => undefined),
    (error) => error instanceof NetlinkError && error.errno === 'ENOENT',
  );
});

test('dump() that does not end throws after 5 seconds of silence', () => {
  const { socket } = wireTo(([only]) => [datagram(part(seq(only), 1))]);
  assert.throws(() => socket.dump(SOME_TYPE, () => undefined), isTimeout);
});

// ---- transactions of nf_tables ----

test('transact() asks for the acknowledgement of the message before the end', () => {
  let flags: number[] = [];
  const { socket } = wireTo((request) => {
    flags = request.map((message) => message.flags & NLM_F_ACK);
    return WILLING(request);
  });
  assert.deepEqual(socket.transact(batchOf(4)), []);
  assert.deepEqual(flags, [0, 0, NLM_F_ACK, 0]);
});

test('transact() whose begin is refused waits for nothing more', () => {
  const { socket, world } = wireTo(([begin]) => [datagram(answer(seq(begin), EOPNOTSUPP))]);
  const startedMs = world.nowMs;
  assert.deepEqual(socket.transact(batchOf(4)), [{ index: 0, errno: 'EOPNOTSUPP' }]);
  assert.equal(world.nowMs, startedMs);
});

test('transact() returns all refusals of a transaction that failed in the middle', () => {
  const { socket } = wireTo(([, one, two, three]) => [
    datagram(answer(seq(one), ENOENT), answer(seq(two), EEXIST), answer(seq(three), 0)),
  ]);
  assert.deepEqual(socket.transact(batchOf(5)), [
    { index: 1, errno: 'ENOENT' },
    { index: 2, errno: 'EEXIST' },
  ]);
});

test('close() closes the descriptor', () => {
  const process = new FakeWorld().process();
  new NetlinkSocket(process, 0).close();
  assert.equal(process.openDescriptors, 0);
});

test('no answer, however damaged, makes a call loop or throw anything but an expected error', () => {
  const call = fc.constantFrom<(socket: NetlinkSocket) => unknown>(
    (socket) => socket.execute(batchOf(3)),
    (socket) => socket.transact(batchOf(3)),
    (socket) => socket.query(batchOf(1)),
    (socket) => socket.dump(SOME_TYPE, () => undefined),
  );
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), plausible());
  fc.assert(
    fc.property(call, fc.array(bytes, { maxLength: 6 }), (work, datagrams) => {
      const { socket } = wireTo(() => datagrams);
      try {
        work(socket);
      } catch (error) {
        assert.ok(isTimeout(error) || error instanceof NetlinkError || /changed 5 times/.test(String(error)));
      }
    }),
  );
});

/** Answers with the sequence numbers and types that the calls look for. */
function plausible(): fc.Arbitrary<Uint8Array> {
  const message = fc.record({
    type: fc.constantFrom(2, 3, SOME_TYPE),
    sequence: fc.integer({ min: 0, max: 6 }),
    flags: fc.constantFrom(0, NLM_F_MULTI, NLM_F_DUMP_INTR),
    payload: fc.uint8Array({ maxLength: 24 }),
  });
  return fc.array(message, { maxLength: 4 }).map((messages) => datagram(...messages));
}

function batchOf(count: number): MessageWriter {
  const batch = new MessageWriter();
  for (let i = 0; i < count; i++) batch.begin(SOME_TYPE, 0).end();
  return batch;
}

function part(sequence: number, value: number) {
  return { type: SOME_TYPE, sequence, flags: NLM_F_MULTI, payload: Uint8Array.of(value) };
}

function bytesOf(messages: readonly NetlinkMessage[]): number[] {
  return messages.flatMap(({ payload }) => [...payload]);
}

function seq(message: NetlinkMessage | undefined): number {
  assert.ok(message !== undefined);
  return message.sequence;
}

function isTimeout(error: unknown): boolean {
  return error instanceof SysError && error.code === 'ETIMEDOUT';
}
