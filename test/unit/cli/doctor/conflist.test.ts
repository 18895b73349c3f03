import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConflists } from '../../../../src/cli/conflists.ts';
import { checkConflists } from '../../../../src/cli/doctor/conflist.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { codes } from './codes.ts';

const DIRECTORY = '/etc/cni/net.d';
const SHIPPED = readFileSync(
  fileURLToPath(new URL('../../../../conf/10-azure.conflist', import.meta.url)),
  'utf8',
);
const OTHER = JSON.stringify({ cniVersion: '0.4.0', name: 'podman', plugins: [{ type: 'bridge' }] });

/** The shipped configuration with other keys of our plugin. */
function ours(changes: object): string {
  const list = JSON.parse(SHIPPED);
  list.plugins[0] = { ...list.plugins[0], ...changes };
  return JSON.stringify(list);
}

function check(files: Readonly<Record<string, string>>) {
  const world = new FakeWorld();
  world.write(`${DIRECTORY}/.keep`, '');
  for (const [name, text] of Object.entries(files)) world.write(`${DIRECTORY}/${name}`, text);
  return checkConflists({ directory: DIRECTORY, files: readConflists(world.process(), DIRECTORY) });
}

test('checkConflists() finds nothing wrong with what is shipped', () => {
  const checked = check({
    '10-azure.conflist': SHIPPED,
    '87-podman-bridge.conflist': OTHER,
    'readme.txt': 'x',
  });
  assert.deepEqual(codes(checked), []);
  assert.equal(checked.seen, '/etc/cni/net.d/10-azure.conflist is the one that runtimes take');
});

for (const [what, files, expected, mend] of [
  [
    'no configuration',
    {},
    ['error CONFLIST_MISSING'],
    'install -D -m 644 10-azure.conflist /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'only that of others',
    { '87-podman.conflist': OTHER },
    ['error CONFLIST_MISSING'],
    'install -D -m 644 10-azure.conflist /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'another that sorts before',
    { '05-cilium.conflist': OTHER, '10-azure.conflist': SHIPPED },
    ['error CONFLIST_NOT_FIRST'],
    'mv /etc/cni/net.d/05-cilium.conflist /etc/cni/net.d/05-cilium.conflist.disabled',
  ],
  [
    'an unreadable one that sorts before',
    { '05-x.conf': '{', '10-azure.conflist': SHIPPED },
    ['error CONFLIST_INVALID'],
    'vi /etc/cni/net.d/05-x.conf',
  ],
  [
    'an unreadable one that sorts behind',
    { '10-azure.conflist': SHIPPED, '99-x.json': '[]' },
    ['warning CONFLIST_INVALID'],
    'vi /etc/cni/net.d/99-x.json',
  ],
  [
    'one that is not JSON',
    { '10-azure.conflist': SHIPPED.slice(0, -5) },
    ['error CONFLIST_INVALID'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'a value that ADD refuses',
    { '10-azure.conflist': ours({ mode: 'tunnel' }) },
    ['error CONFLIST_REFUSED'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'a value that IPAM refuses',
    { '10-azure.conflist': ours({ ipam: { type: 'azure-vnet-ipam', subnet: '10.240.0.0/33' } }) },
    ['error CONFLIST_REFUSED'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'values that both refuse',
    { '10-azure.conflist': ours({ mode: 'tunnel', ipam: { type: 'azure-vnet-ipam', subnet: 'x' } }) },
    ['error CONFLIST_REFUSED', 'error CONFLIST_REFUSED'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'nothing in the keys of another IPAM plugin',
    { '10-azure.conflist': ours({ ipam: { type: 'host-local', subnet: 'anything' } }) },
    [],
    undefined,
  ],
  [
    'a mistyped key',
    { '10-azure.conflist': ours({ birdge: 'azure1', logLevle: 'debug' }) },
    ['warning CONFLIST_KEY', 'warning CONFLIST_KEY'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'a mistyped key of ipam',
    { '10-azure.conflist': ours({ ipam: { type: 'azure-vnet-ipam', subnett: '10.0.0.0/8' } }) },
    ['warning CONFLIST_KEY'],
    'vi /etc/cni/net.d/10-azure.conflist',
  ],
  [
    'nothing in known keys of any case, and in unknown ones that are like none',
    { '10-azure.conflist': ours({ Master: 'eth0', vnetCidrs: '10.0.0.0/8', enableSnatOnHost: true }) },
    [],
    undefined,
  ],
] as const) {
  test(`checkConflists() finds ${what}`, () => {
    const checked = check(files);
    assert.deepEqual(codes(checked), expected);
    assert.equal(checked.findings[0]?.mend, mend);
  });
}

test('checkConflists() tells all that is wrong with a configuration', () => {
  const { findings } = check({
    '10-azure.conflist': ours({ mode: 'tunnel', bridge: 'a/b', multiTenancy: true }),
  });
  const found = findings[0]?.found ?? '';
  for (const key of ['mode', 'bridge', 'multiTenancy']) assert.match(found, new RegExp(key));
});

test('readConflists() reads at most a megabyte of a file', () => {
  const { findings } = check({ '10-azure.conflist': SHIPPED, '20-big.conf': ' '.repeat(1024 * 1024 + 1) });
  assert.match(findings[0]?.found ?? '', /larger than 1048576 bytes/);
});
