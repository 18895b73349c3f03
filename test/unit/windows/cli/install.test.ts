import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runTool } from '../../../../src/cli/tool.ts';
import { WINDOWS_COMMANDS } from '../../../../src/cli/windows/commands.ts';
import type { SpawnRequest, SpawnResult } from '../../../../src/sys/sys.ts';
import type { FakeCall, ProcessOptions } from '../../../support/fake-sys.ts';
import { STATE, WindowsMachine } from '../machine.ts';

const UNPACKED = 'c:/temp/unpacked';
const [BIN, CONF] = ['c:/cni/bin', 'c:/cni/netconf'];
const TARGET = `${CONF}/10-azure.conflist`;
const CONFLIST = readFileSync(new URL('../../../../conf/windows/10-azure.conflist', import.meta.url), 'utf8');
const GOOD: SpawnResult = {
  status: 0,
  signal: 0,
  stdout: '{"cniVersion":"1.1.0","supportedVersions":["1.0.0"]}',
  stderr: '',
  timedOut: false,
  truncated: false,
};

function machine(program = 'program 1', conflist = '{"conflist":1}'): WindowsMachine {
  const vm = new WindowsMachine();
  unpack(vm, program, conflist);
  return vm;
}

function unpack(vm: WindowsMachine, program: string, conflist: string): void {
  vm.executable = `${UNPACKED}/azure-vnet.exe`;
  vm.world.write(vm.executable, program);
  vm.world.write(`${UNPACKED}/10-azure.conflist`, conflist);
}

function tool(vm: WindowsMachine, words: readonly string[], options: ProcessOptions = {}) {
  const process = vm.world.process({ args: [vm.executable, ...words], spawn: () => GOOD, ...options });
  const status = runTool(vm.windows(process), 'v9.8.7', WINDOWS_COMMANDS);
  return { status, stdout: process.stdout, stderr: process.stderr, calls: process.calls };
}

function isPrinting({ name, args }: FakeCall): boolean {
  return name === 'write' && (args[0] === 1 || args[0] === 2);
}

/** Content of every file under c:\cni, by path; the program under both names. */
function files(vm: WindowsMachine): Record<string, string> {
  const found: Record<string, string> = {};
  for (const directory of [BIN, CONF]) {
    for (const name of vm.world.list(directory))
      found[`${directory}/${name}`] = vm.world.read(`${directory}/${name}`);
  }
  return found;
}

test('install puts one file under two names and the configuration; a second time it does nothing', () => {
  const vm = machine();
  const first = tool(vm, ['install']);
  assert.deepEqual([first.status, first.stderr], [0, '']);
  assert.match(first.stdout, /installed azure-vnet\.exe azure-vnet-ipam\.exe to c:\\cni\\bin/);
  assert.deepEqual(files(vm), {
    [`${BIN}/.azure-vnet-cni.conflist`]: '{"conflist":1}',
    [`${BIN}/azure-vnet.exe`]: 'program 1',
    [`${BIN}/azure-vnet-ipam.exe`]: 'program 1',
    [TARGET]: '{"conflist":1}',
  });
  const inode = (name: string) => vm.world.files.stat(`${BIN}/${name}`, false).inode;
  assert.equal(inode('azure-vnet.exe'), inode('azure-vnet-ipam.exe'));
  assert.equal(tool(vm, ['install']).stdout, 'all was there already\n');
});

test('install takes other directories, and refuses those that are none', () => {
  const vm = machine();
  assert.equal(tool(vm, ['install', '--bin-dir', 'D:\\a\\b\\', '--conf-dir=d:/c']).status, 0);
  assert.ok(vm.world.exists('/a/b/azure-vnet.exe') && vm.world.exists('/c/10-azure.conflist'));
  for (const path of ['bin', '..\\bin', 'c:\\a\\..\\b'])
    assert.equal(tool(vm, ['install', '--bin-dir', path]).status, 2);
});

test('install replaces programs and an untouched configuration, and leaves an edited one', () => {
  const vm = machine();
  tool(vm, ['install']);
  unpack(vm, 'program 2', '{"conflist":2}');
  assert.equal(tool(vm, ['install']).status, 0);
  assert.equal(vm.world.read(`${BIN}/azure-vnet-ipam.exe`), 'program 2');
  assert.equal(vm.world.read(TARGET), '{"conflist":2}');
  assert.deepEqual(
    vm.world.list(BIN).filter((name) => name.includes('old')),
    [],
  );
  vm.world.write(TARGET, '{"mine":true}');
  unpack(vm, 'program 3', '{"conflist":3}');
  assert.match(
    tool(vm, ['install']).stdout,
    /was edited and is left as it is; the new one is .*conflist\.new/,
  );
  assert.equal(vm.world.read(TARGET), '{"mine":true}');
  assert.equal(vm.world.read(`${TARGET}.new`), '{"conflist":3}');
});

test('install keeps what is in use under another name, and the next one removes it', () => {
  const vm = machine();
  tool(vm, ['install']);
  unpack(vm, 'program 2', '{"conflist":1}');
  const inUse = tool(vm, ['install'], {
    fault: ({ name, args }) =>
      name === 'unlink' && String(args[0]).includes('.old-') ? 'EACCES' : undefined,
  });
  assert.equal(inUse.status, 0);
  assert.equal(vm.world.list(BIN).filter((name) => name.includes('.old-')).length, 2);
  tool(vm, ['install']);
  assert.deepEqual(
    vm.world.list(BIN).filter((name) => name.includes('.old-')),
    [],
  );
});

test('install changes nothing when the new program does not answer', () => {
  const vm = machine();
  tool(vm, ['install']);
  const before = files(vm);
  unpack(vm, 'program 2', '{"conflist":2}');
  const done = tool(vm, ['install'], { spawn: () => ({ ...GOOD, status: 3, stdout: '' }) });
  assert.match(done.stderr, /does not answer to VERSION: exit status 3; what was there is as it was/);
  assert.deepEqual([done.status, files(vm)], [1, before]);
});

test('install puts everything back when any call before the configuration is refused', () => {
  const calls = (() => {
    const vm = machine();
    tool(vm, ['install']);
    unpack(vm, 'program 2', '{"conflist":2}');
    return tool(vm, ['install']).calls;
  })();
  assert.ok(calls > 40);
  for (let number = 1; number <= calls; number++) {
    const vm = machine();
    tool(vm, ['install']);
    const before = files(vm);
    unpack(vm, 'program 2', '{"conflist":2}');
    const done = tool(vm, ['install'], {
      fault: (call) => (call.number === number && !isPrinting(call) ? 'ENOSPC' : undefined),
    });
    if (done.status === 0) continue;
    const after = files(vm);
    const programs = ['azure-vnet.exe', 'azure-vnet-ipam.exe'].map((name) => after[`${BIN}/${name}`]);
    assert.ok(
      new Set(programs).size === 1 && programs[0] === 'program 1',
      `${number}: ${JSON.stringify(after)}`,
    );
    assert.equal(after[TARGET], before[TARGET], String(number));
    assert.deepEqual(
      Object.keys(after).filter((path) => /new-|old-/.test(path)),
      [],
      String(number),
    );
  }
});

test('install --dry-run says what it would do, and without the archive what is missing', () => {
  const vm = machine();
  assert.match(tool(vm, ['install', '--dry-run']).stdout, /would install .* to c:\\cni\\bin/);
  assert.deepEqual(files(vm), {});
  vm.world.files.unlink(`${UNPACKED}/10-azure.conflist`);
  const done = tool(vm, ['install']);
  assert.match(done.stderr, /there is no c:\\temp\\unpacked\\10-azure\.conflist/);
});

test('uninstall removes configuration, network, state and programs', () => {
  const vm = machine();
  tool(vm, ['install']);
  vm.add();
  vm.del();
  const dry = tool(vm, ['uninstall', '--dry-run']);
  assert.match(dry.stdout, /would remove network azure of HNS/);
  assert.equal(vm.hns.networks.length, 1);
  const done = tool(vm, ['uninstall']);
  assert.deepEqual([done.status, done.stderr], [0, '']);
  assert.deepEqual([files(vm), vm.hns.networks, vm.world.exists(STATE)], [{}, [], false]);
  assert.equal(tool(vm, ['uninstall']).status, 0);
});

test('uninstall is refused while containers are connected, unless forced', () => {
  const vm = machine();
  tool(vm, ['install']);
  vm.add();
  const refused = tool(vm, ['uninstall']);
  assert.match(refused.stderr, /1 containers are connected \(c0ffee123456\); drain the node, or use --force/);
  assert.ok(vm.world.exists(TARGET));
  assert.equal(tool(vm, ['uninstall', '--force']).status, 0);
  assert.deepEqual([vm.hns.endpoints, vm.hns.networks], [[], []]);
});

test('uninstall keeps an edited configuration, and a program that runs under another name', () => {
  const vm = machine();
  tool(vm, ['install']);
  vm.world.write(TARGET, '{"mine":true}');
  const done = tool(vm, ['uninstall'], {
    fault: ({ name, args }) => (name === 'unlink' && String(args[0]).endsWith('.exe') ? 'EACCES' : undefined),
  });
  assert.match(done.stdout, /kept as c:\\cni\\netconf\\10-azure\.conflist\.saved/);
  assert.match(done.stdout, /azure-vnet\.exe runs and is .*\.old-\d+ now/);
  assert.ok(!vm.world.exists(`${BIN}/azure-vnet.exe`));
});

test('uninstall leaves everything but the configuration when HNS does not let the network go', () => {
  const vm = machine();
  tool(vm, ['install']);
  vm.add();
  vm.del();
  vm.hns.fault = (call) => (call.startsWith('DELETE /networks') ? { error: 'in use' } : undefined);
  const done = tool(vm, ['uninstall']);
  assert.match(done.stderr, /network azure of HNS stays: .*in use/);
  assert.ok(vm.world.exists(`${BIN}/azure-vnet.exe`) && vm.world.exists(STATE));
});

test('status shows networks and containers, and is 1 when HNS has lost one or ADD could not be served', () => {
  const vm = machine();
  vm.executable = '/opt/cni/bin/azure-vnet';
  assert.match(
    tool(vm, ['status']).stdout,
    /problem: no network configuration in c:\\cni\\netconf names azure-vnet/,
  );
  vm.world.write(TARGET, CONFLIST);
  vm.run({ command: 'ADD', args: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web' });
  const { status, stdout } = tool(vm, ['status']);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^HNS 9\.5; 1 addresses in use\nnetwork azure: 10\.240\.0\.0\/16 on Ethernet/);
  assert.match(stdout, /c0ffee123456 +eth0 +10\.240\.0\.5 +azure +default\/web/);
  vm.addresses = ['10.240.0.5'];
  vm.world.nowMs += 60_000;
  assert.match(
    tool(vm, ['status']).stdout,
    /problem: network azure is not ready for ADD: No available addresses: 1 of 1/,
  );
  vm.hns.endpoints.splice(0);
  const lost = tool(vm, ['status', '--json']);
  assert.equal(lost.status, 1);
  assert.match(JSON.parse(lost.stdout).problems[0], /endpoint c0ffee12-eth0 .* is not in HNS/);
});

test('status asks an IPAM plugin that is another program in a version that knows the question', () => {
  const vm = machine();
  const list = JSON.parse(CONFLIST);
  list.plugins[0].ipam.type = 'other-ipam';
  vm.world.write(TARGET, JSON.stringify(list));
  vm.world.write(`${BIN}/other-ipam`, 'x', 0o755);
  const asked: string[] = [];
  const spawn = ({ env, stdin }: SpawnRequest) => {
    asked.push(`${env.CNI_COMMAND} ${JSON.parse(stdin).cniVersion}`);
    return GOOD;
  };
  assert.equal(tool(vm, ['status'], { spawn }).status, 0);
  assert.deepEqual(asked, ['STATUS 1.1.0']);
});

test('gc gives back what containers that are gone have left, in every network, and keeps the others', () => {
  const vm = machine();
  vm.add();
  vm.executable = '/opt/cni/bin/azure-vnet';
  vm.add('c0ffee1234567890', 'none', { config: { name: 'second' } });
  assert.equal(tool(vm, ['gc']).stdout, 'nothing is left over\n');
  vm.hns.namespaces.clear();
  const dry = tool(vm, ['gc', '--dry-run']);
  assert.match(dry.stdout, /^would remove c0ffee123456 eth0 10\.240\.0\.5 \(c0ffee12-eth0\)\n$/);
  assert.equal(vm.leased.length, 2);
  assert.match(tool(vm, ['gc']).stdout, /^removed c0ffee123456 eth0 10\.240\.0\.5/);
  assert.deepEqual(vm.leased, ['10.240.0.6']);
  assert.equal(vm.hns.endpoints.length, 1);
});

test('gc is 1 when HNS does not tell, and leaves everything', () => {
  const vm = machine();
  vm.add();
  vm.hns.fault = () => ({ error: 'busy' });
  const done = tool(vm, ['gc']);
  assert.equal(done.status, 1);
  assert.match(done.stderr, /10\.240\.0\.5 \(c0ffee12-eth0\) stays: HNS does not tell/);
  assert.equal(vm.leased.length, 1);
});

test('snat gives the reason of the page, and 1 when ranges are asked for', () => {
  const vm = machine();
  for (const words of [
    ['apply', '--cidr', '10.0.0.0/8'],
    ['verify', '--cidr', '10.0.0.0/8'],
    ['apply', '--persist'],
  ]) {
    const { status, stderr } = tool(vm, ['snat', ...words]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /source NAT by themselves .* outside their subnet; custom IP ranges cannot be specified/,
    );
  }
  assert.equal(tool(vm, ['snat', 'verify']).status, 0);
  assert.equal(tool(vm, ['snat', 'remove']).status, 0);
});
