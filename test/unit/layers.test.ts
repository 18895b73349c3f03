import assert from 'node:assert/strict';
import test from 'node:test';
import { type Import, readSourceTree, type SourceText } from '../support/source-tree.ts';

/** From the bottom to the top: a file may import from its own layer and from those before it. */
const LAYERS = [
  'sys',
  'net',
  'state',
  'cni',
  'ipam',
  'vnet',
  'windows',
  'cluster',
  'cli',
  'main.ts',
  'main-windows.ts',
];

const PLUGIN_ENTRY = 'src/main.ts';
/** For container runtimes and for people: never in the image that each call starts. */
const OUTSIDE_PLUGIN = [/^src\/cni\/runtime\//, /^src\/cni\/config-keys\.ts$/, /^src\/cli\//];

const MAX_FILE_LINES = 350;
const MAX_FUNCTION_LINES = 70;

const tree = readSourceTree();
const product = tree.filter(({ path }) => path.startsWith('src/'));

test('readSourceTree() sees the files of src/ and their imports', () => {
  assert.ok(product.length > 50);
  const main = product.find(({ path }) => path === PLUGIN_ENTRY);
  assert.ok(main?.imports.some(({ target }) => target === 'src/vnet/plugin.ts'));
  const self = tree.find(({ path }) => path === 'test/unit/layers.test.ts');
  assert.deepEqual(
    self?.imports.map(({ target }) => target),
    ['node:assert/strict', 'node:test', 'test/support/source-tree.ts'],
  );
});

test('imports of src/ point downwards only', () => {
  assert.deepEqual(product.flatMap(upwardImports), []);
});

test('tests with random cases make the same in every run', () => {
  const random = tree.filter(
    ({ path, imports }) => path.endsWith('.test.ts') && imports.some(({ target }) => target === 'fast-check'),
  );
  assert.ok(random.length > 20);
  const unseeded = random.filter(
    ({ imports }) => !imports.some(({ target }) => target === 'test/support/seed.ts'),
  );
  assert.deepEqual(
    unseeded.map(({ path }) => path),
    [],
  );
});

test('upwardImports() finds an import of a higher layer, also of a type, and a way out of src/', () => {
  const from = (path: string, ...targets: string[]) => upwardImports(source(path, targets));
  assert.deepEqual(from('src/net/mac.ts', 'src/sys/sys.ts', 'src/net/ipv4.ts'), []);
  assert.equal(from('src/net/mac.ts', 'src/state/lock.ts').length, 1);
  assert.equal(from('src/ipam/plugin.ts', 'src/vnet/plugin.ts').length, 1);
  assert.equal(from('src/cli/main.ts', 'src/main.ts').length, 1);
  assert.equal(from('src/net/mac.ts', 'lab/lab.ts').length, 1);
  assert.equal(from('src/strange/x.ts', 'src/sys/sys.ts').length, 1);
  assert.equal(
    upwardImports({ ...source('src/sys/a.ts', []), imports: [typeImport('src/cni/b.ts')] }).length,
    1,
  );
});

test('nothing in src/ imports a Node module', () => {
  const found = product.flatMap(({ path, imports }) =>
    imports.filter(({ target }) => target.startsWith('node:')).map(({ target }) => `${path}: ${target}`),
  );
  assert.deepEqual(found, []);
});

test('no file of src/ imports itself by way of others', () => {
  assert.deepEqual(cycles(product), []);
});

test('cycles() finds a cycle of three files and names it', () => {
  const files = [source('a', ['b']), source('b', ['c', 'd']), source('c', ['a']), source('d', [])];
  assert.deepEqual(cycles(files), ['a → b → c → a']);
});

test('the plugin image has neither the runtime, nor the command line, nor a package in it', () => {
  const reached = reachable(product, PLUGIN_ENTRY);
  assert.ok(reached.has('src/cni/dispatch.ts') && reached.has('src/vnet/add.ts'));
  const unwanted = [...reached].filter((path) => OUTSIDE_PLUGIN.some((pattern) => pattern.test(path)));
  assert.deepEqual(unwanted, []);
  assert.deepEqual(
    [...reached].filter((path) => !path.startsWith('src/')),
    [],
  );
});

test('the plugin image for Windows has neither of them, and no netlink, nf_tables or bridge', () => {
  const reached = [...reachable(product, 'src/main-windows.ts')];
  assert.ok(reached.includes('src/cni/dispatch.ts') && reached.includes('src/windows/add.ts'));
  const linux = [/^src\/net\/(netlink|nft)\//, /^src\/net\/local\.ts$/, /^src\/vnet\/(?!assignment\.ts$)/];
  const unwanted = reached.filter((path) =>
    [...OUTSIDE_PLUGIN, ...linux].some((pattern) => pattern.test(path)),
  );
  assert.deepEqual(unwanted, []);
});

test('reachable() follows imports of values, not of types', () => {
  const a = { ...source('a', ['b']), imports: [valueImport('b'), typeImport('c')] };
  assert.deepEqual(
    [...reachable([a, source('b', ['d']), source('c', []), source('d', ['pkg'])], 'a')],
    ['a', 'b', 'd', 'pkg'],
  );
});

test(`no file has more than ${MAX_FILE_LINES} lines, no function more than ${MAX_FUNCTION_LINES}`, () => {
  const measured = tree.filter(({ path }) => !path.startsWith('test/'));
  assert.ok(measured.some(({ functions }) => functions.some(({ lines }) => lines > 20)));
  assert.deepEqual(measured.flatMap(oversized), []);
});

test('oversized() names the file and the function', () => {
  const functions = [
    { name: 'add', line: 3, lines: 71 },
    { name: 'del', line: 80, lines: 70 },
  ];
  assert.deepEqual(oversized({ path: 'a.ts', lines: 351, imports: [], functions }), [
    'a.ts has 351 lines',
    'a.ts:3 add has 71 lines',
  ]);
});

function upwardImports({ path, imports }: SourceText): string[] {
  const own = layerOf(path);
  if (own < 0) return [`${path} is in no layer`];
  return imports
    .filter(({ target }) => target.endsWith('.ts'))
    .filter(({ target }) => layerOf(target) < 0 || layerOf(target) > own)
    .map(({ target, line }) => `${path}:${line} imports ${target}`);
}

/** Position in LAYERS; -1 for a file outside of them. */
function layerOf(path: string): number {
  const [top, layer = ''] = path.split('/');
  return top === 'src' ? LAYERS.indexOf(layer) : -1;
}

function reachable(files: readonly SourceText[], entry: string): Set<string> {
  const reached = new Set([entry]);
  for (const path of reached) {
    const file = files.find((candidate) => candidate.path === path);
    for (const { target, typeOnly } of file?.imports ?? []) if (!typeOnly) reached.add(target);
  }
  return reached;
}

/** Cycles of imports, types left out, each once. */
function cycles(files: readonly SourceText[]): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    const file = files.find((candidate) => candidate.path === path);
    for (const { target, typeOnly } of file?.imports ?? []) if (!typeOnly) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return found;
}

function oversized({ path, lines, functions }: SourceText): string[] {
  const long = functions.filter((one) => one.lines > MAX_FUNCTION_LINES);
  return [
    ...(lines > MAX_FILE_LINES ? [`${path} has ${lines} lines`] : []),
    ...long.map((one) => `${path}:${one.line} ${one.name} has ${one.lines} lines`),
  ];
}

function source(path: string, targets: readonly string[]): SourceText {
  return { path, lines: 1, imports: targets.map(valueImport), functions: [] };
}

function valueImport(target: string): Import {
  return { target, line: 1, typeOnly: false };
}

function typeImport(target: string): Import {
  return { target, line: 1, typeOnly: true };
}
