/** What is refused before the plugin acts, in which order, and what is no configuration. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_CONFIG_BYTES } from '../../../src/cni/stdio.ts';
import { BASE_CONFIG, env, run } from './calls.ts';

const order: readonly [string, Record<string, string>, unknown, number, string][] = [
  [
    'a missing variable before garbage on stdin',
    { CNI_NETNS: '' },
    '{{{',
    4,
    'required env variables [CNI_NETNS] missing',
  ],
  [
    'garbage on stdin before an unknown command',
    { CNI_COMMAND: 'UPDATE' },
    '{',
    6,
    'error unmarshall network config: ',
  ],
  ['a missing name before an unknown command', { CNI_COMMAND: 'UPDATE' }, {}, 7, 'missing network name'],
  [
    'a bad name before an unknown command',
    { CNI_COMMAND: 'x' },
    { name: 'a/b' },
    7,
    'invalid characters found in network name',
  ],
  [
    'an unknown command before its version',
    { CNI_COMMAND: 'add' },
    { name: 'a', cniVersion: '9' },
    4,
    'unknown CNI_COMMAND: add',
  ],
  ['an unknown command in a wrong case', { CNI_COMMAND: 'ADD ' }, BASE_CONFIG, 4, 'unknown CNI_COMMAND: ADD'],
  [
    'a command that is a property of every object',
    { CNI_COMMAND: 'toString' },
    BASE_CONFIG,
    4,
    'unknown CNI_COMMAND: toString',
  ],
  [
    'a bad name before a bad version',
    {},
    { name: 'a b', cniVersion: '9' },
    7,
    'invalid characters found in network name',
  ],
  [
    'a version before CNI_ARGS',
    { CNI_ARGS: 'x' },
    { name: 'a', cniVersion: '9' },
    1,
    'incompatible CNI versions',
  ],
  [
    'CNI_ARGS before prevResult',
    { CNI_ARGS: 'x' },
    { ...BASE_CONFIG, prevResult: 5 },
    4,
    'CNI_ARGS: invalid pair "x"',
  ],
  [
    'prevResult before the plugin',
    {},
    { ...BASE_CONFIG, prevResult: 5 },
    7,
    'prevResult: expected an object, got 5',
  ],
];
for (const [what, more, stdin, code, message] of order) {
  test(`runPlugin() reports ${what}`, () => {
    const ran = run(env('ADD', more), stdin as string);
    assert.equal(ran.status, 1);
    assert.equal(ran.document.code, code);
    assert.ok(String(ran.document.msg).startsWith(message), String(ran.document.msg));
    assert.equal(ran.requests.length, 0);
  });
}

for (const stdin of [
  '',
  ' \n\t',
  'hello',
  '42',
  '"x"',
  '[]',
  'true',
  '{}{}',
  "{'a':1}",
  '\ufeff{"name":"a"}',
]) {
  test(`runPlugin() answers ${JSON.stringify(stdin)} on stdin with code 6`, () => {
    const ran = run(env('ADD'), stdin);
    assert.deepEqual([ran.status, ran.document.code], [1, 6]);
    assert.match(String(ran.document.msg), /^error unmarshall network config: ./);
  });
}

for (const [key, value] of [
  ['name', 5],
  ['cniVersion', 1],
  ['cniVersion', []],
] as const) {
  test(`runPlugin() answers ${key} = ${JSON.stringify(value)} with code 6`, () => {
    const ran = run(env('ADD'), { ...BASE_CONFIG, [key]: value });
    assert.deepEqual([ran.status, ran.document.code], [1, 6]);
  });
}

for (const stdin of ['null', '{}', '{"name":null}', '{"name":""}']) {
  test(`runPlugin() misses the network name in ${stdin}`, () => {
    const ran = run(env('DEL'), stdin);
    assert.deepEqual([ran.document.code, ran.document.msg], [7, 'missing network name']);
  });
}

test('runPlugin() reads a configuration of several chunks', () => {
  const config = { ...BASE_CONFIG, pad: 'é'.repeat(60_000) };
  for (const chunkBytes of [7, 4096, 1 << 20]) {
    const ran = run(env('DEL'), config, { world: { chunkBytes } });
    assert.equal(ran.status, 0);
    assert.deepEqual(ran.requests[0]?.config, config);
  }
});

test('runPlugin() reads exactly MAX_CONFIG_BYTES and no more', () => {
  const config = (padding: number) => JSON.stringify({ ...BASE_CONFIG, pad: 'x'.repeat(padding) });
  const room = MAX_CONFIG_BYTES - config(0).length;
  const world = { chunkBytes: 1 << 20 };
  assert.equal(run(env('DEL'), config(room), { world }).status, 0);
  const ran = run(env('DEL'), config(room + 1), { world });
  assert.deepEqual([ran.status, ran.document.code], [1, 6]);
  assert.match(String(ran.document.msg), /larger than 4194304 bytes/);
});

test('runPlugin() answers an unreadable stdin with code 5', () => {
  const ran = run(env('ADD'), undefined);
  assert.deepEqual([ran.status, ran.document.code], [1, 5]);
  assert.match(String(ran.document.msg), /^error reading from stdin: .*EBADF/);
});
