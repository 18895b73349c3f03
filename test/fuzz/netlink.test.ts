/** What the kernel says, damaged: real answers with bits flipped, lengths changed, parts cut or repeated. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type NetlinkMessage, readAttrs, readMessages } from '../../src/net/netlink/reader.ts';
import type { NetlinkSocket } from '../../src/net/netlink/socket.ts';
import { MessageWriter } from '../../src/net/netlink/writer.ts';
import { listElements, listRules, tableExists } from '../../src/net/nft/read.ts';
import { copyAddress, listAddresses, parseAddress } from '../../src/net/rtnl/address.ts';
import { linkByName, listLinks, parseLink } from '../../src/net/rtnl/link.ts';
import { copyRoute, listRoutes, parseRoute } from '../../src/net/rtnl/route.ts';
import { SysError } from '../../src/sys/sys.ts';
import { hostConfigFromJson, hostConfigToJson } from '../../src/vnet/host-config.ts';
import { allCaptured } from '../fixtures/netlink/load.ts';
import { datagram, wireTo } from '../unit/net/netlink/kernel.ts';
import { forEachCase, type Random, SEED } from './support/random.ts';
import { withinTime } from './support/time.ts';

const CASES = 20_000;
const CAPTURED = allCaptured();
const HEADER_BYTES = 16;

describe(`Netlink (FUZZ_SEED=${SEED})`, () => {
  test('readMessages() finds no more than there is, within what there is', () => {
    forEachCase(CASES, (random) => {
      const bytes = damaged(random);
      const messages = withinTime(() => readMessages(bytes));
      const total = messages.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length, 0);
      assert.ok(total <= bytes.length);
      for (const { payload } of messages) {
        assert.ok(payload.byteOffset >= bytes.byteOffset + HEADER_BYTES);
        assert.ok(payload.byteOffset + payload.length <= bytes.byteOffset + bytes.length);
      }
    });
  });

  test('links, addresses and routes are read or left out, and what was read can be sent again', () => {
    const read = { links: 0, addresses: 0, routes: 0 };
    forEachCase(CASES, (random) => {
      for (const message of readMessages(damaged(random))) {
        withinTime(() => {
          if (parseLink(message) !== undefined) read.links++;
          const address = parseAddress(message);
          const route = parseRoute(message);
          const batch = new MessageWriter();
          if (address !== undefined) copyAddress(batch, address, 3, { prefixRoute: random.oneIn(2) });
          if (route !== undefined) copyRoute(batch, route, 3);
          if (address !== undefined) read.addresses++;
          if (route !== undefined) read.routes++;
          assert.equal(readMessages(batch.finish(1, 0)).length, batch.count);
        });
      }
    });
    for (const [kind, count] of Object.entries(read)) assert.ok(count > CASES / 10, `${count} ${kind}`);
  });

  test('the journal gives back what it was given, or is refused', () => {
    forEachCase(CASES / 4, (random) => {
      const messages = readMessages(damaged(random));
      const addresses = messages.map(parseAddress).filter((one) => one !== undefined);
      const routes = messages.map(parseRoute).filter((one) => one !== undefined);
      // What is no field of ours is not written, so the first writing may lose it, the second nothing.
      const once = hostConfigToJson({ addresses, routes });
      const again = hostConfigFromJson(JSON.parse(JSON.stringify(once)));
      assert.ok(again !== undefined);
      assert.deepEqual(hostConfigToJson(again), once);
      withinTime(() => hostConfigFromJson({ addresses: [damagedHex(random)], routes: [damagedHex(random)] }));
    });
  });

  test('questions end with an answer or a refusal, whatever comes back', () => {
    const questions: readonly ((socket: NetlinkSocket) => unknown)[] = [
      listLinks,
      (socket) => listAddresses(socket, 2),
      (socket) => listRoutes(socket, 10),
      (socket) => linkByName(socket, 'eth0'),
      (socket) => listRules(socket, 'azure-vnet'),
      (socket) => listElements(socket, 'azure-vnet', 'pod_macs'),
      (socket) => tableExists(socket, 'azure-vnet'),
    ];
    forEachCase(CASES, (random) => {
      const { socket, world } = wireTo((request) => answers(random, request));
      const startMs = world.nowMs;
      try {
        withinTime(() => random.pick(questions)(socket));
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
      }
      assert.ok(world.nowMs - startMs <= MAX_WAIT_MS, `waited ${world.nowMs - startMs} ms`);
    });
  });
});

/** ANSWER_TIMEOUT_MS of socket.ts, once: datagrams that say nothing do not wait in this world. */
const MAX_WAIT_MS = 5000;

/** A captured datagram with some of its bytes changed. */
function damaged(random: Random): Uint8Array {
  const bytes = random.pick(CAPTURED).slice();
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(bytes.length);
    switch (random.below(4)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        bytes[at] = random.pick([0, 1, 3, 4, 5, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        // Lengths are at multiples of four.
        new DataView(bytes.buffer).setUint16(at & ~3 & 0xffff, random.pick([0, 1, 3, 4, 8, 0xffff]), true);
        break;
      default:
        bytes.copyWithin(at, random.below(bytes.length));
    }
  }
  if (random.oneIn(4)) return bytes.subarray(0, random.below(bytes.length + 1));
  return random.oneIn(50) ? random.bytes(random.below(200)) : bytes;
}

function damagedHex(random: Random): string {
  const hex = Buffer.from(damaged(random).subarray(HEADER_BYTES)).toString('hex');
  return random.oneIn(4) ? hex.slice(1) : hex;
}

/** Some datagrams, most of them with the number of the question, and mostly an end. */
function answers(random: Random, request: readonly NetlinkMessage[]): Uint8Array[] {
  const sequence = request[0]?.sequence ?? 0;
  const parts = Array.from({ length: random.below(5) }, () => {
    const messages = readMessages(damaged(random)).map(({ type, flags, payload }) => ({
      type,
      flags,
      payload,
      sequence: random.oneIn(8) ? random.next() : sequence,
    }));
    return random.oneIn(10) ? damaged(random) : datagram(...messages);
  });
  const end = random.pick([2, 3]);
  const errno = random.oneIn(2) ? new Uint8Array(20) : random.bytes(random.pick([0, 3, 4, 20]));
  return random.oneIn(8) ? parts : [...parts, datagram({ type: end, sequence, payload: errno })];
}

// So that the fixtures stay what this file is about.
assert.ok(
  CAPTURED.some((bytes) => readMessages(bytes).some(({ payload }) => readAttrs(payload, 4).size > 0)),
);
