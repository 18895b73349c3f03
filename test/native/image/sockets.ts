/** Cases for netlink and TCP. */
import { goodTcp, wrongTcp } from './any-sockets.ts';
import { badFds, badIntegers } from './bad.ts';
import { type Case, call, expectEqual, refused, works } from './check.ts';
import type { Fixture } from './fixture.ts';

/** linux/netlink.h: struct nlmsghdr, types and flags. */
const NLMSG_HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_FIRST_UNUSED = 0x7fff;
const REQUEST_AND_ACK = 5;

export function socketCases(fixture: Fixture): Case[] {
  const { sys, foreignFd, echoPort, deadPort } = fixture;
  const socket = call('netlink', 0);
  const file = call('openWithFlags', '/dev/null', 3, 0);
  return [
    ...badIntegers(0, 31).map(([what, value, errno]) => refused('netlink', what, errno, value)),
    refused('netlink', 'protocol that the kernel lacks', 'EPROTONOSUPPORT', 30),
    ...wrongTcp(socket, file, echoPort, badFds(foreignFd)),
    ...goodNetlink(fixture),
    ...goodTcp(sys, echoPort, deadPort),
  ];
}

/** A request that the kernel refuses at once with EOPNOTSUPP. */
function netlinkRequest(): Uint8Array {
  const view = new DataView(new ArrayBuffer(NLMSG_HEADER_BYTES + 4));
  view.setUint32(0, view.byteLength, true);
  view.setUint16(4, NLMSG_FIRST_UNUSED, true);
  view.setUint16(6, REQUEST_AND_ACK, true);
  return new Uint8Array(view.buffer);
}

function goodNetlink({ sys }: Fixture): Case[] {
  const exchange = (room: number) => {
    const socket = sys.netlink(0);
    const request = netlinkRequest();
    expectEqual(sys.send(socket, request, 0, request.length, 1000), request.length);
    const answer = new Uint8Array(room);
    try {
      return new DataView(answer.buffer, 0, sys.recv(socket, answer, 0, room, 30_000));
    } finally {
      sys.close(socket);
    }
  };
  return [
    works('netlink: a request and its answer', () => {
      expectEqual(exchange(4096).getUint16(4, true), NLMSG_ERROR);
    }),
    { name: 'recv: datagram larger than the buffer', expected: 'EMSGSIZE', run: () => exchange(8) },
    {
      name: 'recv: nothing comes',
      expected: 'ETIMEDOUT',
      run: () => sys.recv(sys.netlink(0), new Uint8Array(64), 0, 64, 30),
    },
  ];
}
