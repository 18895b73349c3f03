/** The image of the tests: one static program, see ../image/who.c, in the format of `docker save`. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled } from '../../../scripts/build/compile.ts';
import { ROOT } from '../../../scripts/build/paths.ts';
import { exists, run } from '../../../scripts/build/run.ts';
import { tar } from '../../../scripts/release/tar.ts';

/** No registry has it: a runtime that wants to pull it fails. */
export const IMAGE = 'localhost/who:test';
/** The program inside the image. */
export const WHO = '/bin/who';

/** The program as a file of this machine, which the lab's VMs see too. */
export async function whoProgram(): Promise<string> {
  const directory = join(ROOT, 'test/clients/image');
  const compiler = (await exists('musl-gcc')) ? 'musl-gcc' : 'gcc';
  return await compiled({
    kind: 'who',
    file: 'who',
    sources: [join(directory, 'who.c')],
    inputs: [directory],
    compiler,
    flags: ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror'],
    finish: async (objects, output) => {
      await run([compiler, '-static', '-s', ...objects, '-o', output]);
    },
  });
}

/** The archive. Its command does nothing, so that it serves as pause image too. */
export async function imageArchive(): Promise<Buffer> {
  const who = readFileSync(await whoProgram());
  const layer = tar(
    [
      { kind: 'file', name: 'bin/who', mode: 0o755, content: who },
      { kind: 'file', name: 'etc/passwd', mode: 0o644, content: Buffer.from('root:x:0:0:root:/:/bin/who\n') },
    ],
    0,
  );
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: EPOCH,
      config: { Env: ['PATH=/bin'], Cmd: [WHO, 'pause'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: EPOCH }],
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [IMAGE], Layers: ['layer.tar'] }];
  return tar(
    [
      { kind: 'file', name: 'manifest.json', mode: 0o644, content: Buffer.from(JSON.stringify(manifest)) },
      { kind: 'file', name: configName, mode: 0o644, content: config },
      { kind: 'file', name: 'layer.tar', mode: 0o644, content: layer },
    ],
    0,
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const EPOCH = '1970-01-01T00:00:00Z';
