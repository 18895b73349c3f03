import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { planNic, type Wanted } from '../../../../src/cli/nic/plan.ts';
import { type Cidr, cidrContains, formatCidr, networkOf, parseCidr } from '../../../../src/net/cidr.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../../src/net/ipv4.ts';

function cidr(text: string): Cidr {
  return parseCidr(text) ?? assert.fail(text);
}

function address(text: string): Ipv4 {
  return parseIpv4(text) ?? assert.fail(text);
}

const plan = (changes: Partial<Wanted>) =>
  planNic({ nic: 'nic', resourceGroup: 'rg', count: 30, ...changes });

function problem(changes: Partial<Wanted>): string {
  const planned = plan(changes);
  return planned.ok ? assert.fail('it is accepted') : planned.error;
}

test('planNic() numbers ipconfigs after the primary one and carries addresses into the next octet', () => {
  const planned = plan({ count: 3, start: address('10.0.0.254'), subnet: cidr('10.0.0.0/16') });
  assert.ok(planned.ok);
  assert.deepEqual(planned.value.secondaries, [
    { name: 'ipconfig2', address: '10.0.0.254' },
    { name: 'ipconfig3', address: '10.0.0.255' },
    { name: 'ipconfig4', address: '10.0.1.0' },
  ]);
  assert.deepEqual(planned.value.remarks, []);
});

test('planNic() accepts 255 beside the primary one, tells of more than 250, and refuses 256', () => {
  const most = plan({ count: 255 });
  assert.ok(most.ok);
  assert.match(most.value.remarks.join(), /supports 250 pods on a VM; 5 addresses are spare/);
  assert.ok(plan({ count: 250, subnet: cidr('10.0.0.0/24') }).ok);
  assert.equal(
    problem({ count: 256 }),
    "--count 256 is more than a NIC takes: 256 addresses, one of them the VM's own, so 255 at most",
  );
});

test('planNic() refuses more than the subnet holds beside the five that Azure keeps', () => {
  for (const [subnet, most] of [
    ['10.0.0.0/29', 2],
    ['10.0.0.32/27', 26],
    ['10.0.0.0/24', 250],
  ] as const) {
    assert.ok(plan({ count: most, subnet: cidr(subnet) }).ok);
    const said = problem({ count: most + 1, subnet: cidr(subnet) });
    assert.match(
      said,
      new RegExp(`^--count ${most + 1} is more than ${subnet} holds: .* so ${most} at most$`),
    );
  }
  assert.equal(
    problem({ count: 1, subnet: cidr('10.0.0.0/30') }),
    '--subnet 10.0.0.0/30: Azure has no subnet smaller than /29',
  );
});

test('planNic() refuses static addresses that Azure keeps or that are not in the subnet', () => {
  const subnet = cidr('10.0.1.0/24');
  const refused = (start: string, count: number) => problem({ start: address(start), count, subnet });
  const usable = 'usable are 10.0.1.4 to 10.0.1.254';
  assert.equal(refused('10.0.1.3', 1), `--start 10.0.1.3 is kept by Azure in 10.0.1.0/24; ${usable}`);
  assert.equal(refused('10.0.2.4', 1), `--start 10.0.2.4 is not in 10.0.1.0/24; ${usable}`);
  assert.equal(
    refused('10.0.1.255', 1),
    `--start: 1 addresses from 10.0.1.255 end at 10.0.1.255, outside 10.0.1.0/24; ${usable}`,
  );
  assert.equal(
    refused('10.0.1.240', 16),
    `--start: 16 addresses from 10.0.1.240 end at 10.0.1.255, outside 10.0.1.0/24; ${usable}`,
  );
  assert.ok(plan({ start: address('10.0.1.240'), count: 15, subnet }).ok);
  assert.match(problem({ start: address('255.255.255.250'), count: 7 }), /go beyond 255\.255\.255\.255/);
});

test('planNic(): what is planned fits: distinct names, consecutive usable addresses, within the limits', () => {
  const wanted = fc.record({
    base: fc.integer({ min: 0, max: 0xffffffff }),
    prefixBits: fc.integer({ min: 0, max: 32 }),
    offset: fc.integer({ min: 0, max: 600 }),
    count: fc.integer({ min: 1, max: 300 }),
  });
  let accepted = 0;
  fc.assert(
    fc.property(wanted, ({ base, prefixBits, offset, count }) => {
      const subnet = networkOf({ address: base as Ipv4, prefixBits });
      const start = Math.min(subnet.base + offset, 0xffffffff) as Ipv4;
      const planned = plan({ subnet, start, count });
      if (!planned.ok) return assert.match(planned.error, /^--(count|start|subnet)[: ]/);
      accepted++;
      const addresses = planned.value.secondaries.map((one) => address(one.address ?? ''));
      assert.equal(new Set(planned.value.secondaries.map(({ name }) => name)).size, count);
      assert.deepEqual(
        addresses,
        Array.from({ length: count }, (_, index) => start + index),
      );
      for (const each of addresses) {
        assert.ok(cidrContains(subnet, each), `${formatIpv4(each)} in ${formatCidr(subnet)}`);
        assert.ok(each - subnet.base >= 4 && each !== subnet.base + 2 ** (32 - prefixBits) - 1);
      }
      assert.ok(count + 1 <= Math.min(256, 2 ** (32 - prefixBits) - 5));
    }),
    { numRuns: 500 },
  );
  assert.ok(accepted > 50, String(accepted));
});
