import assert from 'node:assert/strict';
import test from 'node:test';
import { base64OfUtf8, cacheFileName } from '../../../../src/cni/runtime/cache.ts';
import type { AttachmentCall } from '../../../../src/cni/runtime/call.ts';
import { addChain, delChain } from '../../../../src/cni/runtime/chain.ts';
import { checkChain, gcChain, statusChain } from '../../../../src/cni/runtime/maintain.ts';
import type { JsonObject } from '../../../../src/cni/types.ts';
import { net } from '../calls.ts';
import { listOf, printed, scripted } from './scripted.ts';

const RESULT = { cniVersion: '1.1.0', ips: [{ address: '10.240.0.5/16' }] };
const ADDED = { 'a ADD': printed(RESULT) };

function callOf(more: Partial<AttachmentCall> = {}): AttachmentCall {
  return {
    list: listOf(),
    path: ['/opt/cni/bin', '/usr/lib/cni'],
    containerId: 'c1',
    netns: '/run/netns/c1',
    ifname: 'eth0',
    ...more,
  };
}

async function cacheOf(call: AttachmentCall) {
  const added = await addChain(scripted(ADDED).exec, call);
  return added.ok ? added.value.cache : assert.fail(JSON.stringify(added.error));
}

// ---- ADD ----

test('addChain() hands each plugin the result of the one before', async () => {
  const second = { ...RESULT, dns: { domain: 'b' } };
  const { exec, calls, order } = scripted({ ...ADDED, 'b ADD': printed(second) });
  const added = await addChain(exec, callOf());
  assert.deepEqual(order(), ['ADD a', 'ADD b', 'ADD c']);
  assert.deepEqual(
    calls.map(({ config }) => config.prevResult),
    [undefined, RESULT, second],
  );
  const ips = [{ address: net('10.240.0.5/16') }];
  assert.deepEqual(added.ok && added.value.result, { interfaces: [], ips, routes: [], dns: { domain: 'b' } });
});

test('addChain() sets the environment of the call', async () => {
  const { exec, calls } = scripted(ADDED);
  await addChain(
    exec,
    callOf({
      args: [
        ['IgnoreUnknown', '1'],
        ['K8S_POD_NAME', 'web'],
      ],
    }),
  );
  assert.deepEqual(calls[0]?.env, {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/run/netns/c1',
    CNI_IFNAME: 'eth0',
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=web',
    CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
  });
});

test('addChain() inserts name, version and the declared capabilities that are known', async () => {
  const capabilities = { portMappings: true, mac: true, bandwidth: false };
  const list = listOf({ cniVersion: '0.3.1' }, { type: 'a', snat: true, capabilities }, { type: 'b' });
  const capabilityArgs = { portMappings: [{ hostPort: 80 }], bandwidth: { ingressRate: 1 }, ips: ['x'] };
  const { exec, calls } = scripted(ADDED);
  await addChain(exec, callOf({ list, capabilityArgs }));
  assert.deepEqual(calls[0]?.config, {
    type: 'a',
    snat: true,
    capabilities,
    cniVersion: '0.3.1',
    name: 'azure',
    runtimeConfig: { portMappings: [{ hostPort: 80 }] },
  });
  assert.equal(calls[1]?.config.runtimeConfig, undefined);
});

test('addChain() converts results to the version of the list', async () => {
  const legacy = { cniVersion: '0.2.0', ip4: { ip: '10.240.0.5/16' } };
  const { exec, calls } = scripted({ 'a ADD': printed(legacy) });
  const added = await addChain(exec, callOf());
  assert.deepEqual(calls[1]?.config.prevResult, RESULT);
  assert.deepEqual(added.ok && added.value.cache.result, RESULT);
});

test('addChain() returns the cache document of the specification library', async () => {
  const args = [['K8S_POD_NAME', 'web']] as const;
  const call = callOf({ args, capabilityArgs: { ips: ['10.240.0.5'] } });
  assert.deepEqual(await cacheOf(call), {
    kind: 'cniCacheV1',
    containerId: 'c1',
    ifName: 'eth0',
    networkName: 'azure',
    netns: '/run/netns/c1',
    config: Buffer.from(call.list.text).toString('base64'),
    cniArgs: args,
    capabilityArgs: { ips: ['10.240.0.5'] },
    result: RESULT,
  });
});

const failing: readonly [string, Parameters<typeof scripted>[0], object][] = [
  [
    'an error document',
    { 'b ADD': printed({ code: 11, msg: 'try\nlater', details: 'd' }, 1) },
    { code: 11, message: 'try later', details: 'd' },
  ],
  [
    'no document',
    { 'b ADD': { status: 2, stdout: '', stderr: 'panic\n' } },
    { code: 999, message: 'exit status 2 without a CNI error: panic' },
  ],
  [
    'a missing executable',
    { 'b ADD': new Error('no such plugin: b') },
    { code: 999, message: 'no such plugin: b' },
  ],
  [
    'an unreadable result',
    { 'b ADD': printed({ ips: [{}] }) },
    {
      code: 6,
      message: 'cannot read the result: ips[0].address: expected an address with its prefix length, got null',
    },
  ],
];
for (const [what, script, error] of failing) {
  test(`addChain() reports ${what} and removes the whole chain again`, async () => {
    const { exec, order, calls } = scripted({ ...ADDED, ...script });
    const added = await addChain(exec, callOf());
    assert.deepEqual(added, {
      ok: false,
      error: { error: { plugin: 'b', command: 'ADD', ...error }, cleanup: [] },
    });
    assert.deepEqual(order(), ['ADD a', 'ADD b', 'DEL c', 'DEL b', 'DEL a']);
    for (const { command, config } of calls) {
      if (command === 'DEL') assert.equal(config.prevResult, undefined);
    }
  });
}

test('addChain() reports what could not be removed after a failure', async () => {
  const del = printed({ code: 5, msg: 'disk full' }, 1);
  const { exec } = scripted({ 'a ADD': printed({ code: 11, msg: 'x' }, 1), 'c DEL': del });
  const added = await addChain(exec, callOf());
  assert.deepEqual(!added.ok && added.error.cleanup, [
    { plugin: 'c', command: 'DEL', code: 5, message: 'disk full' },
  ]);
});

// ---- DEL ----

test('delChain() runs in reverse order with the cached result', async () => {
  const call = callOf();
  const { exec, order, calls } = scripted();
  assert.deepEqual(await delChain(exec, call, await cacheOf(call)), []);
  assert.deepEqual(order(), ['DEL c', 'DEL b', 'DEL a']);
  for (const { config } of calls) assert.deepEqual(config.prevResult, RESULT);
});

test('delChain() converts the cached result to the version that the list has now', async () => {
  const cache = await cacheOf(callOf());
  const { exec, calls } = scripted();
  await delChain(exec, callOf({ list: listOf({ cniVersion: '0.4.0' }) }), cache);
  const ips = [{ version: '4', address: '10.240.0.5/16' }];
  assert.deepEqual(calls[0]?.config.prevResult, { cniVersion: '0.4.0', ips, dns: {} });
});

test('delChain() sends no result before 0.4.0, without a cache, or with an unreadable one', async () => {
  const cache = await cacheOf(callOf());
  const broken = { ...cache, result: { ips: 5 } };
  for (const [version, given] of [
    ['0.3.1', cache],
    ['1.1.0', undefined],
    ['1.1.0', broken],
  ] as const) {
    const { exec, calls } = scripted();
    await delChain(exec, callOf({ list: listOf({ cniVersion: version }) }), given);
    assert.deepEqual(
      calls.map(({ config }) => 'prevResult' in config),
      [false, false, false],
    );
  }
});

test('delChain() goes on after a failure and returns all of them', async () => {
  const no = printed({ code: 5, msg: 'no' }, 1);
  const { exec, order } = scripted({ 'c DEL': no, 'a DEL': no });
  const errors = await delChain(exec, callOf());
  assert.deepEqual(
    errors.map(({ plugin }) => plugin),
    ['c', 'a'],
  );
  assert.equal(order().length, 3);
});

// ---- CHECK, GC, STATUS ----

test('checkChain() runs in order with the cached result and stops at the first failure', async () => {
  const call = callOf();
  const { exec, order, calls } = scripted({ 'b CHECK': printed({ code: 100, msg: 'gone' }, 1) });
  const checked = await checkChain(exec, call, await cacheOf(call));
  assert.equal(!checked.ok && checked.error.message, 'gone');
  assert.deepEqual(order(), ['CHECK a', 'CHECK b']);
  assert.deepEqual(calls[0]?.config.prevResult, RESULT);
});

test('checkChain() asks nobody before 0.4.0 or when disabled', async () => {
  const cache = await cacheOf(callOf());
  for (const more of [{ cniVersion: '0.3.1' }, { disableCheck: true }] as JsonObject[]) {
    const { exec, calls } = scripted();
    const checked = await checkChain(exec, callOf({ list: listOf(more) }), cache);
    assert.deepEqual([checked.ok && checked.value, calls.length], ['not asked', 0]);
  }
});

test('gcChain() deletes cached attachments that are not valid, then tells every plugin which are', async () => {
  const valid = await cacheOf(callOf());
  const stale = await cacheOf(callOf({ containerId: 'c2', args: [['A', 'b']] }));
  const foreign = { ...stale, networkName: 'other' };
  const { exec, order, calls } = scripted();
  const keep = [{ containerId: 'c1', ifname: 'eth0' }];
  const collected = await gcChain(exec, callOf(), keep, [valid, stale, foreign]);
  assert.deepEqual(collected, { removed: [stale], errors: [] });
  assert.deepEqual(order(), ['DEL c', 'DEL b', 'DEL a', 'GC a', 'GC b', 'GC c']);
  assert.deepEqual([calls[0]?.env.CNI_CONTAINERID, calls[0]?.env.CNI_ARGS], ['c2', 'A=b']);
  const list = [{ containerID: 'c1', ifname: 'eth0' }];
  assert.deepEqual(calls[3]?.config['cni.dev/valid-attachments'], list);
  assert.deepEqual(calls[3]?.config['cni.dev/attachments'], list);
  assert.deepEqual(calls[3]?.env, { CNI_COMMAND: 'GC', CNI_PATH: '/opt/cni/bin:/usr/lib/cni' });
});

test('gcChain() goes on after failures and keeps the cache of what could not be deleted', async () => {
  const stale = await cacheOf(callOf());
  const no = printed({ code: 5, msg: 'no' }, 1);
  const { exec, order } = scripted({ 'b DEL': no, 'a GC': no });
  const collected = await gcChain(exec, callOf(), [], [stale]);
  assert.deepEqual(collected.removed, []);
  assert.deepEqual(
    collected.errors.map(({ plugin, command }) => `${command} ${plugin}`),
    ['DEL b', 'GC a'],
  );
  assert.equal(order().length, 6);
});

test('gcChain() only deletes before 1.1.0, and does nothing when disabled', async () => {
  const stale = await cacheOf(callOf());
  const old = scripted();
  await gcChain(old.exec, callOf({ list: listOf({ cniVersion: '1.0.0' }) }), [], [stale]);
  assert.deepEqual(old.order(), ['DEL c', 'DEL b', 'DEL a']);
  const disabled = scripted();
  await gcChain(disabled.exec, callOf({ list: listOf({ disableGC: true }) }), [], [stale]);
  assert.deepEqual(disabled.order(), []);
});

test('statusChain() stops at the first plugin that is not ready, and keeps its code', async () => {
  const { exec, order } = scripted({ 'b STATUS': printed({ code: 50, msg: 'not ready' }, 1) });
  const status = await statusChain(exec, callOf());
  assert.equal(!status.ok && status.error.code, 50);
  assert.deepEqual(order(), ['STATUS a', 'STATUS b']);
});

test('statusChain() asks nobody before 1.1.0', async () => {
  const { exec, calls } = scripted();
  const status = await statusChain(exec, callOf({ list: listOf({ cniVersion: '1.0.0' }) }));
  assert.deepEqual([status.ok && status.value, calls.length], ['not asked', 0]);
});

// ---- cache ----

test('base64OfUtf8() encodes as RFC 4648 says', () => {
  for (const text of ['', 'f', 'fo', 'foo', 'foob', '%41\n', 'zürich ☃ 😀\u0000', '\u{10ffff}']) {
    assert.equal(base64OfUtf8(text), Buffer.from(text).toString('base64'), text);
  }
});

test('cacheFileName() is that of the specification library', () => {
  assert.equal(cacheFileName('azure', { containerId: 'c1', ifname: 'eth0' }), 'azure-c1-eth0');
});
