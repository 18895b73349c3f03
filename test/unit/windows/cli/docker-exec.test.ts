import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runTool } from '../../../../src/cli/tool.ts';
import { WINDOWS_COMMANDS } from '../../../../src/cli/windows/commands.ts';
import type { SpawnRequest, SpawnResult } from '../../../../src/sys/sys.ts';
import { WindowsMachine } from '../machine.ts';

const ID = 'c0ffee12'.padEnd(64, '0');
const DOCKER = 'c:/docker/docker.exe';
const CONFLIST = readFileSync(new URL('../../../../conf/windows/10-azure.conflist', import.meta.url), 'utf8');

/** A VM with Docker: one container at most, and its plugins answered by azure-vnet itself. */
class DockerMachine {
  readonly vm = new WindowsMachine();
  container: { name: string; running: boolean; network: string } | undefined;
  /** What `docker run` answers instead of making a container. */
  refusal: string | undefined;
  /** The container ends at once. */
  endsAtOnce = false;
  readonly commands: string[][] = [];

  constructor() {
    for (const path of [DOCKER, 'c:/cni/bin/azure-vnet']) this.vm.world.write(path, 'x');
    this.vm.world.write('c:/cni/netconf/10-azure.conflist', CONFLIST);
  }

  tool(...words: string[]) {
    const process = this.vm.world.process({
      args: ['c:/cni/bin/azure-vnet.exe', 'docker-exec', ...words],
      environ: { Path: 'c:\\nowhere;c:\\docker\\'.replaceAll('\\', '/') },
      spawn: (request) => this.#spawn(request),
    });
    const status = runTool(this.vm.windows(process), 'v9.8.7', WINDOWS_COMMANDS);
    return { status, stdout: process.stdout, stderr: process.stderr };
  }

  #spawn({ argv: [program, ...args], env, stdin }: SpawnRequest): SpawnResult {
    if (program !== DOCKER) return this.#plugin(env, stdin);
    this.commands.push(args);
    const { container } = this;
    switch (args[0]) {
      case 'inspect':
        if (container?.name !== args.at(-1)) return ended(1, '', `Error: No such container: ${args.at(-1)}`);
        return ended(0, `${ID} ${container?.running} ${container?.network}\n`);
      case 'run':
        if (this.refusal !== undefined) return ended(125, '', this.refusal);
        this.container = { name: args[3] ?? '', running: !this.endsAtOnce, network: 'none' };
        if (!this.endsAtOnce) this.vm.hns.containers.add(ID);
        return ended(0, `pulling\n${ID}\n`);
      default:
        this.container = undefined;
        this.vm.hns.containers.delete(ID);
        return ended(0, '');
    }
  }

  #plugin(env: Readonly<Record<string, string>>, stdin: string): SpawnResult {
    const {
      CNI_COMMAND: command = '',
      CNI_CONTAINERID: container = '',
      CNI_NETNS: netns = '',
      CNI_ARGS: args = '',
    } = env;
    const { status, document } = this.vm.run({ command, container, netns, args, config: JSON.parse(stdin) });
    return ended(status, document === undefined ? '' : JSON.stringify(document));
  }
}

function ended(status: number, stdout: string, stderr = ''): SpawnResult {
  return { status, signal: 0, stdout, stderr, timedOut: false, truncated: false };
}

const NAMED = ['--name', 'web', '--namespace', 'default'];
const ADD = ['ADD', ...NAMED, '--image', 'mcr.microsoft.com/windows/nanoserver:ltsc2022'];

test('docker-exec ADD makes a container that waits, attaches it and prints the result; DEL gives all back', () => {
  const machine = new DockerMachine();
  const added = machine.tool(...ADD);
  assert.deepEqual([added.status, added.stderr], [0, '']);
  assert.equal(JSON.parse(added.stdout).ips[0].address, '10.240.0.5/16');
  const run = machine.commands.find(([name]) => name === 'run');
  assert.equal(
    run?.join(' '),
    'run --detach --name web --network none mcr.microsoft.com/windows/nanoserver:ltsc2022 cmd /c ping -t 127.0.0.1',
  );
  assert.deepEqual([...(machine.vm.hns.endpoints[0]?.attachedTo ?? [])], [ID]);
  // Again: the container is there, the answer is the same.
  assert.equal(machine.tool(...ADD).stdout, added.stdout);
  const deleted = machine.tool('DEL', ...NAMED);
  assert.deepEqual([deleted.status, deleted.stderr], [0, '']);
  assert.deepEqual(machine.vm.remains, []);
  assert.ok(machine.container?.running);
  assert.equal(machine.tool('DEL', ...NAMED, '--remove').status, 0);
  assert.equal(machine.container, undefined);
  assert.match(machine.tool('DEL', ...NAMED).stdout, /there is no container web, and nothing of it is left/);
});

test('docker-exec DEL finds what a container that Docker has lost still holds', () => {
  const machine = new DockerMachine();
  machine.tool(...ADD);
  machine.container = undefined;
  machine.vm.hns.containers.clear();
  assert.equal(machine.tool('DEL', ...NAMED).status, 0);
  assert.deepEqual(machine.vm.remains, []);
});

test('docker-exec ADD runs the words of --command', () => {
  const machine = new DockerMachine();
  machine.tool(...ADD, '--command', 'powershell  Start-Sleep 1000');
  const run = machine.commands.find(([name]) => name === 'run') ?? [];
  assert.deepEqual(run.slice(-3), ['powershell', 'Start-Sleep', '1000']);
});

test('docker-exec ADD removes the container that it made when it cannot be attached', () => {
  const machine = new DockerMachine();
  machine.endsAtOnce = true;
  const { status, stderr } = machine.tool(...ADD);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^azure-vnet: web : error executing ADD: azure-vnet: Failed to add endpoint: .*the container has ended/,
  );
  assert.deepEqual([machine.container, machine.vm.remains], [undefined, []]);
});

const refusals: readonly [string, (machine: DockerMachine) => void, readonly string[], number, RegExp][] = [
  [
    'an image that is not there',
    (m) => (m.refusal = 'Unable to find image'),
    ADD,
    1,
    /docker run: Unable to find image/,
  ],
  [
    'a container that does not run',
    (m) => (m.container = { name: 'web', running: false, network: 'none' }),
    ADD,
    1,
    /does not run/,
  ],
  [
    'one with a network of Docker',
    (m) => (m.container = { name: 'web', running: true, network: 'nat' }),
    ADD,
    1,
    /has the network "nat"/,
  ],
  ['no image', () => undefined, ['ADD', ...NAMED], 2, /needs --image/],
  [
    'a name that is none',
    () => undefined,
    ['ADD', '--name', 'a b', '--namespace', 'x', '--image', 'y'],
    2,
    /--name: expected/,
  ],
  [
    'a missing Docker',
    (m) => m.vm.world.files.unlink(DOCKER),
    ADD,
    1,
    /docker\.exe is in no directory of PATH/,
  ],
  [
    'a missing configuration',
    (m) => m.vm.world.files.unlink('c:/cni/netconf/10-azure.conflist'),
    ADD,
    1,
    /no network configuration in c:\\cni\\netconf/,
  ],
  [
    'a missing plugin',
    (m) => m.vm.world.files.unlink('c:/cni/bin/azure-vnet'),
    ADD,
    1,
    /failed to find plugin "azure-vnet"/,
  ],
];
for (const [what, prepare, words, status, message] of refusals) {
  test(`docker-exec refuses ${what}, and changes nothing`, () => {
    const machine = new DockerMachine();
    prepare(machine);
    const before = machine.container;
    const done = machine.tool(...words);
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, message);
    assert.deepEqual([machine.container, machine.vm.remains], [before, []]);
  });
}
