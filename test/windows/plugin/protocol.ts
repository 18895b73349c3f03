/** The protocol of CNI as the executable for Windows speaks it; what it says of requests that cannot be served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, NAMESPACE, type PluginCall, type WindowsNode } from '../support/node.ts';

const ONE = { containerId: '1111111111', netns: `${NAMESPACE}1` };

interface Refusal {
  readonly name: string;
  readonly call: PluginCall;
  readonly code: number;
  readonly message: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'ADD without the variables that it needs',
    call: { command: 'ADD' },
    code: 4,
    message: /required env variables \[CNI_CONTAINERID,CNI_NETNS\] missing/,
  },
  {
    name: 'a version of the configuration that nobody speaks',
    call: { ...ONE, command: 'ADD', config: { ...CONFIG, cniVersion: '9.0.0' } },
    code: 1,
    message: /version/,
  },
  {
    name: 'a network without a name',
    call: { ...ONE, command: 'ADD', config: { ...CONFIG, name: '' } },
    code: 7,
    message: /missing network name/,
  },
  {
    name: 'ranges of its own for source NAT, which Windows VMs do not have',
    call: { ...ONE, command: 'ADD', config: { ...CONFIG, nonMasqueradeCIDRs: ['10.0.0.0/8'] } },
    code: 2,
    message: /custom IP ranges cannot be specified/,
  },
  {
    name: 'an IPAM plugin that is nowhere',
    call: { ...ONE, command: 'ADD', config: { ...CONFIG, ipam: { type: 'host-local' } } },
    code: 100,
    message: /failed to find plugin "host-local"/,
  },
  {
    name: 'a namespace that HNS does not know',
    call: { ...ONE, netns: `${NAMESPACE}a`, command: 'ADD' },
    code: 100,
    message: /there is no namespace/,
  },
];

export function defineProtocolTests(node: () => WindowsNode): void {
  test('VERSION: one document, and nothing is left on the disk', async () => {
    node().reset();
    const { status, stdout, document } = await node().call({ command: 'VERSION' });
    assert.deepEqual([status, document.cniVersion], [0, '1.1.0'], stdout);
    assert.deepEqual(node().records('.'), []);
  });

  for (const { name, call, code, message } of REFUSALS) {
    test(`refused: ${name}`, async () => {
      node().reset();
      const { status, document, stdout } = await node().call(call);
      assert.deepEqual([status, document.code], [1, code], stdout);
      assert.match(String(document.msg), message);
      // A mark of an address that rests begins with a tilde.
      const leases = node()
        .records('ipam/leases')
        .filter((record) => !record.startsWith('~'));
      assert.deepEqual([node().hns.state().endpoints, leases], [[], []]);
    });
  }

  test('DEL of a container that was never here, without a namespace', async () => {
    node().reset();
    const { status, stdout } = await node().call({ command: 'DEL', containerId: 'unknown', netns: '' });
    assert.deepEqual([status, stdout], [0, '']);
  });

  test('an address that somebody else holds is refused, and DEL makes room', async () => {
    node().reset();
    const queryUrl = 'http://127.0.0.1:8080/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
    const config = { ...CONFIG, ipam: { ...CONFIG.ipam, queryUrl, ipAddress: '10.240.0.7' } };
    assert.equal((await node().call({ ...ONE, command: 'ADD', config })).status, 0);
    const two = { containerId: '2222222222', netns: `${NAMESPACE}2` };
    const refused = await node().call({ ...two, command: 'ADD', config });
    assert.deepEqual([refused.status, refused.document.code], [1, 100], refused.stdout);
    assert.match(String(refused.document.msg), /10\.240\.0\.7/);
    assert.equal((await node().call({ ...ONE, command: 'DEL', config })).status, 0);
    assert.equal((await node().call({ ...two, command: 'ADD', config })).status, 0);
  });
}
