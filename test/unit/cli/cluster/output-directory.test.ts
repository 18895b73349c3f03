import assert from 'node:assert/strict';
import test from 'node:test';
import { type NewFile, writeDirectory } from '../../../../src/cli/cluster/output-directory.ts';
import { isGenerated } from '../../../../src/cluster/generate.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

const FIRST: readonly NewFile[] = [
  { path: 'azuredeploy.json', text: '{}\n' },
  { path: 'nodes/k8s-a-0/cloud-init.yaml', text: 'a\n' },
  { path: 'nodes/k8s-a-0/snat-ranges', text: 'b\n' },
];
const SECOND: readonly NewFile[] = [
  { path: 'azuredeploy.json', text: '{"second": true}\n' },
  { path: 'nodes/k8s-b-0/cloud-init.yaml', text: 'c\n' },
];

function write(world: FakeWorld, files: readonly NewFile[], replace = false) {
  return writeDirectory(world.process(), '/out', files, { replace, isOurs: isGenerated });
}

function textsBelow(world: FakeWorld, directory: string): Record<string, string> {
  const sys = world.process();
  const below = (path: string): [string, string][] =>
    world.list(path).flatMap((name) => {
      const inner = `${path}/${name}`;
      return sys.stat(inner, false).type === 'directory' ? below(inner) : [[inner, world.read(inner)]];
    });
  return Object.fromEntries(below(directory));
}

const shown = (files: readonly NewFile[]) =>
  Object.fromEntries(files.map(({ path, text }) => [`/out/${path}`, text]));

test('writeDirectory() makes the directory, or fills an empty one', () => {
  for (const before of [false, true]) {
    const world = new FakeWorld();
    if (before) world.files.mkdir('/out', 0o755);
    assert.ok(write(world, FIRST).ok);
    assert.deepEqual(textsBelow(world, '/out'), shown(FIRST));
    assert.deepEqual(
      world.list('/').filter((name) => name.startsWith('out')),
      ['out'],
    );
  }
});

test('writeDirectory() refuses what is there, and replaces what it has written itself', () => {
  const world = new FakeWorld();
  write(world, FIRST);
  const refused = write(world, SECOND);
  assert.equal(refused.ok ? '' : refused.error, '/out is not empty; --force replaces what is in it');
  assert.deepEqual(textsBelow(world, '/out'), shown(FIRST));
  assert.ok(write(world, SECOND, true).ok);
  assert.deepEqual(textsBelow(world, '/out'), shown(SECOND));
  assert.deepEqual(
    world.list('/').filter((name) => name.startsWith('out')),
    ['out'],
  );
});

test('writeDirectory() never replaces what somebody else has put there', () => {
  for (const foreign of ['/out/notes.txt', '/out/nodes/k8s-a-0/notes.txt', '/out/nodes/.hidden']) {
    const world = new FakeWorld();
    write(world, FIRST);
    world.write(foreign, 'mine');
    for (const replace of [false, true]) {
      const refused = write(world, SECOND, replace);
      assert.ok(!refused.ok && refused.error.startsWith(`${foreign} was not written by this`), foreign);
    }
    assert.equal(world.read(foreign), 'mine');
    assert.equal(world.read('/out/azuredeploy.json'), '{}\n');
  }
  const world = new FakeWorld();
  world.write('/out', 'a file');
  const refused = write(world, FIRST, true);
  assert.match(refused.ok ? '' : refused.error, /^\/out is a file; name a directory/);
});

test('writeDirectory() writes everything or changes nothing, whichever call is refused', () => {
  for (let refused = 1; ; refused++) {
    const world = new FakeWorld();
    write(world, FIRST);
    let calls = 0;
    const fault = ({ name }: { name: string }) =>
      CHANGES.includes(name) && ++calls === refused ? 'ENOSPC' : undefined;
    const sys = world.process({ fault });
    const result = writeDirectory(sys, '/out', SECOND, { replace: true, isOurs: isGenerated });
    assert.equal(sys.openDescriptors, 0);
    if (result.ok) {
      assert.ok(refused > 10, String(refused));
      return;
    }
    const left = world.list('/').filter((name) => name.startsWith('out'));
    if (result.error.startsWith('/out was not written: ')) {
      assert.deepEqual(textsBelow(world, '/out'), shown(FIRST), String(refused));
      assert.deepEqual(left, ['out'], String(refused));
    } else {
      assert.match(result.error, /^\/out is written, but \/out\.old-\d+, which was there before/);
      assert.deepEqual(textsBelow(world, '/out'), shown(SECOND), String(refused));
    }
  }
});

test('writeDirectory() says what is the matter in words', () => {
  for (const [fault, words] of [
    ['ENOENT', 'there is no such directory above it; make that first'],
    ['EACCES', 'permission denied; name a directory of yours'],
    ['EIO', 'mkdir.*EIO'],
  ] as const) {
    const sys = new FakeWorld().process({ fault: ({ name }) => (name === 'mkdir' ? fault : undefined) });
    const result = writeDirectory(sys, '/out', FIRST, { replace: false, isOurs: isGenerated });
    assert.match(result.ok ? '' : result.error, new RegExp(`^/out was not written: ${words}`));
  }
});

const CHANGES = ['mkdir', 'open', 'write', 'fsync', 'rename', 'unlink', 'rmdir'];
