/** What the plugin gets: versions, the parsed request, attachments, and no namespace of its own. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { BASE_CONFIG, env, NEWEST, net, run } from './calls.ts';

test('runPlugin() takes a missing version for 0.1.0', () => {
  for (const cniVersion of [undefined, null, '']) {
    const ran = run(env('ADD'), { ...BASE_CONFIG, cniVersion });
    assert.equal(ran.document.cniVersion, '0.1.0');
    assert.deepEqual(ran.document.ip4, { ip: '10.240.0.5/16' });
  }
});

test('runPlugin() prints errors in the version of the request, or in the newest one', () => {
  const bad = { CNI_ARGS: 'x' };
  assert.equal(run(env('ADD', bad), BASE_CONFIG).document.cniVersion, '0.3.1');
  assert.equal(run(env('ADD', bad), { ...BASE_CONFIG, cniVersion: '9' }).document.cniVersion, '1.1.0');
  assert.equal(run(env('ADD'), '{').document.cniVersion, '1.1.0');
});

test('runPlugin() hands the plugin the parsed request', () => {
  const prevResult = { cniVersion: '0.2.0', ip4: { ip: '10.91.0.9/24' } };
  const config = { ...BASE_CONFIG, prevResult };
  const ran = run(env('ADD', { CNI_ARGS: 'K8S_POD_NAME=web', CNI_PATH: '/a:/b' }), config);
  assert.deepEqual(ran.requests, [
    {
      env: {
        command: 'ADD',
        containerId: 'c1',
        ifname: 'eth0',
        netns: '/run/netns/c1',
        path: ['/a', '/b'],
        args: { podName: 'web' },
        netnsOverride: false,
      },
      version: '0.3.1',
      networkName: 'azure',
      config,
      prevResult: { interfaces: [], ips: [{ address: net('10.91.0.9/24') }], routes: [], dns: {} },
      validAttachments: [],
    },
  ]);
});

test('runPlugin() sets the fields of the log', () => {
  const ran = run(env('ADD'), BASE_CONFIG);
  assert.deepEqual(ran.log.fields, {
    command: 'ADD',
    container: 'c1',
    ifname: 'eth0',
    netns: '/run/netns/c1',
    network: 'azure',
    address: '10.240.0.5/16',
  });
});

for (const [what, more, config] of [
  ['malformed CNI_ARGS', { CNI_ARGS: 'some;extra;args' }, {}],
  ['unknown CNI_ARGS', { CNI_ARGS: 'FOO=bar' }, {}],
  ['a malformed prevResult', {}, { prevResult: { ips: [{ address: 'junk' }] } }],
  ['a prevResult that is no object', {}, { prevResult: 'x' }],
] as const) {
  test(`runPlugin() ignores ${what} on DEL with a remark, and refuses it on ADD and CHECK`, () => {
    const stdin = { ...BASE_CONFIG, cniVersion: '0.4.0', ...config };
    const ran = run(env('DEL', more), stdin);
    assert.equal(ran.status, 0);
    assert.match(ran.log.entries[0]?.text ?? '', /^Ignored on DEL: /);
    assert.equal(run(env('ADD', more), stdin).status, 1);
    assert.equal(run(env('CHECK', more), stdin).status, 1);
  });
}

test('runPlugin() merges both keys of the attachments for GC', () => {
  const config = {
    ...NEWEST,
    'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'eth0' }],
    'cni.dev/attachments': [{ containerID: 'b', ifname: 'net1' }],
  };
  const ran = run({ CNI_COMMAND: 'GC', CNI_PATH: '/p' }, config);
  assert.equal(ran.status, 0);
  assert.deepEqual(ran.requests[0]?.validAttachments, [
    { containerId: 'a', ifname: 'eth0' },
    { containerId: 'b', ifname: 'net1' },
  ]);
});

test('runPlugin() takes absent, null and empty attachments for none', () => {
  for (const list of [undefined, null, []]) {
    const ran = run({ CNI_COMMAND: 'GC', CNI_PATH: '/p' }, { ...NEWEST, 'cni.dev/valid-attachments': list });
    assert.deepEqual([ran.status, ran.requests[0]?.validAttachments], [0, []]);
  }
});

test('runPlugin() refuses malformed attachments: GC must not take them for none', () => {
  for (const list of [{}, 'x', [5], [{}], [{ containerID: 'a' }], [{ containerID: 5, ifname: 'x' }]]) {
    const ran = run({ CNI_COMMAND: 'GC', CNI_PATH: '/p' }, { ...NEWEST, 'cni.dev/valid-attachments': list });
    assert.deepEqual([ran.status, ran.document.code, ran.requests.length], [1, 7, 0], JSON.stringify(list));
  }
});

const OWN = { '/proc/self/ns/net': '4:1', '/run/netns/c1': '4:1' };

test("runPlugin() refuses the plugin's own namespace before the plugin acts", () => {
  for (const command of ['ADD', 'DEL', 'CHECK']) {
    const ran = run(env(command), NEWEST, { world: { files: OWN } });
    assert.deepEqual([ran.status, ran.document.code], [1, 8], command);
    assert.equal(ran.document.msg, "plugin's netns and netns from CNI_NETNS should not be the same");
    assert.equal(ran.requests.length, 0);
  }
});

test('runPlugin() accepts its own namespace when told so', () => {
  for (const value of ['1', 'true', 'TRUE']) {
    const ran = run(env('ADD', { CNI_NETNS_OVERRIDE: value }), BASE_CONFIG, { world: { files: OWN } });
    assert.equal(ran.status, 0);
  }
});

test('runPlugin() accepts another namespace, on the same device or on another', () => {
  for (const other of ['4:2', '5:1']) {
    const files = { ...OWN, '/run/netns/c1': other };
    assert.equal(run(env('ADD'), BASE_CONFIG, { world: { files } }).status, 0);
  }
});

test('runPlugin() accepts a namespace that is not there, and none on DEL', () => {
  const files = { '/proc/self/ns/net': '4:1' };
  assert.equal(run(env('ADD'), BASE_CONFIG, { world: { files } }).status, 0);
  assert.equal(run(env('DEL', { CNI_NETNS: '' }), BASE_CONFIG, { world: { files } }).status, 0);
});

test('runPlugin() gives the log the level of the configuration, in any case of key and value', () => {
  const levelOf = (more: object) => run(env('ADD'), { ...BASE_CONFIG, ...more }).log.level;
  assert.equal(levelOf({}), 'info');
  assert.equal(levelOf({ logLevel: 'debug' }), 'debug');
  assert.equal(levelOf({ LOGLEVEL: 'Error' }), 'error');
  assert.equal(levelOf({ logLevel: 'loud' }), 'info');
});
