/** What a release archive holds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Zippable, zipSync } from 'fflate';
import { DIST, ROOT } from '../build/paths.ts';
import { type TargetName, WINDOWS_TARGET } from '../build/target.ts';
import { tar } from './tar.ts';

/** Of every file in an archive: no build leaves its time in it. 2024-01-01 00:00:00 UTC. */
const MTIME_S = 1_704_067_200;

/** Thin scripts over `azure-vnet docker`, in the archive and beside it. */
export const DOCKER_SCRIPTS = ['docker-del.sh', 'docker-run.sh', 'docker-watch.sh'] as const;

/** The time of a zip archive has no time zone; fflate takes it from the local one. */
const MTIME_LOCAL = new Date(2024, 0, 1);
/** Of an archive that was made on Unix: then the upper half of the attributes is a file mode. */
const UNIX = 3;

/** Name of the archive of a target in a release of this version. */
export function archiveName(target: TargetName, version: string): string {
  return `azure-vnet-cni-${target}-v${version}.${target === WINDOWS_TARGET ? 'zip' : 'tgz'}`;
}

/** The archive of a target that make build has made. */
export function archiveOf(target: TargetName): Buffer {
  const directory = join(DIST, target);
  return target === WINDOWS_TARGET ? zipOf(directory) : tarballOf(directory);
}

/** Windows unpacks zip by itself. The format knows no links: both executables are in it. */
function zipOf(directory: string): Buffer {
  const file = (path: string, mode: number): Zippable[string] => [
    readFileSync(path),
    { level: 9, mtime: MTIME_LOCAL, os: UNIX, attrs: (0o100000 | mode) << 16 },
  ];
  return Buffer.from(
    zipSync({
      '10-azure.conflist': file(join(directory, '10-azure.conflist'), 0o644),
      LICENSE: file(join(ROOT, 'LICENSE'), 0o644),
      NOTICE: file(join(ROOT, 'NOTICE'), 0o644),
      'azure-vnet-ipam.exe': file(join(directory, 'azure-vnet-ipam.exe'), 0o755),
      'azure-vnet.exe': file(join(directory, 'azure-vnet.exe'), 0o755),
    }),
  );
}

/** Compressed. The two executables are one file. */
function tarballOf(directory: string): Buffer {
  const archive = tar(
    [
      file('10-azure.conflist', 0o644, join(directory, '10-azure.conflist')),
      file('LICENSE', 0o644, join(ROOT, 'LICENSE')),
      file('NOTICE', 0o644, join(ROOT, 'NOTICE')),
      file('azure-vnet', 0o755, join(directory, 'azure-vnet')),
      file('azure-vnet-docker.service', 0o644, join(ROOT, 'conf/azure-vnet-docker.service')),
      ...DOCKER_SCRIPTS.map((name) => file(name, 0o755, join(ROOT, 'scripts', name))),
      { kind: 'link', name: 'azure-vnet-ipam', mode: 0o755, target: 'azure-vnet' },
    ],
    MTIME_S,
  );
  const compressed = gzipSync(archive, { level: 9 });
  // RFC 1952 §2.3: node:zlib writes no time and no name; the ninth byte, the system, is told as unknown.
  compressed[9] = 255;
  return compressed;
}

function file(name: string, mode: number, path: string) {
  return { kind: 'file', name, mode, content: readFileSync(path) } as const;
}
