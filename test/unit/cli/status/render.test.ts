import assert from 'node:assert/strict';
import test from 'node:test';
import { endpointProblems } from '../../../../src/cli/node/endpoint-problems.ts';
import type { NodeFacts } from '../../../../src/cli/node/facts.ts';
import { networkProblems } from '../../../../src/cli/node/network-problems.ts';
import { renderStatus } from '../../../../src/cli/status/render.ts';
import { statusReport } from '../../../../src/cli/status/report.ts';
import { COLOURED, PLAIN } from '../../../../src/cli/style.ts';
import { B, endpoint, ip, lease, NOW_MS, network, node, pool, record } from '../node/facts.ts';

function reportOf(facts: NodeFacts) {
  return statusReport('v0.1.0', facts, [...networkProblems(facts), ...endpointProblems(facts, 'docker')]);
}

test('renderStatus() shows a healthy node', () => {
  assert.equal(
    renderStatus(reportOf(node()), PLAIN),
    `NETWORK  BRIDGE  NIC   MAC                MTU   SUBNET         NODE           RULES  PODS
azure    azure0  eth0  00:0d:3a:0a:0b:0c  1500  10.240.0.0/16  10.240.0.4/16  ok     2

POOL           NIC   SIZE  USED  RESTING  FREE  ON HOST  ASKED
10.240.0.0/16  eth0  4     2     1        1     0        5s ago

ADDRESS     POD        CONTAINER     INTERFACE  HOST VETH  SINCE
10.240.0.5  default/a  aaaaaaaaaaaa  eth0       azva       1h
10.240.0.6  -          bbbbbbbbbbbb  eth0       azvb       1h

No problems.
`,
  );
});

test('renderStatus() shows a node before its first container', () => {
  const empty = { networks: [], endpoints: [], leases: [], pools: [], hosts: [], bridges: [] };
  assert.equal(
    renderStatus(reportOf(node(empty)), PLAIN),
    `No network yet: the first ADD of a container builds it.

No pool yet: the address source has not been asked.

No problems.
`,
  );
});

test('renderStatus() shows what is wrong, and the network of an address where there are two', () => {
  const { bridge: _, ...lost } = network({ bridgeAddresses: [] });
  const facts = node({
    networks: [lost],
    bridges: [],
    endpoints: [endpoint()],
    leases: [
      lease(),
      lease({ address: ip('10.240.0.9'), network: 'other', containerId: 'web', sinceMs: NOW_MS }),
    ],
    pools: [pool({ free: [], resting: [], onHost: [ip('10.240.0.7')] })],
    pending: [record({ ...B, sinceMs: NOW_MS - 61_000 })],
    interruptedMoves: ['azure0'],
  });
  assert.equal(
    renderStatus(reportOf(facts), PLAIN),
    `NETWORK  BRIDGE            NIC   MAC                MTU   SUBNET         NODE  RULES  PODS
azure    azure0 (missing)  eth0  00:0d:3a:0a:0b:0c  1500  10.240.0.0/16  none  ok     1

POOL           NIC   SIZE  USED  RESTING  FREE  ON HOST  ASKED
10.240.0.0/16  eth0  4     2     0        0     1        5s ago

ADDRESS     NETWORK  POD        CONTAINER     INTERFACE  HOST VETH  SINCE
10.240.0.5  azure    default/a  aaaaaaaaaaaa  eth0       azva       1h
10.240.0.9  other    default/a  web           eth0       -          0s

PENDING
move  addresses of the node to azure0
del   link azvb of container ${'b'.repeat(64)}  for 1m1s

error    MOVE_INTERRUPTED: the move of the node's addresses to azure0 was interrupted
         the node may have lost its address
         mend: azure-vnet repair
error    BRIDGE_MISSING: bridge azure0 is gone
         pods and node are off the network until it is mended; the next ADD mends it too
         mend: azure-vnet repair
warning  DEL_INTERRUPTED: the DEL of pod default/a, container bbbbbbbbbbbb eth0 was interrupted
         its link is still there
         mend: azure-vnet repair
`,
  );
});

test('renderStatus() in colours is the same text', () => {
  const report = reportOf(node({ strayElements: [ip('10.240.0.8')] }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape of a colour is one
  const bare = renderStatus(report, COLOURED).replace(/\x1b\[\d+m/g, '');
  assert.equal(bare, renderStatus(report, PLAIN));
});

test('statusReport() is the same data as a document', () => {
  const report = reportOf(node());
  assert.deepEqual(JSON.parse(JSON.stringify(report)), {
    version: 'v0.1.0',
    time: '2030-01-01T12:00:00.000Z',
    networks: [
      {
        name: 'azure',
        bridge: 'azure0',
        bridgeState: 'up',
        nic: 'eth0',
        mac: '00:0d:3a:0a:0b:0c',
        mtu: 1500,
        subnet: '10.240.0.0/16',
        nodeAddresses: ['10.240.0.4/16'],
        rulesComplete: true,
        pods: 2,
      },
    ],
    pools: [
      {
        subnet: '10.240.0.0/16',
        nic: 'eth0',
        size: 4,
        used: 2,
        resting: 1,
        free: 1,
        onHost: 0,
        source: 'http://168.63.129.16/machine/plugins?comp=nmagent&type=getinterfaceinfov1',
        asked: '2030-01-01T11:59:55.000Z',
      },
    ],
    addresses: [
      {
        address: '10.240.0.5',
        network: 'azure',
        containerId: 'a'.repeat(64),
        ifname: 'eth0',
        podName: 'a',
        podNamespace: 'default',
        hostVeth: 'azva',
        sandbox: '/run/netns/a',
        since: '2030-01-01T11:00:00.000Z',
        recordedBy: 'both',
      },
      {
        address: '10.240.0.6',
        network: 'azure',
        containerId: 'b'.repeat(64),
        ifname: 'eth0',
        hostVeth: 'azvb',
        sandbox: '/run/netns/b',
        since: '2030-01-01T11:00:00.000Z',
        recordedBy: 'both',
      },
    ],
    pending: [],
    problems: [],
  });
});

test('statusReport() says which half of an address is recorded', () => {
  const facts = node({
    endpoints: [endpoint()],
    leases: [lease({ address: ip('10.240.0.7'), containerId: 'c' })],
  });
  assert.deepEqual(
    reportOf(facts).addresses.map(({ address, recordedBy }) => [address, recordedBy]),
    [
      ['10.240.0.5', 'endpoint'],
      ['10.240.0.7', 'lease'],
    ],
  );
});
