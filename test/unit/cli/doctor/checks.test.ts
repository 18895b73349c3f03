import assert from 'node:assert/strict';
import test from 'node:test';
import { checkStolenAddresses } from '../../../../src/cli/doctor/cloud-init.ts';
import { checkKernel } from '../../../../src/cli/doctor/kernel.ts';
import { checkLog } from '../../../../src/cli/doctor/log.ts';
import { checkManagers } from '../../../../src/cli/doctor/managers.ts';
import { checkPlugins, type PluginFacts } from '../../../../src/cli/doctor/plugins.ts';
import { checkPoolSize, checkSources, type SourceFacts } from '../../../../src/cli/doctor/pool.ts';
import { renderExamination } from '../../../../src/cli/doctor/render.ts';
import { PLAIN } from '../../../../src/cli/style.ts';
import { err, ok } from '../../../../src/sys/result.ts';
import { net, pool } from '../node/facts.ts';
import { codes } from './codes.ts';

test('checkKernel() names each feature that is missing', () => {
  const fine = { nfTables: 'ok', veth: 'ok', bridge: 'ok' };
  assert.deepEqual(codes(checkKernel(fine)), []);
  for (const [key, answer, module] of [
    ['nfTables', 'EOPNOTSUPP for chain prerouting', 'nf_tables'],
    ['veth', 'EOPNOTSUPP', 'veth'],
    ['bridge', 'EPERM', 'bridge'],
  ] as const) {
    const checked = checkKernel({ ...fine, [key]: answer });
    assert.deepEqual(codes(checked), ['error KERNEL_FEATURE']);
    assert.match(checked.findings[0]?.found ?? '', new RegExp(`: ${answer}$`));
    assert.equal(checked.findings[0]?.mend, `modprobe ${module}`);
  }
});

test('checkStolenAddresses() names addresses, interface, file, and how to stop it', () => {
  assert.deepEqual(codes(checkStolenAddresses([], 8)), []);
  const file = '/etc/netplan/50-cloud-init.yaml';
  const stolen = ['10.240.0.5/16', '10.240.0.6/16'].map((text) => ({ net: net(text), link: 'eth0', file }));
  const checked = checkStolenAddresses(stolen, 8);
  assert.deepEqual(codes(checked), ['error POOL_ADDRESS_ON_HOST']);
  const [found] = checked.findings;
  assert.equal(found?.found, `10.240.0.5/16, 10.240.0.6/16 of the pool are on eth0, put there by ${file}`);
  assert.equal(
    found?.mend,
    "echo 'datasource: {Azure: {apply_network_config_for_secondary_ips: false}}' > /etc/cloud/cloud.cfg.d/99-azure-vnet.cfg" +
      ' && sysctl -q -w net/ipv4/conf/eth0/promote_secondaries=1' +
      ' && ip address delete 10.240.0.5/16 dev eth0 && ip address delete 10.240.0.6/16 dev eth0',
  );
  const moved = checkStolenAddresses(
    stolen.map((one) => ({ ...one, link: 'azure0', own: net('10.240.0.4/16') })),
    8,
  );
  assert.match(
    moved.findings[0]?.mend ?? '',
    / dev azure0 && ip route replace 10\.240\.0\.0\/16 dev azure0 proto kernel scope link src 10\.240\.0\.4$/,
  );
});

test('checkStolenAddresses() makes one finding per interface, of bounded length', () => {
  const many = Array.from({ length: 250 }, (_, i) => ({ net: net(`10.240.1.${i}/16`), link: 'eth0' }));
  const checked = checkStolenAddresses([...many, { net: net('10.240.0.9/32'), link: 'azure0' }], 300);
  assert.equal(checked.findings.length, 2);
  assert.match(checked.findings[0]?.found ?? '', / and 242 more of the pool are on eth0$/);
  assert.ok((checked.findings[0]?.mend.length ?? 0) < 600);
  assert.equal(checked.findings[1]?.found, '10.240.0.9/32 of the pool is on azure0');
});

test('checkManagers() warns of one that manages bridge or pods, and notes one that manages the NIC', () => {
  const link = (name: string, role: 'bridge' | 'nic' | 'pod') => ({ name, role, bridge: 'azure0' });
  assert.deepEqual(codes(checkManagers([])), []);
  assert.deepEqual(codes(checkManagers([{ name: 'systemd-networkd', managed: [] }])), []);
  const usual = checkManagers([{ name: 'systemd-networkd', managed: [link('eth0', 'nic')] }]);
  assert.deepEqual(codes(usual), ['warning NIC_MANAGED']);
  assert.equal(
    usual.findings[0]?.mend,
    "mkdir -p /run/systemd/network && printf '[Match]\\nName=eth0 azure0 azv*\\n[Link]\\nUnmanaged=yes\\n' > /run/systemd/network/05-azure-vnet-azure0.network",
  );
  const managed = [link('azure0', 'bridge'), link('azv1', 'pod')];
  const networkd = checkManagers([{ name: 'systemd-networkd', managed }]);
  assert.deepEqual(codes(networkd), ['warning LINK_MANAGED']);
  assert.equal(
    networkd.findings[0]?.mend,
    "printf '[Match]\\nName=azure0 azv*\\n[Link]\\nUnmanaged=yes\\n' > /etc/systemd/network/05-azure-vnet.network && networkctl reload",
  );
  const manager = checkManagers([{ name: 'NetworkManager', managed }]);
  assert.equal(
    manager.findings[0]?.mend,
    "printf '[keyfile]\\nunmanaged-devices=interface-name:azure0;interface-name:azv*\\n' > /etc/NetworkManager/conf.d/99-azure-vnet.conf && systemctl reload NetworkManager",
  );
});

const SPOKEN = ['0.3.0', '0.3.1', '0.4.0', '1.0.0'];
function plugin(type: string, changes: Partial<PluginFacts> = {}): PluginFacts {
  const path = `/opt/cni/bin/${type}`;
  return { type, calledIn: '0.3.0', path, executable: true, identity: '1:1', versions: SPOKEN, ...changes };
}

for (const [what, changed, expected, mend] of [
  ['nothing', plugin('portmap'), [], undefined],
  [
    'a plugin that is missing',
    { type: 'portmap', calledIn: '0.3.0', executable: false, versions: '' } as const,
    ['error PLUGIN_MISSING'],
    'apt-get install containernetworking-plugins && cp /usr/lib/cni/portmap /opt/cni/bin/',
  ],
  [
    'our own that is missing',
    { type: 'azure-vnet-ipam', calledIn: '0.3.0', executable: false, versions: '' } as const,
    ['error PLUGIN_MISSING'],
    'install -m 755 azure-vnet /opt/cni/bin/ && ln -f /opt/cni/bin/azure-vnet /opt/cni/bin/azure-vnet-ipam',
  ],
  [
    'one that is not executable',
    plugin('portmap', { executable: false }),
    ['error PLUGIN_NOT_EXECUTABLE'],
    'chmod 755 /opt/cni/bin/portmap',
  ],
  [
    'one that does not answer',
    plugin('portmap', { versions: 'exit status 1: usage' }),
    ['error PLUGIN_SILENT'],
    'CNI_COMMAND=VERSION /opt/cni/bin/portmap </dev/null',
  ],
  [
    'one that does not speak the version',
    plugin('portmap', { calledIn: '1.1.0' }),
    ['error PLUGIN_VERSION'],
    'install a newer portmap, or set "cniVersion" to "1.0.0", which all plugins speak',
  ],
  [
    'one with which nobody shares a version',
    plugin('portmap', { versions: ['9.0.0'] }),
    ['error PLUGIN_VERSION'],
    'install a newer portmap',
  ],
  [
    'two files where one should be',
    plugin('azure-vnet-ipam', { identity: '1:2' }),
    ['warning IPAM_OTHER_FILE'],
    'ln -f /opt/cni/bin/azure-vnet /opt/cni/bin/azure-vnet-ipam',
  ],
] as const) {
  test(`checkPlugins() finds ${what}`, () => {
    const plugins = ['azure-vnet', 'azure-vnet-ipam', 'portmap'].map((type) =>
      type === changed.type ? changed : plugin(type),
    );
    const checked = checkPlugins({ cniPath: ['/opt/cni/bin', '/usr/lib/cni'], plugins });
    assert.deepEqual(codes(checked), expected);
    assert.equal(checked.findings[0]?.mend, mend);
  });
}

const WIRESERVER = 'http://168.63.129.16/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
function source(changes: Partial<SourceFacts> = {}): SourceFacts {
  const pools = ok([pool().pool]);
  return {
    network: 'azure',
    source: WIRESERVER,
    answer: pools,
    candidates: pools,
    durationMs: 3,
    ...changes,
  };
}

test('checkSources() finds a source that does not answer, and how to look further', () => {
  assert.deepEqual(codes(checkSources([source()])), []);
  assert.deepEqual(codes(checkSources([])), []);
  const silent = checkSources([source({ answer: err('timed out: no answer within 2000 ms') })]);
  assert.deepEqual(codes(silent), ['error SOURCE_UNAVAILABLE']);
  assert.equal(silent.findings[0]?.mend, `ip route get 168.63.129.16 && curl -sS '${WIRESERVER}'`);
  const file = '/etc/kubernetes/interfaces.json';
  const missing = checkSources([source({ source: file, answer: err('open: ENOENT') })]);
  assert.equal(missing.findings[0]?.mend, `ls -l ${file}`);
});

test('checkSources() finds a pool that is not there or has nothing in it', () => {
  const none = checkSources([
    source({ candidates: err('No available address pools: no pool on master "eth9"') }),
  ]);
  assert.deepEqual(codes(none), ['error POOL_NOT_FOUND']);
  const empty = ok([{ ...pool().pool, addresses: [] }]);
  const nothing = checkSources([source({ answer: empty, candidates: empty })]);
  assert.deepEqual(codes(nothing), ['error POOL_EMPTY']);
  assert.match(nothing.findings[0]?.found ?? '', /^no secondary ipconfigs on eth0 in 10\.240\.0\.0\/16$/);
});

test('checkPoolSize() compares with what kubelet allows, where there is a kubelet', () => {
  assert.deepEqual(codes(checkPoolSize({ size: 1, free: 1 }, undefined)), []);
  const facts = { maxPods: 110, from: 'kubelet by default', file: '/etc/kubelet.json' };
  assert.deepEqual(codes(checkPoolSize({ size: 110, free: 1 }, facts)), []);
  const small = checkPoolSize({ size: 30, free: 1 }, facts);
  assert.deepEqual(codes(small), ['warning POOL_SMALL']);
  assert.equal(small.findings[0]?.found, 'the pool has 30 addresses, kubelet by default allows 110 pods');
  assert.match(
    small.findings[0]?.mend ?? '',
    /azure-vnet nic plan .* --count 110; or set maxPods: 30 in \/etc\/kubelet\.json and restart kubelet$/,
  );
  const flag = checkPoolSize({ size: 30, free: 1 }, { maxPods: 110, from: 'kubelet --max-pods' });
  assert.match(
    flag.findings[0]?.mend ?? '',
    /; or set --max-pods=30 in the flags of kubelet and restart kubelet$/,
  );
});

test('checkPoolSize() finds a pool in which the next pod gets nothing', () => {
  const alone = checkPoolSize({ size: 8, free: 0 }, undefined);
  assert.deepEqual(codes(alone), ['warning POOL_USED_UP']);
  assert.match(alone.findings[0]?.mend ?? '', /^azure-vnet gc .* --count 38$/);
  const facts = { maxPods: 8, from: '--max-pods' };
  assert.deepEqual(codes(checkPoolSize({ size: 8, free: 0 }, facts)), [], 'as many pods as kubelet allows');
  const small = checkPoolSize({ size: 8, free: 0 }, { ...facts, maxPods: 9 });
  assert.deepEqual(codes(small), ['warning POOL_USED_UP', 'warning POOL_SMALL']);
  assert.deepEqual(codes(checkPoolSize({ size: 0, free: 0 }, undefined)), [], 'POOL_EMPTY says it');
});

test('checkPoolSize() warns of STATUS where pods may use the whole pool', () => {
  const facts = { maxPods: 30, from: '--max-pods', cniVersion: '1.1.0' } as const;
  const use = { size: 30, free: 30 };
  assert.deepEqual(codes(checkPoolSize(use, { ...facts, cniVersion: '1.0.0' })), []);
  const full = checkPoolSize(use, facts);
  assert.deepEqual(codes(full), ['warning POOL_FULL_NOT_READY']);
  assert.match(full.findings[0]?.mend ?? '', /"1\.0\.0"; or keep one address free: .* --count 31$/);
  const smaller = checkPoolSize({ size: 20, free: 20 }, facts);
  assert.deepEqual(codes(smaller), ['warning POOL_SMALL', 'warning POOL_FULL_NOT_READY']);
  assert.deepEqual(codes(checkPoolSize({ size: 31, free: 31 }, facts)), []);
});

test('checkLog() knows what mends each trouble', () => {
  assert.deepEqual(codes(checkLog(undefined)), []);
  for (const [trouble, mend] of [
    ['ELOOP', 'rm /var/log/azure-vnet.log'],
    ['EISDIR', 'rmdir /var/log/azure-vnet.log'],
    ['ENOENT', 'mkdir -p /var/log'],
    ['EPERM', 'chattr -i -a /var/log/azure-vnet.log'],
    ['EROFS', 'mount -o remount,rw /var/log'],
    ['EIO', 'ls -ld /var/log/azure-vnet.log /var/log && df /var/log'],
  ] as const) {
    const checked = checkLog(trouble);
    assert.deepEqual(codes(checked), ['warning LOG_NOT_WRITABLE']);
    assert.equal(checked.findings[0]?.mend, mend);
  }
});

test('renderExamination() shows what is fine in a line, what is not in three, and a sum', () => {
  const fine = checkPoolSize({ size: 8, free: 2 }, undefined);
  const noted = checkManagers([
    { name: 'NetworkManager', managed: [{ name: 'eth0', role: 'nic', bridge: 'azure0' }] },
  ]);
  const broken = checkKernel({ nfTables: 'ok', veth: 'EOPNOTSUPP', bridge: 'ok' });
  assert.equal(
    renderExamination([fine, noted, broken, checkLog('EROFS')], PLAIN),
    `ok       pool: 2 of 8 addresses are free; no kubelet here, any size will do
ok       network managers: NetworkManager running, bridge and pods left alone
note     NIC_MANAGED: NetworkManager manages eth0, whose addresses azure0 has
         when NetworkManager is restarted it may put the addresses back on eth0; the next ADD takes them off again
         mend: azure-vnet repair
error    KERNEL_FEATURE: the kernel has no veth pairs: EOPNOTSUPP
         no pod can be attached without
         mend: modprobe veth
warning  LOG_NOT_WRITABLE: /var/log/azure-vnet.log cannot be written: EROFS
         the plugin works, but nobody learns what it did
         mend: mount -o remount,rw /var/log

4 checks, 1 error, 1 warning.
`,
  );
  assert.match(renderExamination([fine, noted], PLAIN), /\n\n2 checks, nothing is wrong\.\n$/);
});
