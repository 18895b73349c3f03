import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { type HttpUrl, httpGet, parseHttpUrl } from '../../../src/net/http.ts';
import { formatIpv4 } from '../../../src/net/ipv4.ts';
import { type FakeCall, FakeWorld, Killed, type TcpReply, type TcpServer } from '../../support/fake-sys.ts';

const LIMITS = { deadlineMs: 2000, maxBytes: 100_000 };
const URL = 'http://10.0.0.1:8080/a?b=c&d';

function get(server: TcpServer | undefined, limits = LIMITS) {
  const world = new FakeWorld();
  if (server !== undefined) world.tcp.set('10.0.0.1:8080', server);
  const sys = world.process();
  const startMs = world.nowMs;
  const answer = httpGet(sys, parseHttpUrl(URL) as HttpUrl, limits);
  assert.equal(sys.openDescriptors, 0);
  const text = answer.ok
    ? new TextDecoder().decode(answer.value)
    : `${answer.error.reason}: ${answer.error.text}`;
  return { text, tookMs: world.nowMs - startMs };
}

const replying =
  (...chunks: TcpReply['chunks']) =>
  (): TcpReply => ({ chunks, end: 'close' });

test('parseHttpUrl() reads address, port and path', () => {
  const parse = (text: string) => {
    const url = parseHttpUrl(text);
    return url && [formatIpv4(url.address), url.port, url.host, url.path];
  };
  assert.deepEqual(parse('http://168.63.129.16/machine/plugins?comp=nmagent&type=x'), [
    '168.63.129.16',
    80,
    '168.63.129.16',
    '/machine/plugins?comp=nmagent&type=x',
  ]);
  assert.deepEqual(parse(URL), ['10.0.0.1', 8080, '10.0.0.1:8080', '/a?b=c&d']);
  assert.deepEqual(parse('http://10.0.0.1'), ['10.0.0.1', 80, '10.0.0.1', '/']);
  for (const text of [
    'https://10.0.0.1/',
    'http://host/',
    'http://10.0.0/',
    'http://10.0.0.1:0/',
    'http://10.0.0.1:65536/',
    'http://10.0.0.1/a b',
    'http://10.0.0.1/a\r\nX: y',
    'http://user@10.0.0.1/',
    'http://010.0.0.1/',
    ' http://10.0.0.1/',
    '',
  ]) {
    assert.equal(parse(text), undefined, text);
  }
});

test('httpGet() sends one request and returns the body', () => {
  let request = '';
  const { text } = get((received) => {
    request = received;
    return { chunks: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'], end: 'hang' };
  });
  assert.equal(text, 'hi');
  assert.equal(
    request,
    'GET /a?b=c&d HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n',
  );
});

test('httpGet() does not depend on how the answer is cut into pieces', () => {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`;
  fc.assert(
    fc.property(fc.array(fc.nat({ max: answer.length }), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts, answer.length].sort((a, b) => a - b);
      const pieces = at.slice(1).map((end, i) => answer.slice(at[i], end));
      assert.equal(get(replying(...pieces)).text, 'hello world');
    }),
  );
});

test('httpGet() reads answers larger than its first buffer', () => {
  const body = 'x'.repeat(90_000);
  assert.equal(get(replying(`HTTP/1.1 200 OK\r\n\r\n${body}`)).text, body);
});

test('httpGet() says why there is no answer', () => {
  assert.match(get('refuse').text, /^refused: .*10\.0\.0\.1:8080: ECONNREFUSED$/);
  assert.match(get(undefined).text, /^timed out: no answer within 2000 ms$/);
  assert.match(get(() => ({ chunks: [], end: 'hang' })).text, /^timed out: no answer within 2000 ms$/);
  assert.match(get(() => ({ chunks: ['HTTP/1.1 200'], end: 'reset' })).text, /^malformed: .*ECONNRESET$/);
  assert.match(get(replying('<<<')).text, /^malformed: ended within the header$/);
  assert.match(get(replying('HTTP/1.1 500 Oops\r\n\r\n')).text, /^status: status 500$/);
  assert.match(get(replying(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`)).text, /^too large: /);
});

test('httpGet() keeps one deadline for everything', () => {
  const drip = () => ({
    chunks: Array.from('HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n'),
    delayMs: 500,
    end: 'hang' as const,
  });
  assert.deepEqual(get(drip), { text: 'timed out: no answer within 2000 ms', tookMs: 2000 });
});

test('httpGet() waits on after a pause of the machine, which counts as one slice of the waiting', () => {
  const world = new FakeWorld();
  world.tcp.set('10.0.0.1:8080', replying('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  let pauses = 0;
  const fault = ({ name }: FakeCall) => {
    if (name !== 'recv' || pauses++ > 2) return undefined;
    world.nowMs += 5000;
    return 'ETIMEDOUT';
  };
  const answer = httpGet(world.process({ fault }), parseHttpUrl(URL) as HttpUrl, LIMITS);
  assert.deepEqual(answer, { ok: true, value: new TextEncoder().encode('ok') });
});

test('httpGet() stops reading an endless answer', () => {
  const chunks = ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'.repeat(95_000)];
  assert.match(get(() => ({ chunks, end: 'hang' })).text, /^too large: mostly chunk framing$/);
});

test('httpGet() lets a kill pass', () => {
  const world = new FakeWorld();
  world.tcp.set('10.0.0.1:8080', () => ({ chunks: [], end: 'close' }));
  const sys = world.process({ killAt: 2 });
  assert.throws(() => httpGet(sys, parseHttpUrl(URL) as HttpUrl, LIMITS), Killed);
});
