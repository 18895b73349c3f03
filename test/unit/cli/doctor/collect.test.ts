import assert from 'node:assert/strict';
import test from 'node:test';
import { collectFirewall } from '../../../../src/cli/doctor/collect-firewall.ts';
import { collectManagers } from '../../../../src/cli/doctor/collect-managers.ts';
import { collectPlugins } from '../../../../src/cli/doctor/collect-plugins.ts';
import { maxPodsOf } from '../../../../src/cli/doctor/collect-pool.ts';
import { examine } from '../../../../src/cli/doctor/examine.ts';
import { logTrouble } from '../../../../src/cli/doctor/log.ts';
import { processesNamed } from '../../../../src/cli/doctor/processes.ts';
import { parseConfList } from '../../../../src/cni/runtime/conflist.ts';
import { OperationLog } from '../../../../src/state/oplog.ts';
import { LOG_PATH } from '../../../../src/state/paths.ts';
import type { SpawnRequest, SpawnResult } from '../../../../src/sys/sys.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { node } from '../node/facts.ts';

const ENDED: SpawnResult = {
  status: 0,
  signal: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
};

function withProcess(world: FakeWorld, pid: number, ...argv: string[]): void {
  const name = (argv[0] ?? '').split('/').at(-1) ?? '';
  world.write(`/proc/${pid}/comm`, `${name.slice(0, 15)}\n`);
  world.write(`/proc/${pid}/cmdline`, `${argv.join('\0')}\0`);
}

test('processesNamed() finds processes by the 15 characters that the kernel keeps', () => {
  const world = new FakeWorld();
  withProcess(world, 1, '/sbin/init');
  withProcess(world, 300, '/lib/systemd/systemd-networkd', '--x');
  world.write('/proc/self/comm', 'systemd-network\n');
  assert.deepEqual(processesNamed(world.process(), 'systemd-networkd'), [
    ['/lib/systemd/systemd-networkd', '--x'],
  ]);
  assert.deepEqual(processesNamed(world.process(), 'kubelet'), []);
  assert.deepEqual(processesNamed(new FakeWorld().process(), 'kubelet'), []);
});

const CONFIG = '/var/lib/kubelet/config.yaml';

for (const [what, argv, config, expected] of [
  ['no kubelet', undefined, undefined, undefined],
  [
    'its default',
    ['/usr/bin/kubelet'],
    undefined,
    { maxPods: 110, from: 'kubelet by default', file: CONFIG },
  ],
  ['its flag', ['kubelet', '--max-pods=30'], 'maxPods: 50\n', { maxPods: 30, from: 'kubelet --max-pods' }],
  [
    'its flag in two words',
    ['kubelet', '--max-pods', '31'],
    undefined,
    { maxPods: 31, from: 'kubelet --max-pods' },
  ],
  [
    'that of a flag given twice the last counts',
    ['kubelet', '--max-pods=30', '--max-pods=32'],
    undefined,
    { maxPods: 32, from: 'kubelet --max-pods' },
  ],
  [
    'its file as JSON',
    ['kubelet'],
    '{"kind": "KubeletConfiguration", "maxPods": 52}',
    { maxPods: 52, from: CONFIG, file: CONFIG },
  ],
  ['its file', ['kubelet'], 'x: 1\nmaxPods: 50\n', { maxPods: 50, from: CONFIG, file: CONFIG }],
  [
    'the file of a kubelet that is down',
    undefined,
    'maxPods: 51\n',
    { maxPods: 51, from: CONFIG, file: CONFIG },
  ],
] as const) {
  test(`maxPodsOf() knows ${what}`, () => {
    const world = new FakeWorld();
    if (argv !== undefined) withProcess(world, 77, ...argv);
    if (config !== undefined) world.write(CONFIG, config);
    assert.deepEqual(maxPodsOf(world.process()), expected);
  });
}

test('maxPodsOf() reads the file that kubelet was told', () => {
  const world = new FakeWorld();
  withProcess(world, 77, 'kubelet', '--config=/etc/kubelet.yaml');
  world.write('/etc/kubelet.yaml', 'maxPods: 60\n');
  assert.deepEqual(maxPodsOf(world.process()), {
    maxPods: 60,
    from: '/etc/kubelet.yaml',
    file: '/etc/kubelet.yaml',
  });
});

test('collectManagers() reads what the managers keep of our links', () => {
  const world = new FakeWorld();
  const read = () => collectManagers(world.process(), node());
  world.write('/run/systemd/netif/links/2', 'ADMIN_STATE=configured\n');
  assert.deepEqual(read(), [], 'what is left of a manager that does not run');
  withProcess(world, 200, '/lib/systemd/systemd-networkd');
  withProcess(world, 201, '/usr/sbin/NetworkManager');
  world.write('/run/systemd/netif/links/3', '# x\nADMIN_STATE=unmanaged\n');
  world.write('/run/systemd/netif/links/99', 'ADMIN_STATE=configured\n');
  world.write('/run/NetworkManager/devices/3', '[device]\nmanaged=true\n');
  world.write('/run/NetworkManager/devices/10', '[device]\nmanaged=false\n');
  assert.deepEqual(read(), [
    { name: 'NetworkManager', managed: [{ name: 'azure0', role: 'bridge', bridge: 'azure0' }] },
    { name: 'systemd-networkd', managed: [{ name: 'eth0', role: 'nic', bridge: 'azure0' }] },
  ]);
  world.write('/run/systemd/network/05-azure-vnet-azure0.network', '[Link]\nUnmanaged=yes\n');
  assert.deepEqual(read()[1], { name: 'systemd-networkd', managed: [] }, 'it has been told');
});

function firewall(options: {
  readonly programs: readonly string[];
  readonly version?: string;
  readonly legacyTables?: string;
}) {
  const world = new FakeWorld();
  for (const name of options.programs) world.write(`/usr/sbin/${name}`, '', 0o755);
  if (options.legacyTables !== undefined) world.write('/proc/net/ip_tables_names', options.legacyTables);
  world.write('/proc/sys/net/ipv4/ip_forward', '1\n');
  const ran: string[] = [];
  const sys = world.process({
    spawn: ({ argv }) => {
      const line = argv.join(' ').replace('/usr/sbin/', '');
      ran.push(line);
      if (line.endsWith('--version')) return { ...ENDED, stdout: `iptables v1.8.9 (${options.version})\n` };
      return {
        ...ENDED,
        stdout: line.endsWith('FORWARD') ? '-P FORWARD ACCEPT\n' : '-P POSTROUTING ACCEPT\n',
      };
    },
  });
  return { facts: collectFirewall(sys, node()), ran };
}

test('collectFirewall() asks the iptables that is used', () => {
  const { facts, ran } = firewall({ programs: ['iptables', 'iptables-legacy'], version: 'nf_tables' });
  assert.deepEqual(ran, ['iptables --version', 'iptables -w 5 -S FORWARD', 'iptables -w 5 -t nat -S']);
  assert.deepEqual(facts.iptables, [
    { program: 'iptables', forward: ['-P FORWARD ACCEPT'], nat: ['-P POSTROUTING ACCEPT'] },
  ]);
  assert.deepEqual([facts.ipForward, facts.bridgeNetfilter], ['1', undefined]);
});

test('collectFirewall() asks both iptables where both have rules', () => {
  const names = (given: Parameters<typeof firewall>[0]) =>
    firewall(given).facts.iptables.map(({ program }) => program);
  const both = { programs: ['iptables', 'iptables-legacy', 'iptables-nft'] };
  assert.deepEqual(names({ ...both, version: 'nf_tables', legacyTables: 'nat\nfilter\n' }), [
    'iptables',
    'iptables-legacy',
  ]);
  assert.deepEqual(names({ ...both, version: 'legacy', legacyTables: 'filter\n' }), [
    'iptables',
    'iptables-nft',
  ]);
});

test('collectFirewall() does not make the tables of a legacy iptables by asking for them', () => {
  const { facts, ran } = firewall({
    programs: ['iptables', 'iptables-nft'],
    version: 'legacy',
    legacyTables: '',
  });
  assert.deepEqual(
    facts.iptables.map(({ program }) => program),
    ['iptables-nft'],
  );
  assert.equal(
    ran.some((line) => line.startsWith('iptables -w')),
    false,
  );
});

test('collectFirewall() finds no iptables', () => {
  const { facts, ran } = firewall({ programs: [] });
  assert.deepEqual([facts.iptables, facts.unasked, ran], [[], [], []]);
});

test('collectPlugins() asks every plugin of the chain, its IPAM and loopback for their versions', () => {
  const world = new FakeWorld();
  world.write('/a/azure-vnet', '', 0o755);
  world.write('/b/portmap', '', 0o755);
  world.write('/b/loopback', '', 0o644);
  const asked: SpawnRequest[] = [];
  const sys = world.process({
    spawn: (request) => {
      asked.push(request);
      const stdout =
        request.argv[0] === '/a/azure-vnet' ? '{"supportedVersions":["0.3.0","1.0.0"]}' : 'usage';
      return { ...ENDED, status: stdout === 'usage' ? 3 : 0, stdout };
    },
  });
  const list = parseConfList(
    '{"name":"azure","cniVersion":"1.0.0","plugins":[{"type":"azure-vnet","ipam":{"type":"azure-vnet-ipam"}},{"type":"portmap"}]}',
  );
  assert.ok(list.ok);
  const { plugins } = collectPlugins(sys, list.value, ['/a', '/b']);
  const [vnet, ipam, portmap, loopback, ...rest] = plugins;
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [vnet?.path, vnet?.versions, vnet?.calledIn],
    ['/a/azure-vnet', ['0.3.0', '1.0.0'], '1.0.0'],
  );
  assert.deepEqual([ipam?.type, ipam?.path], ['azure-vnet-ipam', undefined]);
  assert.deepEqual([portmap?.path, portmap?.versions], ['/b/portmap', 'exit status 3: usage']);
  assert.deepEqual([loopback?.executable, loopback?.calledIn], [false, '0.3.1']);
  assert.deepEqual(
    asked.map(({ argv, env, stdin }) => [argv, env.CNI_COMMAND, stdin]),
    [
      [['/a/azure-vnet'], 'VERSION', '{"cniVersion":"1.0.0"}'],
      [['/b/portmap'], 'VERSION', '{"cniVersion":"1.0.0"}'],
    ],
  );
});

test('logTrouble() opens the log as the plugin does and makes none', () => {
  const trouble = (prepare: (world: FakeWorld) => void) => {
    const world = new FakeWorld();
    prepare(world);
    const before = world.list('/var/log');
    const sys = world.process();
    const found = logTrouble(sys);
    assert.deepEqual(world.list('/var/log'), before);
    assert.equal(sys.openDescriptors, 0);
    return found;
  };
  assert.equal(
    trouble(() => undefined),
    undefined,
  );
  assert.equal(
    trouble((world) => world.write(LOG_PATH, '')),
    undefined,
  );
  assert.equal(
    trouble((world) => world.symlink(LOG_PATH, '/etc/passwd')),
    'ELOOP',
  );
  assert.equal(
    trouble((world) => world.files.mkdir(LOG_PATH, 0o755)),
    'EISDIR',
  );
  assert.equal(
    trouble((world) => world.files.rmdir('/var/log')),
    'ENOENT',
  );
});

test('examine() says one thing only to who is not root', () => {
  const world = new FakeWorld();
  world.write('/proc/self/status', 'Uid:\t1000\t1000\t1000\t1000\n');
  const sys = world.process();
  const checks = examine({ sys, log: new OperationLog(sys) }, { conflistDirectory: '/x', cniPath: ['/y'] });
  assert.deepEqual(
    checks.map(({ findings }) => findings.map(({ code }) => code)),
    [['NOT_ROOT']],
  );
});
