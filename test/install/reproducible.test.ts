/**
 * A release from another directory, by another umask, locale and time zone, has the same bytes. The engine, which
 * takes a minute, is not compiled again; instead its text after preprocessing is shown not to know where it is.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { version } from '../../scripts/build/image.ts';
import { CACHE, engineDirectory, ROOT } from '../../scripts/build/paths.ts';
import { findToolchain, TARGET_NAMES } from '../../scripts/build/target.ts';
import { archiveName, archiveOf } from '../../scripts/release/archive.ts';

const LIMIT_MS = 600_000;
const SOURCES = ['conf', 'native', 'scripts', 'src', 'LICENSE', 'NOTICE', 'package.json', 'tsconfig.json'];
const KEPT_IN_CACHE = /^(engine|qjsc)-[0-9a-f]+$|^cross$/;

const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-elsewhere-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('make release gives the same bytes in another directory', () => {
  const copy = join(directory, 'a copy with another name');
  mkdirSync(join(copy, '.cache'), { recursive: true });
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const name of readdirSync(CACHE).filter((each) => KEPT_IN_CACHE.test(each))) {
    symlinkSync(join(CACHE, name), join(copy, '.cache', name));
  }
  const script =
    'umask 077; node --import tsx scripts/build/main.ts "$@" && node --import tsx scripts/release/main.ts';
  execFileSync('sh', ['-c', script, 'sh', '--product-only', ...TARGET_NAMES], {
    cwd: copy,
    env: { ...process.env, TZ: 'Asia/Seoul', LC_ALL: 'C', RELEASES_URL: '' },
    timeout: LIMIT_MS,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const released = join(copy, 'dist/release');
  for (const target of TARGET_NAMES) {
    const name = archiveName(target, version().slice(1));
    assert.ok(archiveOf(target).equals(readFileSync(join(released, name))), `${name} differs`);
  }
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: released, stdio: 'ignore' });
});

for (const target of TARGET_NAMES) {
  test(`the engine for ${target} does not know its directory`, async () => {
    const { compiler, compileFlags } = await findToolchain(target);
    const elsewhere = join(directory, target);
    cpSync(engineDirectory(), elsewhere, { recursive: true });
    for (const name of ['quickjs.c', 'libregexp.c', 'libunicode.c', 'dtoa.c']) {
      const [there, here] = [elsewhere, engineDirectory()].map((path) =>
        execFileSync(compiler, [...compileFlags, '-E', '-P', join(path, name)], { maxBuffer: 1 << 26 }),
      );
      assert.ok(there?.equals(here ?? Buffer.of()), name);
    }
  });
}
