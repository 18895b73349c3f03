import assert from 'node:assert/strict';
import test from 'node:test';
import { snatCommand } from '../../../../src/cli/snat/command.ts';
import { UNIT_PATH } from '../../../../src/cli/snat/unit.ts';
import { runTool } from '../../../../src/cli/tool.ts';
import type { SpawnRequest, SpawnResult } from '../../../../src/sys/sys.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

const RULE =
  '-A POSTROUTING ! -d 10.0.0.0/8 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 ' +
  '-m addrtype ! --dst-type LOCAL -j MASQUERADE\n';

interface Node {
  readonly systemd?: boolean;
  readonly listed?: string;
  readonly legacyListed?: string;
  readonly refuse?: string;
  readonly unit?: string;
  readonly program?: string;
  /** net.bridge.bridge-nf-call-iptables; null while br_netfilter is not loaded. */
  readonly bridgeNetfilter?: '0' | null;
}

const BRIDGE_NETFILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables';

function snat(words: readonly string[], node: Node = {}) {
  const world = new FakeWorld();
  world.write('/proc/self/status', 'Uid:\t0\t0\t0\t0\n');
  world.files.mkdir('/etc/systemd', 0o755);
  world.files.mkdir('/etc/systemd/system', 0o755);
  world.symlink('/proc/self/exe', node.program ?? '/opt/cni/bin/azure-vnet');
  if (node.systemd === true) {
    world.files.mkdir('/run/systemd', 0o755);
    world.files.mkdir('/run/systemd/system', 0o755);
  }
  if (node.unit !== undefined) world.write(UNIT_PATH, node.unit);
  if (node.bridgeNetfilter !== null) world.write(BRIDGE_NETFILTER, `${node.bridgeNetfilter ?? 1}\n`);
  if (node.legacyListed !== undefined) world.write('/proc/net/ip_tables_names', 'nat\n');
  for (const name of [
    'iptables',
    'iptables-restore',
    'iptables-legacy',
    'iptables-legacy-restore',
    'systemctl',
    'modprobe',
  ]) {
    world.write(`/usr/sbin/${name}`, '', 0o755);
  }
  const ran: string[] = [];
  const limitsMs: number[] = [];
  const spawn = ({ argv, stdin, timeoutMs }: SpawnRequest): SpawnResult => {
    limitsMs.push(timeoutMs);
    const command = argv.join(' ').replace('/usr/sbin/', '');
    const ended = (stdout: string) => ({
      status: 0,
      signal: 0,
      stdout,
      stderr: '',
      timedOut: false,
      truncated: false,
    });
    if (command === 'iptables --version') return ended('iptables v1.8.9 (nf_tables)\n');
    if (command === 'iptables -w 5 -t nat -S') return ended(node.listed ?? '');
    if (command === 'iptables-legacy -w 5 -t nat -S') return ended(node.legacyListed ?? '');
    ran.push(stdin === '' ? command : `${command}\n${stdin}`);
    if (node.refuse === command.split(' ')[0]) return { ...ended(''), status: 4, stderr: 'no chance\n' };
    if (command === 'modprobe br_netfilter') world.write(BRIDGE_NETFILTER, '1\n');
    return ended('');
  };
  const sys = world.process({ args: ['azure-vnet', 'snat', ...words], spawn });
  const status = runTool(sys, 'v1', [snatCommand]);
  assert.equal(sys.openDescriptors, 0);
  const unit = world.exists(UNIT_PATH) ? world.read(UNIT_PATH) : undefined;
  return { status, stdout: sys.stdout, stderr: sys.stderr, ran, unit, limitsMs };
}

test('snat apply runs one transaction and says what traffic does', () => {
  const { status, stdout, ran, unit } = snat(['apply', '--cidr', '10.0.0.0/8']);
  assert.equal(status, 0);
  assert.deepEqual(ran, [
    'iptables-restore -w 5 -n\n*nat\n-A POSTROUTING -m iprange ! --dst-range 168.63.129.16 ' +
      '-m addrtype ! --dst-type local ! -d 10.0.0.0/8 -j MASQUERADE\nCOMMIT\n',
  ]);
  assert.match(stdout, /^traffic to 10\.0\.0\.0\/8 keeps the address of the pod/m);
  assert.equal(unit, undefined);
});

test('snat apply takes our rules out of the other iptables', () => {
  const { status, ran } = snat(['apply', '--cidr', '10.0.0.0/8'], { listed: RULE, legacyListed: RULE });
  assert.equal(status, 0);
  assert.deepEqual(ran, [`iptables-legacy-restore -w 5 -n\n*nat\n${RULE.replace('-A', '-D')}COMMIT\n`]);
});

test('snat apply --dry-run prints the transaction and the unit, and runs nothing', () => {
  const words = ['apply', '--cidr=10.0.0.0/8', '--cidr=172.16.0.0/12', '--persist', '--dry-run'];
  const { status, stdout, ran, unit } = snat(words, { systemd: true });
  assert.deepEqual([status, ran, unit], [0, [], undefined]);
  assert.equal(
    stdout,
    `would run iptables-restore -w 5 -n with
  *nat
  :AZURE-VNET-SNAT - [0:0]
  -A AZURE-VNET-SNAT -d 168.63.129.16/32 -j RETURN
  -A AZURE-VNET-SNAT -m addrtype --dst-type LOCAL -j RETURN
  -A AZURE-VNET-SNAT -d 10.0.0.0/8 -j RETURN
  -A AZURE-VNET-SNAT -d 172.16.0.0/12 -j RETURN
  -A AZURE-VNET-SNAT -j MASQUERADE
  -A POSTROUTING -j AZURE-VNET-SNAT
  COMMIT
would write /etc/systemd/system/azure-vnet-snat.service and enable it:
  [Unit]
  Description=Source NAT of azure-vnet pods to the internet
  After=network-pre.target nftables.service iptables.service netfilter-persistent.service ufw.service firewalld.service
  Before=kubelet.service docker.service
  PartOf=nftables.service iptables.service netfilter-persistent.service ufw.service firewalld.service
  ReloadPropagatedFrom=nftables.service iptables.service netfilter-persistent.service ufw.service firewalld.service
  \n  [Service]
  Type=oneshot
  RemainAfterExit=yes
  ExecStart=/opt/cni/bin/azure-vnet snat apply --cidr 10.0.0.0/8 --cidr 172.16.0.0/12
  ExecReload=/opt/cni/bin/azure-vnet snat apply --cidr 10.0.0.0/8 --cidr 172.16.0.0/12
  \n  [Install]
  WantedBy=multi-user.target
`,
  );
});

test('snat apply --persist writes the unit, and enables it where systemd runs', () => {
  const without = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], { listed: RULE });
  assert.deepEqual([without.status, without.ran], [0, []]);
  assert.match(
    without.unit ?? '',
    /^ExecStart=\/opt\/cni\/bin\/azure-vnet snat apply --cidr 10\.0\.0\.0\/8$/m,
  );
  assert.match(without.stdout, /enable it where systemd runs: systemctl enable azure-vnet-snat\.service/);
  const withSystemd = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], { listed: RULE, systemd: true });
  assert.deepEqual(withSystemd.ran, ['systemctl daemon-reload', 'systemctl enable azure-vnet-snat.service']);
});

test('snat apply --persist does nothing when there can be no unit', () => {
  const { status, stderr, ran } = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], {
    program: '/tmp/a b/azure-vnet (deleted)',
  });
  assert.deepEqual([status, ran], [1, []]);
  assert.match(stderr, /plain path of this program .* "\/tmp\/a b\/azure-vnet \(deleted\)"/);
});

test('snat apply without --persist says that a unit for other ranges is there', () => {
  const unit = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], { listed: RULE }).unit ?? '';
  const same = snat(['apply', '--cidr', '10.0.0.0/8'], { listed: RULE, unit });
  assert.doesNotMatch(same.stdout, /unit/);
  const other = snat(['apply', '--cidr', '10.0.0.0/9'], { listed: RULE, unit });
  assert.match(other.stdout, /the unit azure-vnet-snat\.service has other ranges/);
});

test('snat remove removes the rule and the unit for these ranges only', () => {
  const { unit = '' } = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], { listed: RULE });
  const done = snat(['remove', '--cidr', '10.0.0.0/8'], { listed: RULE, unit, systemd: true });
  assert.deepEqual([done.status, done.unit], [0, undefined]);
  assert.deepEqual(done.ran, [
    `iptables-restore -w 5 -n\n*nat\n${RULE.replace('-A', '-D')}COMMIT\n`,
    'systemctl disable azure-vnet-snat.service',
  ]);
  const other = snat(['remove', '--cidr', '172.16.0.0/12'], { listed: RULE, unit });
  assert.deepEqual([other.status, other.unit, other.ran], [0, unit, []]);
  assert.match(
    other.stdout,
    /left alone, for other ranges \(iptables\): a rule for everything but 10\.0\.0\.0\/8/,
  );
  assert.equal(snat(['remove'], { listed: RULE, unit }).unit, undefined);
});

test('snat verify tells the state by its exit status and the difference by a line', () => {
  const good = snat(['verify', '--cidr', '10.0.0.0/8'], { listed: RULE });
  assert.deepEqual([good.status, good.ran], [0, []]);
  for (const [node, said] of [
    [{}, /^iptables: not masqueraded as wanted for 10\.0\.0\.0\/8: there is no such rule$/m],
    [{ listed: RULE + RULE }, /a rule for everything but 10\.0\.0\.0\/8; a rule for everything but/],
    [{ listed: RULE, legacyListed: RULE }, /^iptables-legacy: also has a rule for everything but/m],
    [{ listed: RULE, unit: 'ExecStart=/x snat apply --cidr 10.0.0.0/9\n' }, /service has other ranges$/m],
  ] as const) {
    const { status, stdout, ran } = snat(['verify', '--cidr', '10.0.0.0/8'], node);
    assert.deepEqual([status, ran], [1, []]);
    assert.match(stdout, said);
  }
});

test('snat passes on what iptables refuses', () => {
  const { status, stderr, unit } = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], {
    refuse: 'iptables-restore',
  });
  assert.deepEqual([status, unit], [1, undefined]);
  assert.equal(stderr, 'azure-vnet: iptables-restore -w 5 -n: exit status 4: no chance\n');
});

test('snat refuses nonsense with status 2 and runs nothing', () => {
  for (const [words, said] of [
    [['apply'], 'snat apply needs --cidr RANGE'],
    [['verify'], 'snat verify needs --cidr RANGE'],
    [['apply', '--cidr', '10.0.0.1/8'], '--cidr 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?'],
    [['remove', '--persist'], '--persist goes with apply only'],
  ] as const) {
    const { status, stdout, stderr, ran } = snat(words);
    assert.deepEqual(
      [status, stdout, stderr, ran],
      [2, '', `azure-vnet: ${said}\nazure-vnet snat ${words[0]} --help tells how it is used\n`, []],
    );
  }
});

test('snat apply loads br_netfilter where it is missing, which has the rules meet what crosses the bridge', () => {
  const { status, stdout, stderr, ran } = snat(['apply', '--cidr', '10.0.0.0/8'], { bridgeNetfilter: null });
  assert.deepEqual([status, stderr], [0, '']);
  assert.equal(ran.at(-1), 'modprobe br_netfilter');
  assert.match(stdout, /^ran modprobe br_netfilter: /m);
  assert.doesNotMatch(stdout, /note:/);
});

test('snat apply --dry-run only says that it would load br_netfilter', () => {
  const { stdout, ran } = snat(['apply', '--cidr', '10.0.0.0/8', '--dry-run'], { bridgeNetfilter: null });
  assert.deepEqual(ran, []);
  assert.match(stdout, /^would run modprobe br_netfilter: /m);
});

test('snat apply says why the rules do not meet what crosses the bridge when br_netfilter cannot be loaded', () => {
  const { status, stdout, stderr } = snat(['apply', '--cidr', '10.0.0.0/8'], {
    bridgeNetfilter: null,
    refuse: 'modprobe',
  });
  assert.equal(status, 0);
  assert.match(stderr, /modprobe br_netfilter: exit status 4: no chance/);
  assert.match(stdout, /^note: .* azure-vnet doctor says how/m);
});

test('snat apply leaves br_netfilter off where somebody has switched it off, and says so', () => {
  const { stdout, ran } = snat(['apply', '--cidr', '10.0.0.0/8'], { bridgeNetfilter: '0' });
  assert.equal(ran.length, 1);
  assert.match(stdout, /^note: .* azure-vnet doctor says how/m);
});

test('snat apply gives programs a minute: at a start of the machine they load modules', () => {
  const limits = snat(['apply', '--cidr', '10.0.0.0/8', '--persist'], {
    systemd: true,
    bridgeNetfilter: null,
  }).limitsMs;
  assert.deepEqual([...new Set(limits)], [60_000]);
});
