/** The commands for people: install from the released archive, status, docker-exec, uninstall. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import { WINDOWS_TARGET } from '../../../scripts/build/target.ts';
import { archiveOf } from '../../../scripts/release/archive.ts';
import { buildFakeDocker } from '../support/build.ts';
import { NAMESPACE, type WindowsNode } from '../support/node.ts';

const BIN = 'C:\\k\\azure cni\\프로그램';
const CONF = 'C:\\k\\azure cni\\netconf';
const PLACES = ['--bin-dir', BIN, '--conf-dir', CONF];
/** Of a container called `web`, as docker.c makes it. */
const WEB_ID = '752'.repeat(22).slice(0, 64);

export function defineToolTests(node: () => WindowsNode): void {
  /** The archive, unpacked by hand; empty places for what is installed. */
  const unpack = () => {
    node().machine.directory('k');
    const { path } = node().machine.directory('Downloads/azure vnet (1)');
    for (const [name, bytes] of Object.entries(unzipSync(archiveOf(WINDOWS_TARGET)))) {
      writeFileSync(join(path, name), bytes);
    }
    return join(path, 'azure-vnet.exe');
  };
  const onC = (windows: string, name: string) =>
    node().machine.onC(join(windows.slice('C:\\'.length).replaceAll('\\', '/'), name));
  const tool = (program: string, ...args: readonly string[]) =>
    node().machine.run(program, args, { env: node().hns.variable });

  test('install: one file with two names and the configuration; again it changes nothing', async () => {
    const program = unpack();
    const first = await tool(program, 'install', ...PLACES);
    assert.equal(first.status, 0, first.stderr);
    const [vnet, ipam] = ['azure-vnet.exe', 'azure-vnet-ipam.exe'].map((name) => statSync(onC(BIN, name)));
    assert.deepEqual([vnet?.ino === ipam?.ino, vnet?.nlink], [true, 2]);
    assert.ok(existsSync(onC(CONF, '10-azure.conflist')));
    const again = await tool(program, 'install', ...PLACES);
    assert.deepEqual([again.status, again.stdout], [0, 'all was there already\n']);
  });

  test('install: an edited configuration stays, and the installed executable works', async () => {
    const program = unpack();
    assert.equal((await tool(program, 'install', ...PLACES)).status, 0);
    const conflist = onC(CONF, '10-azure.conflist');
    const edited = readFileSync(conflist, 'utf8').replace('"azure0"', '"azure7"');
    writeFileSync(conflist, edited);
    writeFileSync(onC(BIN, 'azure-vnet.exe'), 'an older one');
    assert.equal((await tool(program, 'install', ...PLACES)).status, 0);
    assert.equal(readFileSync(conflist, 'utf8'), edited);
    const installed = onC(BIN, 'azure-vnet.exe');
    assert.match((await tool(installed, '--version')).stdout, /^Azure CNI Version v\d/);
    assert.deepEqual(
      readdirSync(onC(BIN, '.')).filter((name) => /old|new/.test(name)),
      [],
    );
  });

  test('status: what is connected, and what HNS has lost', async () => {
    node().reset();
    const program = unpack();
    assert.equal((await tool(program, 'install', ...PLACES)).status, 0);
    const one = { containerId: '1111111111', netns: `${NAMESPACE}1` };
    assert.equal((await node().call({ ...one, command: 'ADD' })).status, 0);
    const good = await tool(program, 'status', ...PLACES);
    assert.equal(good.status, 0, good.stdout + good.stderr);
    assert.match(good.stdout, /10\.240\.0\.5/);
    node().hns.change({ endpoints: [] });
    const bad = await tool(program, 'status', '--json', ...PLACES);
    assert.equal(bad.status, 1);
    assert.match(JSON.parse(bad.stdout).problems.join(), /11111111-eth0.*is not in HNS/);
  });

  test('docker-exec: a container is made, attached, taken off and removed', async () => {
    node().reset();
    node().hns.change({ systems: [WEB_ID] });
    const program = unpack();
    assert.equal((await tool(program, 'install', ...PLACES)).status, 0);
    const docker = node().machine.directory('Program Files/Docker');
    const containers = node().machine.directory('containers');
    copyFileSync(await buildFakeDocker(), join(docker.path, 'docker.exe'));
    const exec = (action: string, ...more: readonly string[]) =>
      node().machine.run(
        onC(BIN, 'azure-vnet.exe'),
        ['docker-exec', action, '--name', 'web', '--namespace', 'default', ...more, ...PLACES],
        {
          env: { ...node().hns.variable, FAKE_DOCKER: containers.windows, WINEPATH: docker.windows },
        },
      );
    const added = await exec('ADD', '--image', 'nanoserver:ltsc2022');
    assert.equal(added.status, 0, added.stderr);
    assert.equal(JSON.parse(added.stdout).ips[0].address, '10.240.0.5/16');
    assert.deepEqual(node().hns.state().endpoints[0]?.containers, [WEB_ID]);
    const calls = readFileSync(join(containers.path, 'calls'), 'utf8').split('\n');
    assert.ok(
      calls.includes('run --detach --name web --network none nanoserver:ltsc2022 cmd /c ping -t 127.0.0.1'),
      calls.join('\n'),
    );
    const deleted = await exec('DEL', '--remove');
    assert.deepEqual([deleted.status, deleted.stdout], [0, ''], deleted.stderr);
    assert.deepEqual([node().hns.state().endpoints, existsSync(join(containers.path, 'web'))], [[], false]);
  });

  test('uninstall: refused while containers are connected, then nothing is left', async () => {
    node().reset();
    const program = unpack();
    assert.equal((await tool(program, 'install', ...PLACES)).status, 0);
    const one = { containerId: '1111111111', netns: `${NAMESPACE}1` };
    assert.equal((await node().call({ ...one, command: 'ADD' })).status, 0);
    const refused = await tool(program, 'uninstall', ...PLACES);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /1 containers are connected/);
    assert.equal((await node().call({ ...one, command: 'DEL' })).status, 0);
    const done = await tool(program, 'uninstall', ...PLACES);
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(node().hns.state().networks, []);
    assert.deepEqual([readdirSync(onC(BIN, '.')), readdirSync(onC(CONF, '.'))], [[], []]);
    assert.deepEqual(node().records('networks'), []);
  });
}
