/** The installer on a node of the lab whose pods run: another version comes, and nobody notices. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Lab, type Vm } from '../../lab/lab.ts';
import { DIST, ROOT } from '../../scripts/build/paths.ts';
import { hostTarget } from '../../scripts/build/target.ts';
import { tar } from '../../scripts/release/tar.ts';
import { assertNoLeftovers } from '../e2e/support/state.ts';
import { assertNothingDropped, pingsEvery5Ms } from '../e2e/support/traffic.ts';
import { SCRIPT } from './support/machine.ts';
import { CNI, makeReleases, NEXT, OURS, plain, sumLine } from './support/releases.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const PLUGIN = '/opt/cni/bin/azure-vnet';
const CONFLIST = '/etc/cni/net.d/10-azure.conflist';

describe('install-cni-plugin.sh on a node with pods', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-upgrade-'));
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    writeReleases(directory);
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 8 });
  });
  after(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const install = (version: string) => vm.mustExec(['sh', SCRIPT, '--from', directory, version, CNI]);

  /** One call of the installed plugin, with the installed configuration, for the namespace `name`. */
  const call = async (command: string, name: string, extra: object = {}) => {
    const { cniVersion, name: network, plugins } = JSON.parse(readFileSync(vm.path(CONFLIST), 'utf8'));
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: `container-${name}`,
      CNI_NETNS: `/run/netns/${name}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
    };
    const stdin = JSON.stringify({ cniVersion, name: network, ...plugins[0], ...extra });
    return await vm.mustExec([PLUGIN], { env, stdin });
  };
  const add = async (name: string) => {
    await vm.addNetns(name);
    return JSON.parse(await call('ADD', name));
  };
  const build = () => readFileSync(vm.path(PLUGIN)).includes('AZURE_VNET_KILL_AT');

  test('installs, and upgrades while calls are under way, without a lost ping', async () => {
    await install(OURS);
    assert.equal(build(), false);
    const result = await add('one');
    const address: string = result.ips[0].address.replace(/\/.*/, '');
    const pings = pingsEvery5Ms(lab.fabric, address, 600);
    let upgraded = false;
    let rounds = 0;
    const churn = async () => {
      while (!upgraded || rounds < 5) {
        await add(`churn${rounds}`);
        await call('DEL', `churn${rounds}`);
        rounds++;
      }
    };
    const calls = churn();
    assert.match(await install(NEXT), /installed azure-vnet azure-vnet-ipam$/m);
    upgraded = true;
    await calls;
    const { sent, received } = await pings;
    assert.deepEqual([sent, received], [600, 600]);
    assert.equal(build(), true, 'the next version is there');
    // What the old version made, the next one knows.
    await call('CHECK', 'one', { cniVersion: '0.4.0', prevResult: { ...result, cniVersion: '0.4.0' } });
    const again = await add('two');
    assert.notEqual(again.ips[0].address, result.ips[0].address);
    for (const name of ['one', 'two']) await call('DEL', name);
    await assertNoLeftovers(vm);
    await assertNothingDropped(lab);
  });

  test('--uninstall waits until the network of the node is given back', async () => {
    const uninstall = () => vm.exec(['sh', SCRIPT, '--uninstall']);
    const refused = await uninstall();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /run \/opt\/cni\/bin\/azure-vnet uninstall first/);
    await vm.mustExec([PLUGIN, 'uninstall']);
    const { status, stderr } = await uninstall();
    assert.deepEqual([status, stderr], [0, '']);
    const left = await vm.mustExec(['find', '/opt/cni', '/etc/cni', '-type', 'f']);
    assert.doesNotMatch(left, /azure/);
  });
});

/** The archives of this build; as the next version the same program with kill points, which are not used. */
function writeReleases(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [path, content] of makeReleases()) {
    if (path.startsWith(`/${OURS}/`) || path.startsWith(`/${CNI}/`)) {
      writeFileSync(join(directory, basename(path)), content);
    }
  }
  const name = `azure-vnet-cni-${hostTarget()}-${NEXT}.tgz`;
  const archive = gzipSync(
    tar(
      [
        { ...plain('10-azure.conflist', readFileSync(join(ROOT, 'conf/10-azure.conflist'))), mode: 0o644 },
        plain('azure-vnet', readFileSync(join(DIST, 'test/azure-vnet'))),
        { kind: 'link', name: 'azure-vnet-ipam', mode: 0o755, target: 'azure-vnet' },
      ],
      0,
    ),
  );
  writeFileSync(join(directory, name), archive);
  writeFileSync(join(directory, 'SHA256SUMS'), sumLine(name, archive), { flag: 'a' });
}
