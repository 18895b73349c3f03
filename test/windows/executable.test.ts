/** The form of the executable for Windows and of its archive; nothing is run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { unzipSync } from 'fflate';
import { version } from '../../scripts/build/image.ts';
import { DIST, ROOT } from '../../scripts/build/paths.ts';
import { WINDOWS_TARGET } from '../../scripts/build/target.ts';
import { archiveOf } from '../../scripts/release/archive.ts';

const EXECUTABLE = join(DIST, WINDOWS_TARGET, 'azure-vnet.exe');
const headers = execFileSync('x86_64-w64-mingw32-objdump', ['-p', EXECUTABLE], { encoding: 'utf8' });

test('the executable needs only DLLs that Windows loads from its own directory (KnownDLLs)', () => {
  const names = [...headers.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name?.toLowerCase());
  assert.deepEqual(names.sort(), ['advapi32.dll', 'kernel32.dll', 'msvcrt.dll', 'ws2_32.dll']);
});

test('the executable has random addresses above 4 GB, no executable data, no time of its build', () => {
  for (const flag of ['HIGH_ENTROPY_VA', 'DYNAMIC_BASE', 'NX_COMPAT'])
    assert.ok(headers.includes(flag), flag);
  assert.match(headers, /Time\/Date\s+Thu Jan {2}1 00:00:00 1970/);
});

test('the executable tells its version in its properties', () => {
  const text = (value: string) => Buffer.from(value, 'utf16le');
  const bytes = readFileSync(EXECUTABLE);
  const at = bytes.indexOf(text('ProductVersion'));
  assert.ok(at > 0 && bytes.subarray(at, at + 80).includes(text(version().slice(1))));
});

test('the product has neither kill points nor a way to other DLLs', () => {
  const bytes = readFileSync(EXECUTABLE);
  for (const name of ['AZURE_VNET_KILL_AT', 'AZURE_VNET_HNS']) {
    assert.equal(bytes.includes(name) || bytes.includes(Buffer.from(name, 'utf16le')), false, name);
  }
});

test('the plugin in it is the one for Windows: platform-windows.ts has taken the place of platform.ts', () => {
  const bytes = readFileSync(EXECUTABLE);
  assert.deepEqual([bytes.includes('ProgramData'), bytes.includes('/run/azure-vnet')], [true, false]);
});

test('the archive has both executables, the configuration and the licences at its top', () => {
  const files = unzipSync(archiveOf(WINDOWS_TARGET));
  assert.deepEqual(Object.keys(files).sort(), [
    '10-azure.conflist',
    'LICENSE',
    'NOTICE',
    'azure-vnet-ipam.exe',
    'azure-vnet.exe',
  ]);
  const text = (name: string) => Buffer.from(files[name] ?? []).toString();
  assert.equal(text('10-azure.conflist'), readFileSync(join(ROOT, 'conf/windows/10-azure.conflist'), 'utf8'));
  assert.ok(readFileSync(EXECUTABLE).equals(files['azure-vnet.exe'] ?? Buffer.of()));
  assert.ok(readFileSync(EXECUTABLE).equals(files['azure-vnet-ipam.exe'] ?? Buffer.of()));
});
