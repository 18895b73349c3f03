/** Laws of the envelope, whatever it is given. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { CNI_VERSIONS, type CniResult } from '../../../src/cni/types.ts';
import { failure } from '../../../src/sys/failure.ts';
import { MAX_JSON_LEVELS } from '../../../src/sys/json.ts';
import { err, ok } from '../../../src/sys/result.ts';
import { BASE_CONFIG, BASE_ENV, fakePlugin, net, run } from './calls.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const commands = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION', '', 'add', 'toString', '__proto__'];
const environ = fc.record(
  {
    CNI_COMMAND: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...commands) }, text),
    CNI_CONTAINERID: fc.oneof(fc.constant('c1'), text),
    CNI_NETNS: fc.oneof(fc.constant('/run/netns/c1'), text),
    CNI_IFNAME: fc.oneof(fc.constant('eth0'), text),
    CNI_PATH: fc.oneof(fc.constant('/opt/cni/bin'), text),
    CNI_ARGS: fc.oneof(fc.constant('IgnoreUnknown=1;A=b'), text),
    CNI_NETNS_OVERRIDE: text,
  },
  { requiredKeys: [] },
);
const config = fc
  .record(
    {
      cniVersion: fc.oneof(fc.constantFrom(...CNI_VERSIONS), fc.jsonValue()),
      name: fc.oneof(fc.constant('azure'), fc.jsonValue()),
      prevResult: fc.jsonValue(),
      'cni.dev/valid-attachments': fc.jsonValue(),
      ipam: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));
const stdin = fc.oneof(config, text, fc.json());
const outcomes = ['result', 'empty', 'failure', 'exception', 'no error object'] as const;

test('runPlugin() prints one document or none, never throws, and exits with 0 or 1', () => {
  fc.assert(
    fc.property(environ, stdin, fc.constantFrom(...outcomes), (env, input, outcome) => {
      const ran = run(env, input, { plugin: pluginThat(outcome) });
      assert.ok(ran.status === 0 || ran.status === 1);
      if (ran.status === 1) {
        assert.equal(typeof ran.document.code, 'number');
        assert.ok(String(ran.document.msg).length > 0);
        assert.ok(!String(ran.document.msg).includes('\n'));
        return;
      }
      assert.ok(ran.requests.length <= 1);
      const printsResult = env.CNI_COMMAND === 'ADD' || env.CNI_COMMAND === 'VERSION';
      assert.equal(ran.stdout !== '', printsResult);
    }),
    { numRuns: 500 },
  );
});

test('runPlugin() reaches the plugin in a fair share of such calls', () => {
  const reached = new Set<string>();
  const sample = fc.sample(fc.tuple(environ, stdin), { numRuns: 3000, seed: 1 });
  for (const [env, input] of sample) {
    for (const request of run(env, input).requests) reached.add(request.env.command);
  }
  assert.ok(reached.has('ADD') && reached.has('DEL'), [...reached].join());
});

test('runPlugin() survives bytes that are not UTF-8', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const ran = run({ ...BASE_ENV }, undefined, { world: { stdin: bytes } });
      assert.deepEqual([ran.status, typeof ran.document.code], [1, 'number']);
    }),
  );
});

test('runPlugin() refuses deep nesting, which a walk by recursion does not survive', () => {
  const nested = (levels: number) => {
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    return run({ ...BASE_ENV }, JSON.stringify(BASE_CONFIG).replace('{', `{"deep":${deep},`));
  };
  // The configuration itself is one level.
  assert.equal(nested(MAX_JSON_LEVELS - 1).status, 0);
  for (const levels of [MAX_JSON_LEVELS, 5000, 100_000]) {
    const { document, requests } = nested(levels);
    assert.equal(document.code, 6);
    assert.equal(
      document.msg,
      `error unmarshall network config: nested more than ${MAX_JSON_LEVELS} levels deep`,
    );
    assert.equal(requests.length, 0);
  }
});

function pluginThat(outcome: (typeof outcomes)[number]) {
  const result: CniResult = { interfaces: [], ips: [{ address: net('10.0.0.5/8') }], routes: [], dns: {} };
  const answer = <T>(value: T) => {
    if (outcome === 'exception') throw new Error('broken\ninvariant');
    if (outcome === 'no error object') throw 'a text';
    return outcome === 'failure' ? err(failure('NO_POOL', 'first\nsecond')) : ok(value);
  };
  const plugin = fakePlugin();
  return fakePlugin({
    add: (context, request) => {
      plugin.add(context, request);
      return answer(outcome === 'empty' ? { ...result, ips: [] } : result);
    },
    del: () => answer(undefined),
    check: () => answer(undefined),
    gc: () => answer(undefined),
    status: () => answer(undefined),
  });
}
