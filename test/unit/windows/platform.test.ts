import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';

/** What the executable defines before it runs any image. */
Object.assign(globalThis, {
  host: {
    environ: () => ({ ProgramData: 'D:\\Program Data\\' }),
    executablePath: () => 'C:/cni/bin/azure-vnet.exe',
  },
});
const windows = await import('../../../src/sys/platform-windows.ts');
const linux = await import('../../../src/sys/platform.ts');

test('platform-windows.ts has what platform.ts has, and takes the place of the state from ProgramData', () => {
  assert.deepEqual(Object.keys(windows).sort(), Object.keys(linux).sort());
  assert.equal(windows.STATE_ROOT, 'D:/Program Data/azure-vnet');
  assert.equal(windows.LOG_PATH, 'D:/Program Data/azure-vnet/azure-vnet.log');
});

test('encodeNamePart() leaves what is lower case, and makes one name of each key where case does not count', () => {
  for (const text of ['azure', 'c0ffee1234', '10.240.0.5', 'eth0', 'a-b_c.d'])
    assert.equal(windows.encodeNamePart(text), text);
  for (const [text, expected] of [
    ['Azure', '%41zure'],
    ['con', '%63on'],
    ['COM1', '%43%4f%4d1'],
    ['nul.x', '%6eul.x'],
    ['console', 'console'],
    ['a.', 'a%2e'],
    ['..', '%2e%2e'],
    ['a/b', 'a%2fb'],
    ['한', '%ed%95%9c'],
  ] as const) {
    assert.equal(windows.encodeNamePart(text), expected);
  }
});

test('encodeNamePart() is undone by decodeURIComponent, has no character that Windows refuses, and never collides', () => {
  const part = fc.string({ unit: 'grapheme', maxLength: 30 });
  fc.assert(
    fc.property(part, part, (a, b) => {
      const [one, other] = [windows.encodeNamePart(a), windows.encodeNamePart(b)];
      assert.equal(decodeURIComponent(one), a);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are among what Windows refuses
      assert.doesNotMatch(one, /[<>:"/\\|?*\u0000-\u001fA-Z~]|[. ]$/);
      assert.equal(one.toLowerCase() === other.toLowerCase(), a === b);
    }),
    { numRuns: 500 },
  );
});

test('INTERFACE_NAME: whatever Windows calls an adapter; on Linux what the kernel takes for a link', () => {
  for (const name of ['Ethernet', 'vEthernet (Ethernet 2)', '이더넷', 'a'.repeat(256)])
    assert.match(name, windows.INTERFACE_NAME);
  for (const name of ['', 'a"b', 'a\\b', 'a\nb', 'a'.repeat(257)])
    assert.doesNotMatch(name, windows.INTERFACE_NAME);
  for (const name of ['eth0', 'azv0', 'a.b', 'a'.repeat(15)]) assert.match(name, linux.INTERFACE_NAME);
  for (const name of ['', '.', '..', 'a/b', 'a:b', 'a%d', 'a b', 'é', 'a'.repeat(16)])
    assert.doesNotMatch(name, linux.INTERFACE_NAME);
});

test('ABSOLUTE_PATH and PATH_SEPARATORS of Windows', () => {
  for (const path of ['C:\\k', 'c:/k', '\\\\server\\share', '/k']) assert.match(path, windows.ABSOLUTE_PATH);
  for (const path of ['k', 'k\\x', 'C:k', '']) assert.doesNotMatch(path, windows.ABSOLUTE_PATH);
  for (const name of ['a\\b', 'a/b', 'a:b']) assert.match(name, windows.PATH_SEPARATORS);
});
