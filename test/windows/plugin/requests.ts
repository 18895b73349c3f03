/** What HNS is told to do by ADD and DEL, byte for byte, against test/windows/fixtures/requests.json. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../../scripts/build/paths.ts';
import { CONFIG, type WindowsNode } from '../support/node.ts';

interface RequestCase {
  readonly name: string;
  readonly containerId: string;
  readonly netns: string;
  readonly args?: string;
  readonly config: object;
  readonly add: readonly (readonly unknown[])[];
  readonly del: readonly (readonly unknown[])[];
}

const FIXTURE = join(ROOT, 'test/windows/fixtures/requests.json');
/** The others only ask, open and close. */
const TELLING = /^(HNSCall (POST|DELETE)|Hcn(Create|Modify|Delete)|HcsModify)/;

export function defineRequestTests(node: () => WindowsNode): void {
  const { cases }: { readonly cases: readonly RequestCase[] } = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  for (const { name, add, del, config, ...container } of cases) {
    test(`requests, ${name}`, async () => {
      const { hns } = node();
      node().reset();
      hns.change({ adapters: ['Ethernet', '이더넷 2 (내부)'], systems: [container.containerId] });
      const call = { ...container, config: { ...CONFIG, ...config } };
      const added = await node().call({ ...call, command: 'ADD' });
      assert.equal(added.status, 0, added.stdout);
      const [network, endpoint] = [hns.state().networks[0]?.id ?? '', hns.state().endpoints[0]?.id ?? ''];
      const told = () =>
        hns
          .calls()
          .filter((one) => TELLING.test([one.call, ...one.arguments].join(' ')))
          .map((one) => [one.call, ...one.arguments]);
      const expected = (requests: RequestCase['add']) =>
        requests.map((request) =>
          request.map((part) =>
            (typeof part === 'string' ? part : JSON.stringify(part))
              .replaceAll('<network>', network)
              .replaceAll('<endpoint>', endpoint),
          ),
        );
      assert.deepEqual(told(), expected(add));
      hns.forgetCalls();
      const deleted = await node().call({ ...call, command: 'DEL' });
      assert.deepEqual([deleted.status, deleted.stdout, deleted.stderr], [0, '', '']);
      assert.deepEqual(told(), expected(del));
      assert.deepEqual(hns.state().endpoints, []);
    });
  }
}
