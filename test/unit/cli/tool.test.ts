import assert from 'node:assert/strict';
import test from 'node:test';
import { type Call, type Command, DRY_RUN_FLAG, JSON_FLAG } from '../../../src/cli/command.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runTool } from '../../../src/cli/tool.ts';
import { LOG_PATH } from '../../../src/state/paths.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const ROOT = 'Name:\tazure-vnet\nUid:\t0\t0\t0\t0\n';
const SUDO = 'Name:\tazure-vnet\nUid:\t1000\t0\t0\t0\n';
const USER = 'Name:\tazure-vnet\nUid:\t1000\t1000\t1000\t1000\n';

function command(run: (call: Call) => number, changes: Partial<Command> = {}): Command {
  return {
    name: 'look',
    summary: 'looks around',
    flags: [JSON_FLAG, { name: 'at', value: 'THING', help: 'What to look at.', required: true }],
    details: ['Looks at one thing.', 'Twice.'],
    needsRoot: true,
    changes: false,
    run,
    ...changes,
  };
}

function tool(
  words: readonly string[],
  commands: readonly Command[],
  options: { readonly program?: string; readonly status?: string; readonly fault?: string } = {},
) {
  const world = new FakeWorld();
  world.write('/proc/self/status', options.status ?? ROOT);
  const sys = world.process({
    args: [options.program ?? '/opt/cni/bin/azure-vnet', ...words],
    ...(options.fault === undefined
      ? {}
      : { fault: ({ name, args }) => (name === 'write' && args[0] === 1 ? options.fault : undefined) }),
  });
  const status = runTool(sys, 'v9.8.7', commands);
  assert.equal(sys.openDescriptors, 0);
  return { status, stdout: sys.stdout, stderr: sys.stderr, world };
}

test('runTool() without a word is what a CNI plugin says of itself', () => {
  const vnet = tool([], COMMANDS);
  assert.deepEqual([vnet.status, vnet.stdout], [0, '']);
  assert.match(
    vnet.stderr,
    /^azure-vnet: CNI plugin, .*\nCNI protocol versions supported: 0\.1\.0, .*1\.1\.0\n$/,
  );
  const ipam = tool([], COMMANDS, { program: 'azure-vnet-ipam' });
  assert.match(ipam.stderr, /^azure-vnet-ipam: CNI plugin/);
});

test('runTool() prints the version in four words', () => {
  for (const word of ['-v', '--version']) {
    const { status, stdout, stderr } = tool([word], COMMANDS);
    assert.deepEqual([status, stdout, stderr], [0, 'Azure CNI Version v9.8.7\n', '']);
  }
});

test('runTool() lists the commands', () => {
  for (const words of [['--help'], ['-h'], ['help']]) {
    const { status, stdout, stderr } = tool(words, [command(() => 0)]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(
      stdout,
      `azure-vnet, the Azure Virtual Network CNI plugin, for the person on the node.

Usage: azure-vnet COMMAND [FLAGS]

Commands
  look  looks around

azure-vnet COMMAND --help tells more about one, azure-vnet --version tells the version.
With CNI_COMMAND in its environment it is the plugin that container runtimes call.

Exit status: 0 all is well, 1 problems, 2 wrong usage.
`,
    );
  }
});

test('runTool() prints the help of a command, whatever else it was given', () => {
  for (const words of [
    ['look', '--help'],
    ['help', 'look'],
    ['look', '--nonsense', '-h'],
  ]) {
    const { status, stdout } = tool(words, [command(() => assert.fail('was run'))]);
    assert.equal(status, 0);
    assert.equal(
      stdout,
      `azure-vnet look: looks around

Usage: azure-vnet look [--json] --at THING

Looks at one thing.

Twice.

Flags
  --json      Prints one JSON document.
  --at THING  What to look at.
  --help      Prints this text.

Exit status: 0 all is well, 1 problems, 2 wrong usage.
`,
    );
  }
});

test('runTool() has a help text of printable lines for every command', () => {
  for (const { name } of COMMANDS) {
    const { status, stdout } = tool([name, '--help'], COMMANDS);
    assert.equal(status, 0);
    const long = stdout.split('\n').filter((line) => line.length > 120 || /[^\x20-\x7e]/.test(line));
    assert.deepEqual(long, [], name);
  }
});

test('runTool() prints the help of an action, and hints at it after wrong usage', () => {
  const look = { ...command(() => assert.fail('was run')), actions: ['up', 'down'] };
  for (const words of [
    ['look', 'up', '--help'],
    ['help', 'look', 'up'],
  ]) {
    const { status, stdout } = tool(words, [look]);
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: azure-vnet look up /m);
  }
  assert.match(tool(['look', 'up'], [look]).stderr, /^azure-vnet look up --help tells how it is used$/m);
  assert.match(tool(['look', 'left', '--help'], [look]).stdout, /^Usage: azure-vnet look up\|down /m);
});

test('runTool() answers wrong usage with status 2 and a hint', () => {
  const look = command(() => assert.fail('was run'));
  for (const [words, said] of [
    [['lok'], 'there is no command "lok"; did you mean "look"?\nazure-vnet --help lists the commands\n'],
    [
      ['help', 'lok'],
      'there is no command "lok"; did you mean "look"?\nazure-vnet --help lists the commands\n',
    ],
    [['frobnicate'], 'there is no command "frobnicate"\nazure-vnet --help lists the commands\n'],
    [['look'], 'look needs --at THING\nazure-vnet look --help tells how it is used\n'],
    [['look', '--at'], '--at needs a value: --at THING\nazure-vnet look --help tells how it is used\n'],
  ] as const) {
    const { status, stdout, stderr } = tool(words, [look]);
    assert.deepEqual([status, stdout, stderr], [2, '', `azure-vnet: ${said}`]);
  }
});

test('runTool() runs the command with its flags and returns its status', () => {
  const look = command(({ out, given, version }) => {
    out.print(`${given.values.get('at')} ${given.switches.has('json')} ${version}\n`);
    return 1;
  });
  const { status, stdout } = tool(['look', '--json', '--at=sky'], [look]);
  assert.deepEqual([status, stdout], [1, 'sky true v9.8.7\n']);
});

test('runTool() refuses a command for root to others', () => {
  const look = command(() => 0);
  const refused = tool(['look', '--at=x'], [look], { status: USER });
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /run it as root/);
  assert.equal(tool(['look', '--at=x'], [look], { status: SUDO }).status, 0);
  assert.equal(
    tool(['look', '--at=x'], [command(() => 0, { needsRoot: false })], { status: USER }).status,
    0,
  );
});

test('runTool() turns a refusal of the system into one line with a hint', () => {
  const look = command(() => {
    throw new SysError('ENOSPC', 'write', '/run/azure-vnet/x');
  });
  const { status, stderr } = tool(['look', '--at=x'], [look]);
  assert.equal(status, 1);
  assert.equal(stderr, 'azure-vnet: write /run/azure-vnet/x: ENOSPC; free some space there\n');
});

test('runTool() shows the stack of a defect', () => {
  const look = command(() => {
    throw new TypeError('x is undefined');
  });
  const { status, stderr } = tool(['look', '--at=x'], [look]);
  assert.equal(status, 1);
  assert.match(stderr, /^azure-vnet: x is undefined\n.*tool\.test\.ts/s);
});

test('runTool() ends in silence when nobody reads its output', () => {
  const look = command(({ out }) => {
    out.print('much');
    return 0;
  });
  const { status, stderr } = tool(['look', '--at=x'], [look], { fault: 'EPIPE' });
  assert.deepEqual([status, stderr], [1, '']);
});

test('runTool() leaves a line in the log for a command that changes something, also when it fails', () => {
  const flags = [DRY_RUN_FLAG];
  const lines = (run: (call: Call) => number, words: readonly string[] = []) => {
    const { world } = tool(['look', ...words], [command(run, { flags, changes: true })]);
    return world.exists(LOG_PATH)
      ? world
          .read(LOG_PATH)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  };
  const [done] = lines(() => 0);
  assert.deepEqual([done.command, done.result], ['look', 'ok']);
  const [failed] = lines(() => {
    throw new SysError('EIO', 'read', '/x');
  });
  assert.deepEqual([failed.command, failed.result, failed.error], ['look', 'error', 'read /x: EIO']);
  assert.deepEqual(
    lines(() => 0, ['--dry-run']),
    [],
  );
  assert.equal(tool(['look', '--at=x'], [command(() => 0)]).world.exists(LOG_PATH), false);
});
