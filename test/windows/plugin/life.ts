/** Containers come and go: results, repeated calls, CHECK, GC, STATUS, both executables, sources of addresses. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildChild } from '../support/build.ts';
import { CONFIG, NAMESPACE, type WindowsNode } from '../support/node.ts';

const ONE = { containerId: '1111111111', netns: `${NAMESPACE}1` };
const TWO = { containerId: '2222222222', netns: `${NAMESPACE}2` };

export function defineLifeTests(node: () => WindowsNode): void {
  test('ADD again gives the same, CHECK agrees, DEL again is fine', async () => {
    node().reset();
    const first = await node().call({ ...ONE, command: 'ADD' });
    assert.deepEqual(first.document.ips, [{ interface: 0, address: '10.240.0.5/16', gateway: '10.240.0.1' }]);
    const again = await node().call({ ...ONE, command: 'ADD' });
    assert.deepEqual(again.document, first.document);
    const config = { ...CONFIG, prevResult: first.document };
    const check = await node().call({ ...ONE, command: 'CHECK', config });
    assert.deepEqual([check.status, check.stdout], [0, '']);
    for (const round of [1, 2]) {
      const { status, stdout } = await node().call({ ...ONE, command: 'DEL' });
      assert.deepEqual([round, status, stdout], [round, 0, '']);
    }
    assert.deepEqual([node().records('endpoints'), node().records('unfinished')], [[], []]);
  });

  test('CHECK misses an endpoint that HNS has lost; DEL without it gives the address back', async () => {
    node().reset();
    const added = await node().call({ ...ONE, command: 'ADD' });
    node().hns.change({ endpoints: [] });
    const config = { ...CONFIG, prevResult: added.document };
    const check = await node().call({ ...ONE, command: 'CHECK', config });
    assert.equal(check.document.code, 100, check.stdout);
    assert.equal((await node().call({ ...ONE, command: 'DEL' })).status, 0);
    assert.equal((await node().call({ ...TWO, command: 'ADD' })).status, 0);
  });

  test('the infra container and the workload have one endpoint (version 1)', async () => {
    node().reset();
    const infra = { containerId: 'aaaaaaaaaaaa', netns: 'none' };
    const workload = { containerId: 'bbbbbbbbbb', netns: 'container:aaaaaaaaaaaa' };
    node().hns.change({ systems: [infra.containerId, workload.containerId] });
    const first = await node().call({ ...infra, command: 'ADD' });
    const second = await node().call({ ...workload, command: 'ADD' });
    assert.deepEqual([first.status, second.status], [0, 0], second.stdout);
    assert.deepEqual(second.document.ips, first.document.ips);
    const [endpoint, ...others] = node().hns.state().endpoints;
    assert.deepEqual([endpoint?.name, others], ['aaaaaaaa-eth0', []]);
    assert.deepEqual(endpoint?.containers, [infra.containerId, workload.containerId]);
  });

  test('GC keeps what is valid, STATUS tells when nothing is free', async () => {
    node().reset();
    for (const container of [ONE, TWO]) {
      assert.equal((await node().call({ ...container, command: 'ADD' })).status, 0);
    }
    const valid = [{ containerID: ONE.containerId, ifname: 'eth0' }];
    const config = { ...CONFIG, cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid };
    const collected = await node().call({ command: 'GC', config });
    assert.deepEqual([collected.status, collected.stdout], [0, '']);
    assert.deepEqual(
      node()
        .hns.state()
        .endpoints.map(({ name }) => name),
      ['11111111-eth0'],
    );
    const status = await node().call({ command: 'STATUS', config: { ...CONFIG, cniVersion: '1.1.0' } });
    assert.deepEqual([status.status, status.stdout], [0, '']);
  });

  test('azure-vnet-ipam.exe by itself, asking ipam.queryUrl on the loopback', async () => {
    node().reset();
    const queryUrl = 'http://127.0.0.1:8080/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
    const config = { ...CONFIG, ipam: { ...CONFIG.ipam, queryUrl } };
    const added = await node().call({ ...ONE, command: 'ADD', plugin: 'azure-vnet-ipam', config });
    assert.deepEqual(added.document.ips, [{ address: '10.240.0.5/16', gateway: '10.240.0.1' }], added.stdout);
    assert.deepEqual(node().hns.calls(), []);
    assert.deepEqual(node().records('ipam/leases'), [`10.240.0.5@${ONE.containerId}@eth0`]);
    assert.equal(
      (await node().call({ ...ONE, command: 'DEL', plugin: 'azure-vnet-ipam', config })).status,
      0,
    );
  });

  test('another IPAM plugin is executed, from a directory with spaces and Hangul', async () => {
    node().reset();
    const { path, windows } = node().machine.directory('주소 관리 (x86)/a & b %PATH%');
    copyFileSync(await buildChild(), join(path, 'other-ipam.exe'));
    const result = { cniVersion: '1.0.0', ips: [{ address: '10.240.0.77/16', gateway: '10.240.0.1' }] };
    const { status, stdout, document } = await node().call({
      ...ONE,
      command: 'ADD',
      config: { ...CONFIG, ipam: { type: 'other-ipam' } },
      env: { CNI_PATH: `C:/nowhere;${windows}`, CHILD_PRINTS: JSON.stringify(result) },
    });
    assert.equal(status, 0, stdout);
    assert.deepEqual(document.ips, [{ interface: 0, ...result.ips[0] }]);
    assert.equal(node().hns.state().endpoints[0]?.address, '10.240.0.77');
  });

  test('IPAM from a file of any length of path', async () => {
    node().reset();
    const { path, windows } = node().machine.directory(
      ['파일 원본', 'd'.repeat(150), 'e'.repeat(150)].join('/'),
    );
    writeFileSync(join(path, 'interfaces.json'), JSON.stringify(INTERFACES));
    const config = {
      ...CONFIG,
      ipam: { type: 'azure-vnet-ipam', environment: 'mas', sourceFile: `${windows}/interfaces.json` },
    };
    const added = await node().call({ ...ONE, command: 'ADD', plugin: 'azure-vnet-ipam', config });
    assert.equal(added.status, 0, added.stdout);
    assert.deepEqual(added.document.ips, [{ address: '10.240.0.99/16', gateway: '10.240.0.1' }]);
  });
}

const INTERFACES = {
  Interfaces: [
    {
      MacAddress: '000D3A000004',
      IsPrimary: true,
      IPSubnets: [
        {
          Prefix: '10.240.0.0/16',
          IPAddresses: [
            { Address: '10.240.0.4', IsPrimary: true },
            { Address: '10.240.0.99', IsPrimary: false },
          ],
        },
      ],
    },
  ],
};
