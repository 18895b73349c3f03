/** What address sources answer: XML, HTTP and JSON, damaged in every way, and in pieces of every size. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { interfacesFromJson } from '../../src/ipam/file-source.ts';
import { type RawInterface, readInterfaces } from '../../src/ipam/source.ts';
import { interfacesFromXml } from '../../src/ipam/wireserver.ts';
import { httpGet, parseHttpUrl } from '../../src/net/http.ts';
import { readResponse } from '../../src/net/http-response.ts';
import { OperationLog } from '../../src/state/oplog.ts';
import type { Result } from '../../src/sys/result.ts';
import { FakeWorld } from '../support/fake-sys.ts';
import { INTERFACES_JSON, WIRESERVER_XML } from './support/machine.ts';
import { mutateText, mutateValue, utf8 } from './support/mutate.ts';
import { forEachCase, type Random, SEED } from './support/random.ts';
import { withinTime } from './support/time.ts';

const CASES = 20_000;
const MAX_BYTES = 20_000;
const DECODER = new TextDecoder();

describe(`Answers of address sources (FUZZ_SEED=${SEED})`, () => {
  test('interfacesFromXml() reads or refuses, and says why in one line', () => {
    let accepted = 0;
    forEachCase(CASES, (random) => {
      const text = DECODER.decode(mutateText(random, random.oneIn(4) ? FORMATTED_XML : WIRESERVER_XML));
      const read = withinTime(() => interfacesFromXml(random.oneIn(3) ? mutateTags(random, text) : text));
      if (assertRead(read)) accepted++;
    });
    assert.ok(accepted > CASES / 100 && accepted < CASES, `${accepted} accepted`);
  });

  test('interfacesFromXml() takes time in proportion to the length, whatever is repeated', () => {
    for (const part of REPEATED) {
      for (const head of [
        '',
        '<Interfaces>',
        '<Interfaces ',
        '<Interfaces a="',
        '<Interfaces><Interface a=',
      ]) {
        assertRead(withinTime(() => interfacesFromXml(head + part.repeat(MEGABYTE / part.length))));
      }
    }
  });

  test('interfacesFromJson() reads or refuses, and says why in one line', () => {
    forEachCase(CASES, (random) => {
      const value = JSON.parse(INTERFACES_JSON);
      const bytes = random.oneIn(2)
        ? mutateText(random, INTERFACES_JSON)
        : utf8(JSON.stringify(mutateValue(random, value)));
      assertRead(withinTime(() => interfacesFromJson(DECODER.decode(bytes))));
    });
  });

  test('readResponse() reads or refuses; what it takes for whole stays whole', () => {
    forEachCase(CASES, (random) => {
      const bytes = mutateText(random, random.pick(RESPONSES));
      const state = withinTime(() => readResponse(bytes, random.oneIn(2), MAX_BYTES));
      if (state.state === 'problem') assert.doesNotMatch(state.problem.text, /[\r\n]/);
      if (state.state !== 'body') return;
      assert.ok(state.body.length <= MAX_BYTES);
      assert.deepEqual(
        readResponse(bytes, true, MAX_BYTES),
        state,
        'the end of the connection changes nothing',
      );
    });
  });

  test('httpGet() gives the same answer however it is cut into pieces, within its deadline', () => {
    forEachCase(CASES / 10, (random) => {
      const bytes = mutateText(random, random.pick(RESPONSES)).subarray(0, 4000);
      const whole = get([bytes], 0);
      const inPieces = get(pieces(random, bytes), random.below(3));
      assert.deepEqual(inPieces, whole);
    });
  });
});

/** True when it was read. What was read can be used. */
function assertRead(read: Result<readonly RawInterface[], string>): boolean {
  if (!read.ok) {
    assert.ok(read.error !== '' && read.error.length < 1000, read.error);
    assert.doesNotMatch(read.error, /[\r\n]/);
    return false;
  }
  for (const { subnets } of readInterfaces(read.value, new OperationLog(new FakeWorld().process()))) {
    for (const { subnet, addresses } of subnets) {
      assert.ok(subnet.prefixBits <= 30);
      assert.deepEqual([...new Set(addresses)], addresses, 'each address once');
    }
  }
  return true;
}

function get(chunks: readonly Uint8Array[], delayMs: number) {
  const world = new FakeWorld();
  world.tcp.set('10.0.0.1:80', () => ({ chunks, delayMs, end: 'close' }));
  const url = parseHttpUrl('http://10.0.0.1/x') ?? assert.fail();
  const startMs = world.nowMs;
  const answer = httpGet(world.process(), url, { deadlineMs: 20_000, maxBytes: MAX_BYTES });
  assert.ok(world.nowMs - startMs <= 20_000);
  return answer.ok ? [...answer.value] : answer.error.reason;
}

function pieces(random: Random, bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(random.pick([1, 3, 40, 2000]));
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

/** Swaps, repeats or drops whole tags. */
function mutateTags(random: Random, text: string): string {
  const tags = text.split(/(?=<)/);
  const [a, b] = [random.below(tags.length + 1), random.below(tags.length + 1)];
  return [...tags.slice(0, a), ...tags.slice(b, b + 2), ...tags.slice(a + random.below(2))].join('');
}

const MEGABYTE = 1 << 20;
const REPEATED = [
  ' ',
  '<',
  '<a>',
  '<a/>',
  '<!--',
  '<!-- -->',
  '-',
  '&',
  '&amp;',
  '&#65;',
  '"',
  " a='1'",
  ' a',
  'a',
  '=',
  '</',
  '\n',
];
const FORMATTED_XML = `<?xml version="1.0" encoding="utf-8"?>\n<!-- made by hand -->\n${WIRESERVER_XML.replaceAll('><', '>\r\n  <')}\n`;
const RESPONSES = [
  `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${WIRESERVER_XML.length}\r\n\r\n${WIRESERVER_XML}`,
  `HTTP/1.0 200 OK\r\nServer: x\r\n\r\n${WIRESERVER_XML}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n<Inte\r\n${(WIRESERVER_XML.length - 5).toString(16)}\r\n${WIRESERVER_XML.slice(5)}\r\n0\r\nX: y\r\n\r\n`,
  'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
] as const;
