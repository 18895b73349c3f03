/** The scripts as text, and as make release puts them beside the archives and into them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../../scripts/build/paths.ts';
import { archiveOf, DOCKER_SCRIPTS } from '../../scripts/release/archive.ts';
import { installerFor } from '../../scripts/release/installer.ts';
import { tar } from '../../scripts/release/tar.ts';
import { SCRIPT } from './support/machine.ts';
import { plain } from './support/releases.ts';

for (const script of [SCRIPT, ...DOCKER_SCRIPTS.map((name) => join(ROOT, 'scripts', name))]) {
  for (const shell of ['dash', 'bash']) {
    test(`${basename(script)} is accepted by ${shell}`, () => {
      execFileSync(shell, ['-n', script]);
    });
  }

  test(`${basename(script)} is clean for shellcheck`, () => {
    for (const shell of ['sh', 'dash', 'bash']) {
      const { status, stdout } = spawnSync('shellcheck', ['-s', shell, script], { encoding: 'utf8' });
      assert.deepEqual([status, stdout], [0, '']);
    }
  });
}

test('archiveOf() has plugin, configuration, licences and the scripts and the unit for Docker', () => {
  const archive = archiveOf('linux-amd64');
  const listed = execFileSync('tar', ['-tz'], { input: archive, encoding: 'utf8' }).trim().split('\n');
  assert.deepEqual(listed, [
    '10-azure.conflist',
    'LICENSE',
    'NOTICE',
    'azure-vnet',
    'azure-vnet-docker.service',
    'azure-vnet-ipam',
    ...DOCKER_SCRIPTS,
  ]);
});

test('archiveOf() gives the same bytes for the same build', () => {
  const archive = archiveOf('linux-amd64');
  assert.deepEqual(archiveOf('linux-amd64'), archive);
  assert.equal(archive.readUInt32LE(4), 0, 'no time in the header of gzip');
  assert.equal(gunzipSync(archive).length % 10240, 0);
});

test('tar() makes what tar(1) lists: sorted, of root, at one time', () => {
  const archive = tar(
    [
      { kind: 'link', name: 'second', mode: 0o755, target: 'first' },
      plain('zero', Buffer.alloc(512, 'z')),
      { kind: 'file', name: 'first', mode: 0o640, content: Buffer.from('text') },
      plain('empty', Buffer.alloc(0)),
    ],
    1_700_000_000,
  );
  const options = { input: archive, encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } } as const;
  const listed = execFileSync('tar', ['-tv', '--full-time'], options).trim().split('\n');
  assert.deepEqual(
    listed.map((line) => line.replace(/ +/g, ' ')),
    [
      '-rwxr-xr-x root/root 0 2023-11-14 22:13:20 empty',
      '-rw-r----- root/root 4 2023-11-14 22:13:20 first',
      'hrwxr-xr-x root/root 0 2023-11-14 22:13:20 second link to first',
      '-rwxr-xr-x root/root 512 2023-11-14 22:13:20 zero',
    ],
  );
  assert.equal(execFileSync('tar', ['-xO', 'first'], options), 'text');
});

test('tar() refuses a link before its target and a long name', () => {
  const link = { kind: 'link', name: 'a', mode: 0o755, target: 'b' } as const;
  assert.throws(() => tar([link, plain('b', Buffer.alloc(0))], 0), /a comes before its target b/);
  assert.throws(() => tar([plain('x'.repeat(101), Buffer.alloc(0))], 0), /longer than 100 bytes/);
});

test('installerFor() gives the installer its version and place, and accepts a URL only', () => {
  const script = readFileSync(SCRIPT, 'utf8');
  const lines = installerFor(script, 'v1.2.3', 'https://example.com/releases/').split('\n');
  const changed = lines.filter((line, i) => line !== script.split('\n')[i]);
  assert.deepEqual(changed, ["RELEASES_URL='https://example.com/releases'", "PLUGIN_VERSION='v1.2.3'"]);
  assert.throws(() => installerFor(script, 'v1', "https://x/'; echo"), /RELEASES_URL is/);
});
