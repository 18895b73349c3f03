/** The heap of a loaded plugin in the executable: what works in it, and what the build refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { buildImage, version } from '../../scripts/build/image.ts';
import { link } from '../../scripts/build/link.ts';
import { CACHE, DIST } from '../../scripts/build/paths.ts';
import { findToolchain, hostTarget } from '../../scripts/build/target.ts';

const LIMIT_MS = 60_000;
const WORK = join(CACHE, 'work/native/snapshot');
const PRODUCT = join(DIST, hostTarget(), 'azure-vnet');

/** An executable of a plugin that is this script. */
async function program(name: string, text: string, snapshot = true): Promise<string> {
  const work = join(WORK, name);
  const output = join(work, 'program');
  const { bytecode } = await buildImage('plugin', { text }, work);
  await link(await findToolchain(hostTarget()), { output, images: { plugin: bytecode }, work, snapshot });
  return output;
}

function run(path: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(path, args, { env, encoding: 'utf8', timeout: LIMIT_MS });
  return { status, stdout, stderr };
}

function printing(expression: string): string {
  return `host.main = () => {
    const text = host.encodeUtf8(JSON.stringify(${expression}));
    host.write(1, text, 0, text.length);
  };`;
}

/** Each kind of object that the engine keeps in a way of its own, made at load, used and changed afterwards. */
const OBJECTS = `
  class Counter { static made = 0; #n = 1; constructor() { Counter.made++; } next() { return this.#n++; } }
  class Special extends Counter { get name() { return super.next() + ':' + new.target; } }
  const keys = Array.from({ length: 200 }, (_, i) => ({ i }));
  const symbol = Symbol('s');
  const map = new Map(keys.map((key) => [key, key.i]));
  const weak = new WeakMap(keys.map((key) => [key, key.i]));
  const set = new Set(['a', symbol, 1n << 70n, 0.5, keys[3]]);
  const counter = new Counter(), special = new Special();
  const bytes = Uint8Array.from({ length: 70000 }, (_, i) => i % 251);
  const pattern = /(?<word>\\p{L}+)-(\\d+)/gu;
  const list = [1, 2.5, 'three', null, undefined, ['four']], holes = [, 1, , 2];
  const sparse = { [symbol]: 1, 5: 'five', __proto__: { inherited: true } };
  const bound = counter.next.bind(counter), words = new Array(3000).fill('w' + list.length);
  const template = (parts, ...rest) => parts.raw.join('|') + rest.length;
  function* numbers() { let n = 0; while (n < 5) yield n++; }
  const date = new Date(86400000);
  let promised = 'not yet';
  const promise = Promise.resolve('then');
`;

const USE = `(() => {
  for (let i = 0; i < 300; i++) { const key = { i }; map.set(key, i); weak.set(key, i); keys.push(key); }
  for (let i = 0; i < 100; i++) map.delete(keys[i]);
  promise.then((value) => { promised = value; });
  words.push(...words); words.length = 10;
  sparse.more = { inherited: sparse.inherited }; delete sparse[5];
  return [
    keys.reduce((sum, key) => sum + (map.get(key) ?? 0) + weak.get(key), 0), map.size, set.has(keys[3]), set.has(1n << 70n),
    set.has(symbol), counter.next(), bound(), special.name, Counter.made, new Special() instanceof Counter,
    bytes.reduce((sum, byte) => sum + byte, 0), 'ä-1 b-22'.replace(pattern, '$2$<word>'), [...'q-9'.matchAll(pattern)].length,
    list, holes.length, sparse, words, template\`a\${1}b\`, [...numbers()], date.toISOString(), promised,
    new RegExp('^[a-c]+$', 'i').test('ABC'), JSON.parse('{"a":[1,{"b":null}]}'), Math.max(...list.slice(0, 2)),
    (() => { try { null.x } catch (error) { return error instanceof TypeError && error.message; } })(),
    (() => { try { (function f() { f(); })(); } catch (error) { return error.name; } })(),
    Object.keys(globalThis).length, Reflect.ownKeys(sparse).length, structure(keys.slice(0, 3)),
  ];
})()`;

const STRUCTURE = `function structure(value) { return Object.entries(value).map(([k, v]) => [k, typeof v, { ...v }]); }`;

test('a program does the same in the heap of its snapshot as in one that it has loaded itself', async () => {
  const text = `${OBJECTS}${STRUCTURE}${printing(USE)}`;
  const [snapshot, loaded] = [await program('objects', text), await program('loaded', text, false)];
  const expected = run(loaded);
  assert.deepEqual([expected.status, expected.stderr], [0, '']);
  assert.ok(JSON.parse(expected.stdout).length > 20);
  for (let i = 0; i < 20; i++) assert.deepEqual(run(snapshot), expected);
});

test('random numbers are not part of a snapshot', async () => {
  const path = await program('random', printing('[Math.random(), Math.random()]'));
  const numbers = [run(path), run(path)].flatMap(({ stdout }) => JSON.parse(stdout));
  assert.equal(new Set(numbers).size, 4);
});

test('what a program throws when it is called shows as without a snapshot', async () => {
  const { status, stderr } = run(await program('throws', 'host.main = () => { throw new Error("no"); };'));
  assert.equal(status, 1);
  assert.match(stderr, /^azure-vnet: Error: no\n {4}at /);
});

const CHANGES = /changes variables, which are not in the heap/;
const DIFFERENT = /two runs load different heaps/;

const REFUSED = {
  'the clock': ['const read = host.monotonicUs();', CHANGES],
  arguments: ['const read = host.args();', DIFFERENT],
  environment: ['const read = host.environ();', DIFFERENT],
  'a variable of the host': ['const read = host.openWithFlags("/", 1, 0);', CHANGES],
  'a large block': ['const read = new Uint8Array(1e6);', CHANGES],
  'most of the heap': ['const read = many(100, () => many(100, (_, i) => ({ i })));', /Command failed/],
  'a generator that is suspended': [
    'const read = (function* () { yield 1; yield 2; })();',
    /addresses of the stack/,
  ],
  'what is not there': ['const read = null.x;', /Command failed/],
} as const;

const MANY = 'function many(length, make) { return Array.from({ length }, make); }';

for (const [what, [text, message]] of Object.entries(REFUSED)) {
  test(`the build refuses a plugin that needs ${what} while it is loaded`, async () => {
    await assert.rejects(program('refused', `${MANY}${text}host.main = () => read;`), message);
  });
}

test('the product has a snapshot, the bytecode is gone, and nobody can ask for another one', () => {
  const bytecode = readFileSync(join(CACHE, 'work/linux/plugin.bytecode'));
  assert.equal(readFileSync(PRODUCT).includes(bytecode.subarray(0, 1024)), false);
  const { status, stdout } = run(PRODUCT, ['--snapshot'], { CNI_COMMAND: 'VERSION' });
  assert.equal(status, 0);
  assert.ok(JSON.parse(stdout).supportedVersions.length > 0);
  assert.match(run(PRODUCT, ['--version']).stdout, new RegExp(`${version().replaceAll('.', '\\.')}\n$`));
});
