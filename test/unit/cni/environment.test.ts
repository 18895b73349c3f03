import assert from 'node:assert/strict';
import test from 'node:test';
import { readEnvironment } from '../../../src/cni/environment.ts';
import { BASE_ENV } from './calls.ts';

const REQUIRED = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
  VERSION: [],
  add: [],
};

for (const [command, names] of Object.entries(REQUIRED)) {
  test(`readEnvironment() names all variables that ${command} lacks, in order`, () => {
    const result = readEnvironment(command, {});
    if (names.length === 0) return assert.ok(result.ok);
    const message = `required env variables [${names.join(',')}] missing`;
    assert.deepEqual(result, { ok: false, error: { code: 'BAD_ENVIRONMENT', message } });
  });
  for (const name of names) {
    test(`readEnvironment() takes an empty ${name} for a missing one on ${command}`, () => {
      const result = readEnvironment(command, { ...BASE_ENV, [name]: '' });
      assert.equal(!result.ok && result.error.message, `required env variables [${name}] missing`);
    });
  }
}

test('readEnvironment() returns the variables', () => {
  const env = { ...BASE_ENV, CNI_PATH: '/a::/b', CNI_NETNS_OVERRIDE: 'True' };
  assert.deepEqual(readEnvironment('ADD', env), {
    ok: true,
    value: {
      containerId: 'c1',
      ifname: 'eth0',
      netns: '/run/netns/c1',
      path: ['/a', '/b'],
      netnsOverride: true,
    },
  });
});

test('readEnvironment() keeps the own-namespace check on for other values of the override', () => {
  for (const value of ['', '0', 'yes', 'false']) {
    const result = readEnvironment('ADD', { ...BASE_ENV, CNI_NETNS_OVERRIDE: value });
    assert.equal(result.ok && result.value.netnsOverride, false, value);
  }
});

for (const id of ['a', 'A_b.c-d', 'a..b', '0'.repeat(500)]) {
  test(`readEnvironment() accepts the container id ${id.slice(0, 20)}`, () => {
    assert.ok(readEnvironment('ADD', { ...BASE_ENV, CNI_CONTAINERID: id }).ok);
  });
}

for (const id of ['.a', '_a', '-a', '../x', 'a b', 'a%', 'a\nb', 'abc\n', 'a:b', 'café', 'a/b']) {
  test(`readEnvironment() refuses the container id ${JSON.stringify(id)}`, () => {
    assert.deepEqual(readEnvironment('DEL', { ...BASE_ENV, CNI_CONTAINERID: id }), {
      ok: false,
      error: { code: 'BAD_ENVIRONMENT', message: 'invalid characters in containerID', details: id },
    });
  });
}

for (const name of ['e', 'eth0.100', '...', 'a'.repeat(15), 'if-_.+@#1']) {
  test(`readEnvironment() accepts the interface name ${JSON.stringify(name)}`, () => {
    assert.ok(readEnvironment('ADD', { ...BASE_ENV, CNI_IFNAME: name }).ok);
  });
}

for (const name of ['ééééééé', '\ufeff', 'a\u007f', 'a\u0001']) {
  test(`readEnvironment() accepts the interface name ${JSON.stringify(name)} for all but ADD`, () => {
    const environ = { ...BASE_ENV, CNI_IFNAME: name };
    assert.deepEqual(readEnvironment('ADD', environ), {
      ok: false,
      error: {
        code: 'BAD_ENVIRONMENT',
        message: `interface name contains characters that are not printable ASCII: ${name}`,
      },
    });
    for (const command of ['DEL', 'CHECK']) assert.ok(readEnvironment(command, environ).ok);
  });
}

const badNames: readonly [string, string][] = [
  ['a'.repeat(16), 'interface name is too long'],
  ['éééééééé', 'interface name is too long'],
  ['😀😀😀😀', 'interface name is too long'],
  ['.', 'interface name is . or ..'],
  ['..', 'interface name is . or ..'],
  ['a/b', 'interface name contains / or : or whitespace characters'],
  ['a:b', 'interface name contains / or : or whitespace characters'],
  ...['\t', '\n', ' ', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u202f', '\u3000'].map(
    (space): [string, string] => [`a${space}b`, 'interface name contains / or : or whitespace characters'],
  ),
];
for (const [name, message] of badNames) {
  test(`readEnvironment() refuses the interface name ${JSON.stringify(name)}`, () => {
    for (const command of ['ADD', 'DEL', 'CHECK']) {
      const result = readEnvironment(command, { ...BASE_ENV, CNI_IFNAME: name });
      assert.equal(!result.ok && result.error.message, message, command);
    }
  });
}

test('readEnvironment() refuses a % in the interface name on ADD only', () => {
  const env = { ...BASE_ENV, CNI_IFNAME: 'eth%d' };
  assert.equal(readEnvironment('ADD', env).ok, false);
  assert.equal(readEnvironment('DEL', env).ok, true);
});

test('readEnvironment() reports a malformed id before missing variables and other malformed ones', () => {
  const env = { CNI_CONTAINERID: '%', CNI_IFNAME: '..', CNI_PATH: '/p' };
  const result = readEnvironment('ADD', env);
  assert.equal(!result.ok && result.error.message, 'invalid characters in containerID');
});

test('readEnvironment() does not look at what the command does not use', () => {
  assert.ok(readEnvironment('GC', { CNI_PATH: '/p', CNI_CONTAINERID: '%', CNI_IFNAME: '..' }).ok);
});
