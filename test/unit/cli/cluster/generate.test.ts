/** azure-vnet cluster generate, as it is typed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { clusterCommand } from '../../../../src/cli/cluster/command.ts';
import { runTool } from '../../../../src/cli/tool.ts';
import { example } from '../../../support/arm/generated.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

function tool(words: readonly string[], world = new FakeWorld()) {
  world.write('/c/cluster.json', example('page.json'));
  const sys = world.process({ args: ['azure-vnet', 'cluster', ...words] });
  const status = runTool(sys, 'v0.1.0', [clusterCommand]);
  assert.equal(sys.openDescriptors, 0);
  return { status, stdout: sys.stdout, stderr: sys.stderr, world };
}

const SUM = '0123456789abcdef'.repeat(4);

test('cluster generate writes the files, and says what is still to be filled in and how to deploy', () => {
  const { status, stdout, world } = tool(['generate', '/c/cluster.json', '-o', '/c/out/']);
  assert.equal(status, 0);
  assert.deepEqual(world.list('/c/out'), ['azuredeploy.json', 'azuredeploy.parameters.json', 'nodes']);
  assert.match(stdout, /^wrote 14 files to \/c\/out: .* of 3 nodes\n/);
  assert.deepEqual(
    [...stdout.matchAll(/--parameters (\w+)=…/g)].map(([, name]) => name),
    ['servicePrincipalClientSecret', 'pluginReleasesUrl', 'installerSha256'],
  );
  assert.match(stdout, /az deployment group create .*\n.*--parameters @/);
});

test('cluster generate takes the releases from its flags, and prints one JSON document with --json', () => {
  const flags = ['--releases-url=https://r.example/x/', '--installer-sha256', SUM, '--json'];
  const { status, stdout, world } = tool(['generate', '/c/cluster.json', '-o', '/c/out', ...flags]);
  assert.equal(status, 0);
  const { directory, files, unfilled } = JSON.parse(stdout);
  assert.deepEqual([directory, files.length, unfilled], ['/c/out', 14, ['servicePrincipalClientSecret']]);
  const { parameters } = JSON.parse(world.read('/c/out/azuredeploy.parameters.json'));
  assert.equal(parameters.pluginReleasesUrl.value, 'https://r.example/x');
  assert.equal(parameters.pluginVersion.value, 'v0.1.0');
  assert.equal(parameters.installerSha256.value, SUM);
});

test('cluster generate refuses to overwrite without --force', () => {
  const { world } = tool(['generate', '/c/cluster.json', '-o', '/c/out']);
  world.write('/c/out/azuredeploy.parameters.json', 'edited');
  const again = tool(['generate', '/c/cluster.json', '-o', '/c/out'], world);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /^azure-vnet: \/c\/out is not empty; --force replaces what is in it$/m);
  assert.equal(world.read('/c/out/azuredeploy.parameters.json'), 'edited');
  assert.equal(tool(['generate', '/c/cluster.json', '-o', '/c/out', '--force'], world).status, 0);
  assert.notEqual(world.read('/c/out/azuredeploy.parameters.json'), 'edited');
});

test('cluster refuses flags without their action or with wrong values, and writes nothing', () => {
  const refusals: [string[], RegExp][] = [
    [
      ['generate', '/c/cluster.json'],
      /cluster generate needs -o DIR\nazure-vnet cluster generate --help tells/,
    ],
    [['generate', '/c/cluster.json', '-o', ''], /expected a directory/],
    [['plan', '/c/cluster.json', '-o', '/c/out'], /--output goes with generate only/],
    [['validate', '/c/cluster.json', '--force'], /--force goes with generate only/],
    [['generate', '/c/cluster.json', '-o', '/c/out', '--svg'], /--svg goes with plan only/],
    [['generate', '/c/cluster.json', '-o', '/c/out', '--installer-sha256', 'abc'], /expected 64 digits/],
    [['generate', '/c/cluster.json', '-o', '/c/out', '--releases-url', "http://a/'"], /expected a URL/],
  ];
  for (const [words, message] of refusals) {
    const { status, stderr, world } = tool(words);
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr, message);
    assert.deepEqual(world.list('/c'), ['cluster.json']);
  }
});

test('cluster generate writes nothing for a definition with errors', () => {
  const world = new FakeWorld();
  world.write('/c/bad.json', example('page-as-printed.json'));
  const { status, stderr } = tool(['generate', '/c/bad.json', '-o', '/c/out'], world);
  assert.equal(status, 2);
  assert.match(stderr, /\[placeholder\]/);
  assert.ok(!world.exists('/c/out'));
});
