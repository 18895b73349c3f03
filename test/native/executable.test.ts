/** The executable that make build has made: its form, its version, its kill points. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { version } from '../../scripts/build/image.ts';
import { BUILT, DIST, ROOT } from '../../scripts/build/paths.ts';

const PRODUCT = BUILT;
const WITH_KILL_POINTS = join(DIST, 'test');
const LIMIT_MS = 60_000;

/** VERSION asks nothing of the network or of the file tree. */
function run(path: string, args: readonly string[], env: Record<string, string>) {
  const options = { env, input: '{"cniVersion":"1.0.0"}', encoding: 'utf8', timeout: LIMIT_MS } as const;
  const { status, signal, stdout, stderr } = spawnSync(path, args, options);
  return { status, signal, stdout, stderr };
}

function readelf(option: string): string {
  const { stdout } = spawnSync('readelf', [option, '-W', join(PRODUCT, 'azure-vnet')], { encoding: 'utf8' });
  return stdout;
}

test('azure-vnet and azure-vnet-ipam are one file', () => {
  const [vnet, ipam] = ['azure-vnet', 'azure-vnet-ipam'].map((name) => statSync(join(PRODUCT, name)));
  assert.equal(vnet?.ino, ipam?.ino);
  assert.equal((vnet?.mode ?? 0) & 0o777, 0o755);
});

test('the executable is a static-pie without interpreter or libraries', () => {
  assert.match(readelf('-h'), /Type:\s+DYN/);
  assert.doesNotMatch(readelf('-l'), /INTERP/);
  assert.doesNotMatch(readelf('-d'), /NEEDED|TEXTREL/);
});

test('the executable has RELRO, BIND_NOW, no executable stack and no symbols', () => {
  const segments = readelf('-l');
  assert.match(segments, /GNU_RELRO/);
  assert.match(segments, /GNU_STACK.* RW /);
  assert.match(readelf('-d'), /BIND_NOW|FLAGS.*NOW/);
  assert.doesNotMatch(readelf('-S'), /\.symtab/);
});

test('-v and --version print four words, of which the fourth is the version', () => {
  for (const name of ['azure-vnet', 'azure-vnet-ipam']) {
    for (const argument of ['-v', '--version']) {
      const { status, stdout, stderr } = run(join(PRODUCT, name), [argument], {});
      assert.deepEqual([status, stdout, stderr], [0, `Azure CNI Version ${version()}\n`, '']);
    }
  }
});

test('VERSION is answered with one JSON document', () => {
  const { status, stdout, stderr } = run(join(PRODUCT, 'azure-vnet'), [], { CNI_COMMAND: 'VERSION' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.ok(JSON.parse(stdout).supportedVersions.includes('1.1.0'));
});

test('a closed stdout does not end the process by a signal', () => {
  const script = 'exec "$1" >&- 2>&- <&-';
  const { status, signal } = spawnSync('/bin/sh', ['-c', script, 'sh', join(PRODUCT, 'azure-vnet')], {
    env: { CNI_COMMAND: 'VERSION' },
    timeout: LIMIT_MS,
  });
  assert.deepEqual([status, signal], [0, null]);
});

test('kill points: 0 counts the calls, n ends the process before the n-th', () => {
  const path = join(WITH_KILL_POINTS, 'azure-vnet');
  const env = { CNI_COMMAND: 'VERSION' };
  const counted = run(path, [], { ...env, AZURE_VNET_KILL_AT: '0' });
  const calls = Number(/^(\d+) calls\n$/.exec(counted.stderr)?.[1]);
  assert.ok(calls > 0, counted.stderr);
  assert.equal(run(path, [], { ...env, AZURE_VNET_KILL_AT: '1' }).signal, 'SIGKILL');
  assert.equal(run(path, [], { ...env, AZURE_VNET_KILL_AT: String(calls) }).signal, 'SIGKILL');
  assert.equal(run(path, [], { ...env, AZURE_VNET_KILL_AT: String(calls + 1) }).status, 0);
});

test('the product has no kill points', () => {
  const path = join(PRODUCT, 'azure-vnet');
  const { signal, stderr } = run(path, [], { CNI_COMMAND: 'VERSION', AZURE_VNET_KILL_AT: '1' });
  assert.deepEqual([signal, stderr], [null, '']);
  assert.equal(readFileSync(path).includes('AZURE_VNET_KILL_AT'), false);
});

test('the configuration beside the executable is the one of conf/', () => {
  const [built, source] = [PRODUCT, join(ROOT, 'conf')].map((directory) =>
    readFileSync(join(directory, '10-azure.conflist'), 'utf8'),
  );
  assert.equal(built, source);
});
