/** The definitions in examples/: what is said of them, and the addresses that they lead to. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { planDocument } from '../../../src/cluster/plan-document.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { parseCidr } from '../../../src/net/cidr.ts';
import { EXAMPLES, example } from '../../support/definition.ts';

const AGENTS = parseCidr('10.10.16.0/20');

/** Findings as `code line:column`, and per node: name, own address, first and last of its pods. */
const EXPECTED: Readonly<Record<string, { findings: string[]; nodes: string[]; apiServer?: string }>> = {
  'page.json': {
    findings: ['service-range-overlap 8:26', 'vm-size 14:17'],
    nodes: [
      'k8s-master-27604533-0 10.0.1.50 10.0.0.4 10.0.0.33',
      'k8s-k8sagentpoo1-27604533-0 10.0.0.34 10.0.0.35 10.0.0.64',
      'k8s-k8sagentpoo1-27604533-1 10.0.0.65 10.0.0.66 10.0.0.95',
    ],
    apiServer: '10.0.1.50',
  },
  'page-as-printed.json': {
    findings: [
      'service-range-overlap 7:26',
      'remark 7:40',
      'vm-size 13:17',
      'placeholder 14:39',
      'placeholder 14:72',
      'placeholder 14:138',
      'remark 15:48',
      'remark 16:33',
      'placeholder 23:33',
      'placeholder 23:66',
      'placeholder 23:132',
      'placeholder 31:11',
    ],
    nodes: [],
  },
  'three-masters.json': {
    findings: [],
    nodes: [
      'k8s-master-18959990-0 10.240.255.5 10.240.0.4 10.240.0.33',
      'k8s-master-18959990-1 10.240.255.6 10.240.0.34 10.240.0.63',
      'k8s-master-18959990-2 10.240.255.7 10.240.0.64 10.240.0.93',
      'k8s-linuxpool-18959990-0 10.240.0.94 10.240.0.95 10.240.0.124',
      'k8s-linuxpool-18959990-1 10.240.0.125 10.240.0.126 10.240.0.155',
      'k8s-linuxpool-18959990-2 10.240.0.156 10.240.0.157 10.240.0.186',
    ],
    apiServer: '10.240.255.15',
  },
  'custom-vnet.json': {
    findings: [],
    nodes: [
      'k8s-master-06122291-0 10.10.3.200 10.10.0.4 10.10.0.33',
      'k8s-master-06122291-1 10.10.3.201 10.10.0.34 10.10.0.63',
      'k8s-master-06122291-2 10.10.3.202 10.10.0.64 10.10.0.93',
      'k8s-agents-06122291-0 10.10.16.4 10.10.16.5 10.10.16.34',
      'k8s-agents-06122291-1 10.10.16.35 10.10.16.36 10.10.16.65',
      'k8s-agents-06122291-2 10.10.16.66 10.10.16.67 10.10.16.96',
      'k8s-agents-06122291-3 10.10.16.97 10.10.16.98 10.10.16.127',
    ],
    apiServer: '10.10.3.210',
  },
  'two-pools.json': {
    findings: [],
    nodes: [
      'k8s-master-42946788-0 10.20.15.200 10.20.0.4 10.20.0.33',
      'k8s-small-42946788-vmss000000 10.20.0.34 10.20.0.35 10.20.0.64',
      'k8s-small-42946788-vmss000001 10.20.0.65 10.20.0.66 10.20.0.95',
      'k8s-small-42946788-vmss000002 10.20.0.96 10.20.0.97 10.20.0.126',
      'k8s-large-42946788-vmss000000 10.20.0.127 10.20.0.128 10.20.0.227',
      'k8s-large-42946788-vmss000001 10.20.0.228 10.20.0.229 10.20.1.72',
    ],
    apiServer: '10.20.15.200',
  },
  'windows-pool.json': {
    findings: [],
    nodes: [
      'k8s-master-82438664-0 10.30.15.200 10.30.0.4 10.30.0.33',
      'k8s-linux-82438664-0 10.30.0.34 10.30.0.35 10.30.0.64',
      '8243k8s010 10.30.0.65 10.30.0.66 10.30.0.95',
      '8243k8s011 10.30.0.96 10.30.0.97 10.30.0.126',
    ],
    apiServer: '10.30.15.200',
  },
};

test('every example is looked at', () => {
  assert.deepEqual(readdirSync(EXAMPLES).sort(), Object.keys(EXPECTED).sort());
});

for (const [file, expected] of Object.entries(EXPECTED)) {
  test(`examples/cluster/${file} has the findings and the addresses that are expected`, () => {
    assert.ok(AGENTS);
    const options = file === 'custom-vnet.json' ? { subnets: new Map([['agents', AGENTS]]) } : {};
    const { findings, definition } = readDefinition(example(file), { file, ...options });
    assert.deepEqual(
      findings.map(({ code, place }) => `${code} ${place.line}:${place.column}`),
      expected.findings,
    );
    const plan = definition && planDocument(planAddresses(definition));
    const nodes = plan?.nodes.map(({ name, nic: { ipConfigs } }) =>
      [name, ipConfigs[0], ipConfigs[1], ipConfigs.at(-1)]
        .map((one) => (typeof one === 'object' ? one.address : one))
        .join(' '),
    );
    assert.deepEqual(nodes ?? [], expected.nodes);
    assert.equal(plan?.apiServer, expected.apiServer);
  });
}
