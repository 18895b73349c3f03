import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { MAX_HEAD_BYTES, type ResponseState, readResponse } from '../../../src/net/http-response.ts';

const LIMIT = 1000;
const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function read(text: string, ended = true): string {
  return show(readResponse(bytes(text), ended, LIMIT));
}

function show(state: ResponseState): string {
  if (state.state === 'body') return `body ${new TextDecoder().decode(state.body)}`;
  return state.state === 'problem' ? `${state.problem.reason}: ${state.problem.text}` : state.state;
}

test('readResponse() reads a body of a given length, of chunks, and up to the end', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'), 'body hello');
  assert.equal(read('HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n', false), 'body ');
  assert.equal(read('HTTP/1.0 200 \r\nServer: x\r\n\r\nhello'), 'body hello');
  assert.equal(read('HTTP/1.1 200\r\n\r\nhello'), 'body hello');
  const chunks = '5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\n';
  assert.equal(
    read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`, false),
    'body hello world',
  );
});

test('readResponse() ignores what follows the given length', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello'), 'body he');
});

test('readResponse() accepts a length that is said twice alike', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi'), 'body hi');
});

test('readResponse() reports any status but 200 without waiting for the body', () => {
  for (const status of [100, 204, 206, 301, 404, 500]) {
    const text = `HTTP/1.1 ${status} Text\r\nContent-Length: 999999\r\n\r\n`;
    assert.equal(read(text, false), `status: status ${status}`);
  }
});

test('readResponse() refuses what is malformed or ambiguous', () => {
  const cases: [string, string][] = [
    ['', 'ended within the header'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell', 'ended within the body'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 'ended within the body'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'ended within the body'],
    ['HTTP/1.1 200 OK\n\nhello', 'ended within the header'],
    ['<html>\r\n\r\n', 'no HTTP/1.1 status line'],
    ['HTTP/2 200 OK\r\n\r\n', 'no HTTP/1.1 status line'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'no HTTP/1.1 status line'],
    ['HTTP/1.1 200OK\r\n\r\n', 'no HTTP/1.1 status line'],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'a malformed header field'],
    ['HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'a malformed header field'],
    ['HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n', 'a malformed header field'],
    ['HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n', 'a malformed header field'],
    ['HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello', 'an ambiguous Content-Length'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello', 'an ambiguous Content-Length'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello', 'an ambiguous Content-Length'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello', 'an ambiguous Content-Length'],
    ['HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello', 'an ambiguous Content-Length'],
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'an ambiguous Content-Length',
    ],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 'Transfer-Encoding gzip, chunked'],
    ['HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n', 'Content-Encoding gzip'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n', 'a malformed chunk size'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n', 'a malformed chunk size'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n', 'a chunk without its end'],
    [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'0'.repeat(300)}`, 'an endless chunk line'],
  ];
  for (const [text, problem] of cases)
    assert.equal(read(text), `malformed: ${problem}`, JSON.stringify(text));
});

test('readResponse() refuses what is too large as soon as it is known', () => {
  const large = `too large: answer of more than ${LIMIT} bytes`;
  assert.equal(read(`HTTP/1.1 200 OK\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`, false), large);
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n', false), large);
  assert.equal(read(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(LIMIT + 1)}`, false), large);
  assert.equal(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n', false), large);
  const head = `too large: header of more than ${MAX_HEAD_BYTES} bytes`;
  assert.equal(read(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(MAX_HEAD_BYTES)}`, false), head);
  assert.equal(read(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`, false), head);
  const trailers = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(MAX_HEAD_BYTES / 4)}`;
  assert.equal(read(trailers, false), 'too large: endless trailers');
});

test('readResponse() says incomplete for every beginning of a complete answer', () => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n',
  ];
  for (const answer of answers) {
    for (let length = 0; length < answer.length; length++) {
      assert.equal(read(answer.slice(0, length), false), 'incomplete');
    }
  }
});

test('readResponse() never throws and always decides when the connection has ended', () => {
  const piece = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '\r',
    '\n',
    '3\r\nabc\r\n',
    '0\r\n',
    'abc',
    ':',
    '\xff\0',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      assert.notEqual(read(pieces.join('')), 'incomplete');
    }),
    { numRuns: 1000 },
  );
});
