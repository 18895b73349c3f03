/** HNS refuses, hangs, forgets, answers nonsense, or is not there. */
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import type { ControlRule } from '../stand-in/model/state.ts';
import { CONFIG, NAMESPACE, type WindowsNode } from '../support/node.ts';

const ONE = { containerId: '1111111111', netns: `${NAMESPACE}1` };
const TWO = { containerId: '2222222222', netns: `${NAMESPACE}2` };
/**
 * A hanging call must end with its deadline. Wine on a busy machine may need longer for the calls before it: then it is
 * done again, with the next deadline.
 */
const HNS_TIMEOUTS_S = [2, 10, 40] as const;
const PATIENCE_MS = 60_000;

export function defineTroubleTests(node: () => WindowsNode): void {
  /** Makes the call, which is known to hang in the call of HNS that `rule` is for, on a node that `prepare` made. */
  const untilItHangs = async (
    command: 'ADD' | 'DEL',
    rule: Pick<ControlRule, 'call' | 'action'>,
    prepare: () => Promise<void> = async () => node().reset(),
  ) => {
    const [name] = rule.call.split(' ');
    for (const timeoutS of HNS_TIMEOUTS_S) {
      await prepare();
      node().hns.forgetCalls();
      node().hns.control({ ...rule, times: 1 });
      const config = { ...CONFIG, windowsSettings: { hnsTimeoutDurationInSeconds: timeoutS } };
      const answer = await node().call({ ...ONE, command, config });
      node().hns.control();
      const last = node().hns.calls().at(-1);
      if (last?.call === name) return { ...answer, timeoutS };
    }
    throw new Error(`${rule.call} was never reached`);
  };

  /** Nothing is left of an ADD that failed, and its address can be had. */
  const assertNothingLeft = async () => {
    const { hns } = node();
    hns.control();
    assert.deepEqual([hns.state().endpoints, node().records('endpoints')], [[], []]);
    assert.deepEqual(node().records('unfinished'), []);
    const next = await node().call({ ...TWO, command: 'ADD' });
    assert.equal(next.status, 0, next.stdout);
  };

  for (const call of ['HcnCreateNetwork', 'HcnOpenNetwork', 'HcnCreateEndpoint', 'HcnModifyNamespace']) {
    test(`ADD: ${call} fails; what was made is undone in reverse`, async () => {
      node().reset();
      node().hns.control({
        call,
        action: 'fail',
        hresult: 0x80070005,
        error: '{"Error":"Access is denied."}',
      });
      const { status, document } = await node().call({ ...ONE, command: 'ADD' });
      assert.deepEqual([status, document.code], [1, 100]);
      assert.match(String(document.msg), new RegExp(`${call} failed with 0x80070005: Access is denied`));
      const undone = node()
        .hns.calls()
        .map((one) => one.call)
        .filter((name) => /^Hcn(Create|Delete)/.test(name));
      if (call === 'HcnModifyNamespace') {
        assert.deepEqual(undone, ['HcnCreateNetwork', 'HcnCreateEndpoint', 'HcnDeleteEndpoint']);
      }
      await assertNothingLeft();
    });
  }

  test('ADD: HNS makes the endpoint and says that it failed', async () => {
    node().reset();
    node().hns.control({ call: 'HcnCreateEndpoint', action: 'fail late' });
    assert.equal((await node().call({ ...ONE, command: 'ADD' })).status, 1);
    await assertNothingLeft();
  });

  for (const call of ['HcnCreateEndpoint', 'HNSCall GET /globals', 'HcnModifyNamespace']) {
    test(`ADD: ${call} never returns; the call ends at its deadline with code 11`, async () => {
      const { status, document, durationMs, timeoutS } = await untilItHangs('ADD', { call, action: 'hang' });
      assert.deepEqual([status, document.code], [1, 11], String(document.msg));
      assert.match(String(document.msg), new RegExp(`did not answer .* within ${timeoutS} s`));
      assert.ok(
        durationMs >= timeoutS * 1000 && durationMs < timeoutS * 1000 + PATIENCE_MS,
        `${durationMs} ms`,
      );
      const again = await node().call({ ...ONE, command: 'ADD' });
      assert.equal(again.status, 0, again.stdout);
      assert.equal(node().hns.state().endpoints.length, 1);
    });
  }

  test('ADD: the endpoint is made, but its answer is lost; the next call removes it', async () => {
    const lost = await untilItHangs('ADD', { call: 'HcnCreateEndpoint', action: 'lose' });
    assert.equal(lost.document.code, 11, lost.stdout);
    assert.equal(node().hns.state().endpoints.length, 1);
    const next = await node().call({ ...TWO, command: 'ADD' });
    assert.equal(next.status, 0, next.stdout);
    assert.deepEqual(
      node()
        .hns.state()
        .endpoints.map(({ name }) => name),
      ['22222222-eth0'],
    );
  });

  test('DEL: HNS hangs; code 11, the address stays leased, and DEL again ends it', async () => {
    const hung = await untilItHangs('DEL', { call: 'HcnDeleteEndpoint', action: 'hang' }, async () => {
      node().reset();
      assert.equal((await node().call({ ...ONE, command: 'ADD' })).status, 0);
    });
    assert.deepEqual([hung.status, hung.document.code], [1, 11], hung.stdout);
    assert.deepEqual(node().records('ipam/leases'), [`10.240.0.5@${ONE.containerId}@eth0`]);
    assert.equal((await node().call({ ...ONE, command: 'DEL' })).status, 0);
    assert.deepEqual(node().hns.state().endpoints, []);
  });

  test('ADD: HNS forgets what it has made', async () => {
    node().reset();
    node().hns.control({ call: 'HcnCreateEndpoint', action: 'forget' });
    const { status, stdout } = await node().call({ ...ONE, command: 'ADD' });
    assert.equal(status, 1, stdout);
    await assertNothingLeft();
  });

  test('ADD: an answer that is no JSON', async () => {
    node().reset();
    node().hns.control({ call: 'HNSCall GET /globals', action: 'garbage' });
    const { status, document } = await node().call({ ...ONE, command: 'ADD' });
    assert.equal(status, 1);
    assert.match(String(document.msg), /not JSON/);
    await assertNothingLeft();
  });

  test('Windows without HNS: DLLs beside the executable are no help, the message names the feature', async () => {
    node().reset();
    const directory = node().machine.onC('windows/system32');
    const libraries = ['vmcompute.dll', 'computenetwork.dll'].map((name) => `${directory}/${name}`);
    for (const library of libraries) renameSync(library, `${library}.away`);
    // Beside the executable, where the loader of Windows would look first.
    for (const library of libraries)
      copyFileSync(`${library}.away`, node().machine.onC(`cni/bin/${basename(library)}`));
    try {
      const { status, document } = await node().call({ ...ONE, command: 'ADD' });
      assert.equal(status, 1);
      assert.match(String(document.msg), /HNSCall is not on this machine.*Install-WindowsFeature Containers/);
    } finally {
      for (const library of libraries) {
        renameSync(`${library}.away`, library);
        rmSync(node().machine.onC(`cni/bin/${basename(library)}`));
      }
    }
  });
}
