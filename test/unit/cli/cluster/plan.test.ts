/** azure-vnet cluster plan, as it is typed: what is not filled in. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { clusterCommand } from '../../../../src/cli/cluster/command.ts';
import { runTool } from '../../../../src/cli/tool.ts';
import { edited, example, MASTER } from '../../../support/definition.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

function tool(text: string, ...words: readonly string[]) {
  const world = new FakeWorld();
  world.write('/c/my.json', text);
  const [action = '', ...flags] = words;
  const sys = world.process({ args: ['azure-vnet', 'cluster', action, '/c/my.json', ...flags] });
  const status = runTool(sys, 'v0.1.0', [clusterCommand]);
  return { status, stdout: sys.stdout, stderr: sys.stderr };
}

test('cluster plan plans what is printed in documentation, and notes what is not filled in', () => {
  const { status, stdout, stderr } = tool(example('page-as-printed.json'), 'plan');
  assert.equal(status, 0);
  assert.equal(stdout, tool(example('page.json'), 'plan').stdout);
  assert.equal([...stderr.matchAll(/: note: .* not filled in yet; no address depends on it$/gm)].length, 7);
  assert.match(stderr, /^\/c\/my\.json:14:39: note: "<subscription ID>" is a placeholder/m);
  assert.doesNotMatch(stderr, /error/);
  const { nodes } = JSON.parse(tool(example('page-as-printed.json'), 'plan', '--json').stdout);
  assert.equal(nodes.length, 3);
});

test('cluster plan refuses when addresses depend on what is not filled in', () => {
  const { status, stdout, stderr } = tool(edited({ [`${MASTER}.vnetCidr`]: '<range>' }), 'plan');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /error: "<range>" is a placeholder/);
});

test('cluster validate says that there is a plan already', () => {
  const { status, stdout } = tool(example('page-as-printed.json'), 'validate');
  assert.equal(status, 2);
  assert.match(stdout, /7 errors, 2 warnings, 3 notes; it cannot be deployed, but planned\n$/);
});
