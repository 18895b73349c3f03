/** Cases for TCP that are the same on every platform. */
import type { Fd, Sys } from '../../../src/sys/sys.ts';
import { BAD_SPANS, BAD_TARGETS, BAD_TIMEOUTS, type Bad, badIntegers } from './bad.ts';
import { type Case, expectEqual, expectTrue, refused, works } from './check.ts';
import { LOOPBACK } from './fixture.ts';

/** For what must not fail on a machine that is busy. */
const LONG_MS = 30_000;

/** `socket` is an open one, `file` is none. */
export function wrongTcp(
  socket: unknown,
  file: unknown,
  echoPort: number,
  descriptors: readonly Bad[],
): Case[] {
  const bytes = new Uint8Array(4);
  return [
    ...badIntegers(0, 2 ** 32 - 1).map(([what, value, errno]) =>
      refused('connectTcp', `address ${what}`, errno, value, 80, 0),
    ),
    ...badIntegers(1, 65_535).map(([what, value, errno]) =>
      refused('connectTcp', `port ${what}`, errno, LOOPBACK, value, 0),
    ),
    ...BAD_TIMEOUTS.flatMap(([what, value, errno]) => [
      refused('connectTcp', `timeout ${what}`, errno, LOOPBACK, echoPort, value),
      refused('send', `timeout ${what}`, errno, socket, bytes, 0, 4, value),
      refused('recv', `timeout ${what}`, errno, socket, bytes, 0, 4, value),
    ]),
    ...descriptors.flatMap(([what, fd, errno]) => [
      refused('send', `descriptor ${what}`, errno, fd, bytes, 0, 4, 0),
      refused('recv', `descriptor ${what}`, errno, fd, bytes, 0, 4, 0),
    ]),
    refused('send', 'descriptor of a file', 'ENOTSOCK', file, bytes, 0, 4, 0),
    refused('recv', 'descriptor of a file', 'ENOTSOCK', file, bytes, 0, 4, 0),
    ...BAD_SPANS.map(([what, span, errno]) => refused('send', what, errno, socket, ...span, 0)),
    ...BAD_TARGETS.map(([what, span, errno]) => refused('recv', what, errno, socket, ...span, 0)),
  ];
}

export function goodTcp(sys: Sys, echoPort: number, deadPort: number): Case[] {
  const text = 'over the loopback';
  const connect = () => sys.connectTcp(LOOPBACK, echoPort, LONG_MS);
  const receive = (fd: Fd, buffer: Uint8Array) => sys.recv(fd, buffer, 1, buffer.length - 1, LONG_MS);
  return [
    works('connectTcp, send, recv', () => {
      const fd = connect();
      expectEqual(sys.send(fd, sys.encodeUtf8(text), 0, text.length, LONG_MS), text.length);
      const buffer = new Uint8Array(64);
      expectEqual(sys.decodeUtf8(buffer, 1, receive(fd, buffer)), text);
      sys.close(fd);
    }),
    works('send: some of much', () => {
      const fd = connect();
      const much = new Uint8Array(8 * 1024 * 1024);
      const sent = sys.send(fd, much, 0, much.length, 1000);
      expectTrue(sent > 0 && sent <= much.length, `some bytes, not ${sent}`);
      sys.close(fd);
    }),
    {
      name: 'connectTcp: nobody listens',
      expected: 'ECONNREFUSED',
      run: () => sys.connectTcp(LOOPBACK, deadPort, LONG_MS),
    },
    {
      name: 'recv: silence',
      expected: 'ETIMEDOUT',
      run: () => sys.recv(connect(), new Uint8Array(8), 0, 8, 30),
    },
  ];
}
