import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import type { HnsAnswer } from '../../../src/sys/windows.ts';
import { NAMESPACE, WindowsMachine } from './machine.ts';

const ID = '00000000-0000-4000-8000-000000000001';

/** JSON that looks like an answer here and there. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      16,
      -1,
      '',
      'x',
      ID,
      `{${ID}}`,
      'azure',
      'c0ffee12-eth0',
      '10.240.0.5',
      'L2Bridge',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'Success',
        'Error',
        'Output',
        'ID',
        'Name',
        'Type',
        'VirtualNetwork',
        'HostComputeNetwork',
        'HostComputeNamespace',
        'SharedContainers',
        'IPAddress',
        'PrefixLength',
        'IpConfigurations',
        'Routes',
        'NextHop',
        'Subnets',
        'Ipams',
        'Major',
        'Minor',
        'MacAddress',
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
}));

const answer: fc.Arbitrary<HnsAnswer> = fc.record({
  hresult: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(1, 0x80070490, 0x803b0002, 0x80004005) },
  ),
  call: fc.constant('Hcn'),
  text: fc.oneof(
    { weight: 5, arbitrary: value.map((json) => JSON.stringify(json)) },
    { weight: 2, arbitrary: value.map((json) => JSON.stringify({ Success: true, Output: json })) },
    { weight: 1, arbitrary: fc.constantFrom('', '{', '\u0000', 'null', '['.repeat(500)) },
  ),
  error: fc.oneof(
    fc.constant(''),
    fc.string(),
    value.map((json) => JSON.stringify(json)),
  ),
});

test('whatever HNS answers, a call ends with success or an error that is no defect', () => {
  const netns = fc.constantFrom('none', NAMESPACE, 'container:feedface00000000');
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 8 }), netns, (answers, where) => {
      const vm = new WindowsMachine();
      let calls = 0;
      const next = () => answers[calls++ % answers.length];
      Object.assign(vm.hns, {
        hnsCall: next,
        hcsModify: next,
        hcnEnumerate: next,
        hcnQuery: next,
        hcnCreateNetwork: next,
        hcnCreateEndpoint: next,
        hcnModify: next,
        hcnDelete: next,
      });
      for (const command of ['ADD', 'CHECK', 'ADD', 'STATUS', 'DEL', 'GC']) {
        const { status, document } = vm.run({ command, netns: where });
        assert.notEqual(document?.code, 999, `${command}: ${JSON.stringify(document)}`);
        if (status !== 0)
          assert.ok(typeof document?.msg === 'string' && !document.msg.includes('\n'), command);
      }
      assert.ok(calls < 2000, `${calls} calls to HNS`);
    }),
    { numRuns: Number(process.env.AZURE_VNET_RUNS ?? 300) },
  );
});
