/** Cases for TCP. */
import { goodTcp, wrongTcp } from '../../native/image/any-sockets.ts';
import { type Case, call, refused } from '../../native/image/check.ts';
import { LOOPBACK } from '../../native/image/fixture.ts';
import { badDescriptors, type WindowsFixture } from './fixture.ts';

export function socketCases(fixture: WindowsFixture): Case[] {
  const { sys, directory, echoPort, deadPort } = fixture;
  const socket = call('connectTcp', LOOPBACK, echoPort, 30_000);
  const folder = call('openWithFlags', directory, 1, 0);
  const bytes = new Uint8Array(4);
  return [
    ...['netlink', 'setNetns', 'detach'].map((name) => refused(name, 'not on Windows', 'ENOSYS', 0)),
    ...wrongTcp(socket, folder, echoPort, badDescriptors(fixture)),
    refused('recv', 'standard descriptor', 'ENOTSOCK', 0, bytes, 0, 4, 0),
    refused('read', 'descriptor of a socket', 'EINVAL', socket, bytes, 0, 4),
    ...goodTcp(sys, echoPort, deadPort),
  ];
}
