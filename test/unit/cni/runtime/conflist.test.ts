import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseConfList, parseConfList } from '../../../../src/cni/runtime/conflist.ts';
import type { JsonObject } from '../../../../src/cni/types.ts';

const AZURE = { type: 'azure-vnet', mode: 'bridge' };
const PORTMAP = { type: 'portmap', capabilities: { portMappings: true, bandwidth: false }, snat: true };
const LIST = { cniVersion: '0.3.0', name: 'azure', plugins: [AZURE, PORTMAP] };

const parse = (document: JsonObject) => parseConfList(JSON.stringify(document));

test('parseConfList() reads a list', () => {
  assert.deepEqual(parse(LIST), {
    ok: true,
    value: {
      name: 'azure',
      cniVersion: '0.3.0',
      disableCheck: false,
      disableGC: false,
      plugins: [
        { type: 'azure-vnet', capabilities: [], config: AZURE },
        { type: 'portmap', capabilities: ['portMappings'], config: PORTMAP },
      ],
      text: JSON.stringify(LIST),
    },
  });
});

test('parseConfList() reads a single plugin as a list of one', () => {
  const single = { cniVersion: '0.4.0', name: 'azure', ...AZURE };
  const result = parse(single);
  assert.deepEqual(result.ok && result.value.plugins, [
    { type: 'azure-vnet', capabilities: [], config: single },
  ]);
});

const versions: readonly [JsonObject, string][] = [
  [{ cniVersion: undefined }, '0.1.0'],
  [{ cniVersion: '' }, '0.1.0'],
  [{ cniVersion: '1.0.0' }, '1.0.0'],
  [{ cniVersion: '0.4.0', cniVersions: ['0.3.1', '1.0.0'] }, '1.0.0'],
  [{ cniVersion: '1.1.0', cniVersions: ['0.3.1', '9.9.9'] }, '1.1.0'],
  [{ cniVersion: '9.9.9', cniVersions: ['0.3.1'] }, '0.3.1'],
];
for (const [more, version] of versions) {
  test(`parseConfList() chooses ${version} from ${JSON.stringify(more)}`, () => {
    const result = parse({ ...LIST, ...more });
    assert.equal(result.ok && result.value.cniVersion, version);
  });
}

test('parseConfList() reads flags in both spellings', () => {
  for (const value of [true, 'true', 'True']) {
    const result = parse({ ...LIST, disableCheck: value, disableGC: value });
    assert.deepEqual(result.ok && [result.value.disableCheck, result.value.disableGC], [true, true]);
  }
  for (const value of [false, 'false', null, undefined]) {
    const result = parse({ ...LIST, disableCheck: value });
    assert.equal(result.ok && result.value.disableCheck, false);
  }
});

const refused: readonly [JsonObject, string][] = [
  [{ ...LIST, plugins: [] }, 'plugins: empty'],
  [{ ...LIST, plugins: {} }, 'plugins: expected a list, got {}'],
  [
    { ...LIST, plugins: [5] },
    'plugins[0]: expected an object, got 5; plugins[0].type: expected the name of a plugin without /, got ""',
  ],
  [{ ...LIST, plugins: [{}] }, 'plugins[0].type: expected the name of a plugin without /, got ""'],
  [
    { ...LIST, plugins: [{ type: 'a/b' }] },
    'plugins[0].type: expected the name of a plugin without /, got "a/b"',
  ],
  [{ ...LIST, name: '' }, 'name: missing or with invalid characters: ""'],
  [{ ...LIST, name: 'a/b' }, 'name: missing or with invalid characters: "a/b"'],
  [{ ...LIST, cniVersion: '9.9.9' }, 'cniVersion: none of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0'],
  [{ ...LIST, disableCheck: 5 }, 'disableCheck: expected true or false, got 5'],
  [{ name: 'azure' }, 'type: expected the name of a plugin without /, got ""'],
];
for (const [document, message] of refused) {
  test(`parseConfList() refuses ${JSON.stringify(document)}`, () => {
    assert.deepEqual(parse(document), { ok: false, error: message });
  });
}

test('parseConfList() refuses what is no JSON object', () => {
  assert.match(String((parseConfList('{') as { error?: string }).error), /^not JSON: /);
  assert.deepEqual(parseConfList('[]'), { ok: false, error: 'expected an object' });
});

const text = JSON.stringify(LIST);

test('chooseConfList() takes the first file in lexical order and nothing with another ending', () => {
  const files = ['20-b.conflist', '10-a.conf', '05.txt', '00.conflist.bak'].map((name) => ({ name, text }));
  const chosen = chooseConfList(files);
  assert.deepEqual(chosen.ok && [chosen.value.file, chosen.value.skipped], ['10-a.conf', []]);
});

test('chooseConfList() skips files that it cannot use, and says why', () => {
  const files = [
    { name: 'b.conflist', text },
    { name: 'a.json', text: '{"name":"x","plugins":[]}' },
  ];
  const chosen = chooseConfList(files);
  assert.deepEqual(chosen.ok && [chosen.value.file, chosen.value.skipped], [
    'b.conflist',
    ['a.json: plugins: empty'],
  ]);
});

test('chooseConfList() fails when no file can be used', () => {
  assert.deepEqual(chooseConfList([]), { ok: false, error: 'no network configuration' });
  const broken = chooseConfList([{ name: 'a.conf', text: '{}' }]);
  assert.ok(!broken.ok && broken.error.startsWith('a.conf: '));
});
