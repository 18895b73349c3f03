import assert from 'node:assert/strict';
import test from 'node:test';
import { checkForwarding, checkInternet, type FirewallFacts } from '../../../../src/cli/doctor/firewall.ts';
import { cidr } from '../node/facts.ts';
import { codes } from './codes.ts';

const PAGE_RULE =
  '-A POSTROUTING ! -d 10.0.0.0/8 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 -m addrtype ! --dst-type LOCAL -j MASQUERADE';

function facts(
  changes: Partial<FirewallFacts> = {},
  forward = ['-P FORWARD ACCEPT'],
  nat = [PAGE_RULE],
): FirewallFacts {
  return {
    iptables: [{ program: 'iptables', forward, nat }],
    unasked: [],
    ipForward: '1',
    bridgeNetfilter: '1',
    subnets: [cidr('10.240.0.0/16')],
    bridges: ['azure0'],
    ...changes,
  };
}

function without(key: 'ipForward' | 'bridgeNetfilter'): FirewallFacts {
  const { [key]: _, ...rest } = facts();
  return rest;
}

test('checkForwarding() and checkInternet() find nothing on a healthy node', () => {
  assert.deepEqual(codes(checkForwarding(facts())), []);
  assert.deepEqual(codes(checkInternet(facts())), []);
});

for (const [what, given, expected, mend] of [
  ['ip_forward off', facts({ ipForward: '0' }), 'warning IP_FORWARD_OFF', 'sysctl -w net.ipv4.ip_forward=1'],
  [
    'ip_forward unreadable',
    without('ipForward'),
    'warning IP_FORWARD_OFF',
    'sysctl -w net.ipv4.ip_forward=1',
  ],
  [
    'br_netfilter off',
    facts({ bridgeNetfilter: '0' }),
    'warning BR_NETFILTER_OFF',
    'modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1',
  ],
  [
    'br_netfilter not loaded',
    without('bridgeNetfilter'),
    'warning BR_NETFILTER_OFF',
    'modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1',
  ],
  ['policy DROP', facts({}, ['-P FORWARD DROP']), 'error FORWARD_DROP', 'iptables -P FORWARD ACCEPT'],
  [
    'policy DROP of the other iptables',
    facts({
      iptables: [...facts().iptables, { program: 'iptables-legacy', forward: ['-P FORWARD DROP'], nat: [] }],
    }),
    'error FORWARD_DROP',
    'iptables-legacy -P FORWARD ACCEPT',
  ],
  ['no iptables', facts({ iptables: [] }), 'warning IPTABLES_MISSING', 'apt-get install iptables'],
  [
    'an iptables that fails',
    facts({ iptables: [], unasked: ['iptables -w 5 -S FORWARD: exit status 4: lock'] }),
    'warning IPTABLES_UNASKED',
    'iptables -w 5 -S FORWARD',
  ],
] as const) {
  test(`checkForwarding() finds ${what}`, () => {
    const checked = checkForwarding(given);
    assert.deepEqual(codes(checked), [expected]);
    assert.equal(checked.findings[0]?.mend, mend);
  });
}

test('checkForwarding() takes DROP for less when frames do not pass iptables', () => {
  const { findings } = checkForwarding(facts({ bridgeNetfilter: '0' }, ['-P FORWARD DROP']));
  assert.deepEqual(
    findings.map(({ severity, code }) => `${severity} ${code}`),
    ['warning BR_NETFILTER_OFF', 'warning FORWARD_DROP'],
  );
});

const DROP = '-P FORWARD DROP';
for (const [what, rules, isOpen] of [
  ['everything', ['-A FORWARD -j ACCEPT'], true],
  ['the bridge both ways', ['-A FORWARD -i azure0 -j ACCEPT', '-A FORWARD -o azure0 -j ACCEPT'], true],
  ['what crosses the bridge', ['-A FORWARD -i azure0 -o azure0 -j ACCEPT'], true],
  ['what crosses another bridge', ['-A FORWARD -i docker0 -o docker0 -j ACCEPT'], false],
  ['the bridge one way', ['-A FORWARD -i azure0 -j ACCEPT'], false],
  ['another bridge', ['-A FORWARD -i docker0 -j ACCEPT', '-A FORWARD -o docker0 -j ACCEPT'], false],
  [
    'the subnet both ways',
    ['-A FORWARD -s 10.240.0.0/16 -j ACCEPT', '-A FORWARD -d 10.240.0.0/16 -j ACCEPT'],
    true,
  ],
  [
    'a range around the subnet',
    ['-A FORWARD -s 10.0.0.0/8 -j ACCEPT', '-A FORWARD -d 10.0.0.0/8 -j ACCEPT'],
    true,
  ],
  [
    'a part of the subnet',
    ['-A FORWARD -s 10.240.1.0/24 -j ACCEPT', '-A FORWARD -d 10.240.1.0/24 -j ACCEPT'],
    false,
  ],
  [
    'another subnet',
    ['-A FORWARD -s 172.17.0.0/16 -j ACCEPT', '-A FORWARD -d 172.17.0.0/16 -j ACCEPT'],
    false,
  ],
  ['answers only', ['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'], false],
  ['a jump', ['-A FORWARD -j DOCKER-USER'], false],
] as const) {
  test(`checkForwarding() with policy DROP and a rule that accepts ${what}: ${isOpen ? 'open' : 'closed'}`, () => {
    assert.deepEqual(
      codes(checkForwarding(facts({}, [DROP, ...rules]))),
      isOpen ? [] : ['error FORWARD_DROP'],
    );
  });
}

test('checkForwarding() with policy DROP does not take no network for an open one', () => {
  const none = facts({ subnets: [], bridges: [] }, [DROP]);
  assert.deepEqual(codes(checkForwarding(none)), ['error FORWARD_DROP']);
});

for (const [what, rule, counts] of [
  ['the rule of the deployment page', PAGE_RULE, true],
  ['SNAT of the subnet', '-A POSTROUTING -s 10.240.0.0/16 -j SNAT --to-source 10.240.0.4', true],
  ['a range around the subnet', '-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE', true],
  ['everything but one source', '-A POSTROUTING ! -s 10.0.0.1/32 -j MASQUERADE', true],
  ['ip-masq-agent', '-A IP-MASQ-AGENT -m comment --comment "outbound" -j MASQUERADE', true],
  ['what leaves by the bridge', '-A POSTROUTING -o azure0 -j MASQUERADE', true],
  ['what does not leave by docker0', '-A POSTROUTING ! -o docker0 -j MASQUERADE', true],
  ["Docker's own", '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', false],
  ['one pod', '-A POSTROUTING -s 10.240.0.5/32 -j MASQUERADE', false],
  ['one address without a prefix', '-A POSTROUTING -s 10.240.0.5 -j MASQUERADE', false],
  ['what leaves by another interface', '-A POSTROUTING -o eth1 -j MASQUERADE', false],
  ["portmap's marks", '-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE', false],
  [
    "kube-proxy's marks",
    '-A KUBE-POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully',
    false,
  ],
  ['nothing', '-A POSTROUTING -j RETURN', false],
] as const) {
  test(`checkInternet() ${counts ? 'counts' : 'does not count'} a rule for ${what}`, () => {
    const checked = checkInternet(facts({}, ['-P FORWARD ACCEPT'], ['-P POSTROUTING ACCEPT', rule]));
    assert.deepEqual(codes(checked), counts ? [] : ['warning SNAT_MISSING']);
  });
}

test('checkInternet() advises the rule with the range of the VNet', () => {
  const mendFor = (...subnets: string[]) =>
    checkInternet(facts({ subnets: subnets.map(cidr) }, [], [])).findings[0]?.mend;
  const rule = (range: string) => `azure-vnet snat apply --cidr ${range}`;
  assert.equal(mendFor('10.240.0.0/16'), rule('10.0.0.0/8'));
  assert.equal(mendFor('172.20.0.0/24'), rule('172.16.0.0/12'));
  assert.equal(mendFor('192.168.7.0/24'), rule('192.168.0.0/16'));
  assert.equal(mendFor('172.33.0.0/16'), rule('172.33.0.0/16'));
  assert.equal(mendFor(), rule('10.0.0.0/8'));
});

test('checkInternet() says nothing where iptables cannot be asked', () => {
  assert.deepEqual(codes(checkInternet(facts({ iptables: [] }))), []);
});
