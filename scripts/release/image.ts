/**
 * make image: from dist/release, and the archives of containernetworking/plugins in the directory CNI_PLUGINS, the
 * context of an image (dist/image) and what kubectl applies (dist/deploy). Nothing is downloaded. An argument names
 * another directory than dist.
 *
 *   dist/image/Containerfile, dist/image/<processor>/{bin/busybox, bin/<applet>, entry.sh, releases/…, tmp}
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { version } from '../build/image.ts';
import { DIST, ROOT } from '../build/paths.ts';
import { busyboxOf, PROCESSORS, type Processor } from './busybox.ts';

const OUTPUT = process.argv[2] ?? DIST;
const RELEASE = join(OUTPUT, 'release');
const IMAGE = join(OUTPUT, 'image');
const DEPLOY = join(OUTPUT, 'deploy');
const SOURCES = join(ROOT, 'deploy');
const INSTALLER = 'install-cni-plugin.sh';
const DEFAULT_CNI_VERSION = 'v1.0.1';
const CNI_RELEASES = 'https://github.com/containernetworking/plugins/releases/download';

try {
  const cniVersion = process.env.CNI_VERSION ?? DEFAULT_CNI_VERSION;
  const plugins = cniPluginsDirectory(cniVersion);
  const sums = readFileSync(join(RELEASE, 'SHA256SUMS'), 'utf8') + cniSums(plugins, cniVersion);
  makeContext({ plugins, cniVersion, sums });
  makeDeployment(process.env.IMAGE ?? 'registry.example.com/azure-vnet-install', sums);
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

interface Parts {
  /** Directory of the archives of containernetworking/plugins. */
  readonly plugins: string;
  readonly cniVersion: string;
  /** SHA-256 of every archive, as sha256sum prints them. */
  readonly sums: string;
}

function makeContext(parts: Parts): void {
  rmSync(IMAGE, { recursive: true, force: true });
  for (const processor of PROCESSORS) makeRoot(join(IMAGE, processor), processor, parts);
  copyFileSync(join(SOURCES, 'Containerfile'), join(IMAGE, 'Containerfile'));
  console.log(`dist/image: context for ${PROCESSORS.join(' and ')}`);
}

/** The root file system of one image. */
function makeRoot(root: string, processor: Processor, { plugins, cniVersion, sums }: Parts): void {
  const releases = join(root, 'releases');
  for (const directory of [join(root, 'bin'), join(root, 'tmp'), releases]) {
    mkdirSync(directory, { recursive: true });
  }
  const busybox = join(root, 'bin/busybox');
  copyFileSync(busyboxOf(processor), busybox);
  chmodSync(busybox, 0o755);
  for (const applet of applets()) symlinkSync('busybox', join(root, 'bin', applet));
  copyFileSync(join(SOURCES, 'entry.sh'), join(root, 'entry.sh'));
  for (const name of [`azure-vnet-cni-linux-${processor}-${version()}.tgz`, INSTALLER]) {
    copyFileSync(join(RELEASE, name), join(releases, name));
  }
  const cniArchive = cniArchiveName(processor, cniVersion);
  copyFileSync(join(plugins, cniArchive), join(releases, cniArchive));
  writeFileSync(join(releases, 'SHA256SUMS'), sums);
  writeFileSync(join(releases, 'PLUGIN_VERSION'), version());
  writeFileSync(join(releases, 'CNI_VERSION'), cniVersion);
}

/** Those of this machine's busybox: Debian configures it alike for every processor. */
function applets(): string[] {
  const listed = execFileSync(busyboxOf(PROCESSORS[0]), ['--list'], { encoding: 'utf8' });
  return listed.split('\n').filter((name) => name !== '' && name !== 'busybox');
}

function makeDeployment(image: string, sums: string): void {
  rmSync(DEPLOY, { recursive: true, force: true });
  mkdirSync(DEPLOY, { recursive: true });
  const kustomization = readFileSync(join(SOURCES, 'kustomization.yaml'), 'utf8')
    .replace(/newName: .*/, () => `newName: ${image}`)
    .replace('newTag: VERSION', `newTag: ${version()}`);
  writeFileSync(join(DEPLOY, 'kustomization.yaml'), kustomization);
  copyFileSync(join(SOURCES, 'daemonset.yaml'), join(DEPLOY, 'daemonset.yaml'));
  writeFileSync(join(DEPLOY, 'SHA256SUMS'), sums);
  console.log(`dist/deploy: for kubectl apply -k, with image ${image}:${version()}`);
}

function cniPluginsDirectory(cniVersion: string): string {
  const directory = process.env.CNI_PLUGINS ?? '';
  const names = PROCESSORS.flatMap((processor) => {
    const name = cniArchiveName(processor, cniVersion);
    return [name, `${name}.sha256`];
  });
  const missing = names.filter((name) => directory === '' || !existsSync(join(directory, name)));
  if (missing.length === 0) return directory;
  const urls = missing.map((name) => `  ${CNI_RELEASES}/${cniVersion}/${name}`).join('\n');
  throw new Error(`put these into a directory and name it by CNI_PLUGINS=DIR:\n${urls}`);
}

/** Lines of SHA256SUMS; throws for an archive that is not what its own checksum says. */
function cniSums(directory: string, cniVersion: string): string {
  const lines = PROCESSORS.map((processor) => {
    const name = cniArchiveName(processor, cniVersion);
    const sum = createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
    const [expected] = readFileSync(join(directory, `${name}.sha256`), 'utf8')
      .trim()
      .split(/\s/);
    if (sum !== expected) throw new Error(`${name} is damaged: its SHA-256 is ${sum}, expected ${expected}`);
    return `${sum}  ${name}\n`;
  });
  return lines.join('');
}

function cniArchiveName(processor: Processor, cniVersion: string): string {
  return `cni-plugins-linux-${processor}-${cniVersion}.tgz`;
}
