/**
 * make release: dist/release/azure-vnet-cni-<target>-v<version>.tgz, .zip for Windows, with the executables and the
 * network configuration, SHA256SUMS, the installers and the scripts for Docker. Two builds of the same source give the
 * same bytes. RELEASES_URL in the environment becomes the place from which the installers download. An argument names
 * another directory than dist.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, ROOT } from '../build/paths.ts';
import { TARGET_NAMES } from '../build/target.ts';
import { archiveName, archiveOf, DOCKER_SCRIPTS } from './archive.ts';
import { installerFor, powershellInstallerFor } from './installer.ts';

const RELEASE = join(process.argv[2] ?? DIST, 'release');

const INSTALLER = 'install-cni-plugin.sh';
const POWERSHELL_INSTALLER = 'install-cni-plugin.ps1';
const WINDOWS_DOCKER_SCRIPT = 'docker-exec.ps1';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

rmSync(RELEASE, { recursive: true, force: true });
mkdirSync(RELEASE, { recursive: true });
const sums = TARGET_NAMES.map((target) => {
  const name = archiveName(target, version);
  const bytes = archiveOf(target);
  writeFileSync(join(RELEASE, name), bytes);
  console.log(`dist/release/${name}: ${bytes.length.toLocaleString('en-US')} bytes`);
  return `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`;
});
writeFileSync(join(RELEASE, 'SHA256SUMS'), sums.join(''));
console.log('dist/release/SHA256SUMS');
const releasesUrl = process.env.RELEASES_URL ?? '';
release(INSTALLER, installerFor(source(INSTALLER), `v${version}`, releasesUrl));
release(
  POWERSHELL_INSTALLER,
  powershellInstallerFor(source(POWERSHELL_INSTALLER), `v${version}`, releasesUrl),
);
for (const script of [...DOCKER_SCRIPTS, WINDOWS_DOCKER_SCRIPT]) release(script, source(script));

function source(script: string): string {
  return readFileSync(join(ROOT, 'scripts', script), 'utf8');
}

function release(script: string, text: string): void {
  writeFileSync(join(RELEASE, script), text, { mode: 0o755 });
  console.log(`dist/release/${script}`);
}
