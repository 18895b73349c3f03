/**
 * What `make image` makes for a cluster: the objects, typed as Kubernetes has them, and the image, built from its
 * recipe and run by podman as the DaemonSet says, in network and mount namespaces of its own.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Lab, type Vm } from '../../lab/lab.ts';
import { version } from '../../scripts/build/image.ts';
import { ROOT } from '../../scripts/build/paths.ts';
import { cgroupParent, removeCgroups } from '../clients/support/cgroups.ts';
import { ApiServer } from './support/api-server.ts';
import { CNI, makeReleases } from './support/releases.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const IMAGE = 'registry.test/azure-vnet-install';
const WAIT_MS = 90_000;

const output = mkdtempSync(join(tmpdir(), 'azure-vnet-image-'));
const deployment = join(output, 'deploy');

interface KubernetesObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

before(() => {
  const plugins = join(output, 'cni');
  mkdirSync(plugins);
  for (const [path, content] of makeReleases()) {
    if (path.startsWith(`/${CNI}/`)) writeFileSync(join(plugins, basename(path)), content);
  }
  const env = { ...process.env, CNI_PLUGINS: plugins, CNI_VERSION: CNI, IMAGE };
  for (const script of ['main', 'image']) {
    const argv = ['--import', 'tsx', join(ROOT, `scripts/release/${script}.ts`), output];
    execFileSync(process.execPath, argv, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
});
after(() => rmSync(output, { recursive: true, force: true }));

describe('deploy/, as kubectl sees it', () => {
  let objects: KubernetesObject[] = [];
  before(() => {
    const rendered = execFileSync('kubectl', ['kustomize', deployment]);
    // --local asks no server; what comes out are the objects as kubectl has understood them.
    const argv = ['label', '--local', '-f', '-', '-o', 'json', 'checked=yes'];
    const json = execFileSync('kubectl', argv, { input: rendered, encoding: 'utf8' });
    objects = json
      .split(/^(?=\{)/m)
      .filter((text) => text.trim() !== '')
      .map((text): KubernetesObject => JSON.parse(text));
  });
  const one = (kind: string) => objects.find((object) => object.kind === kind) ?? assert.fail(`no ${kind}`);

  test('is a DaemonSet and its checksums, in kube-system', () => {
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), ['ConfigMap', 'DaemonSet']);
    for (const { metadata } of objects) assert.equal(metadata.namespace, 'kube-system');
  });

  test('is what kubectl apply -k takes, by the checks that it makes itself', async () => {
    const server = await ApiServer.start();
    try {
      const argv = [
        '--server',
        server.url,
        'apply',
        '-k',
        deployment,
        '--dry-run=client',
        '--validate=false',
      ];
      // No configuration of whoever runs the tests.
      const env = { ...process.env, KUBECONFIG: '/dev/null', HOME: output };
      const { stdout } = await promisify(execFile)('kubectl', argv, { env, timeout: WAIT_MS });
      assert.match(stdout, /^configmap\/azure-vnet-checksums-\w+ created \(dry run\)$/m);
      assert.match(stdout, /^daemonset\.apps\/azure-vnet-install created \(dry run\)$/m);
    } finally {
      server.stop();
    }
  });

  test('has no field that Kubernetes does not know, and none of another type', () => {
    const typed = (kind: string, path: string) =>
      `import type { ${kind} } from 'kubernetes-types/${path}';\nexport const checked: ${kind} = ${JSON.stringify(one(kind))};\n`;
    const files = { daemonset: typed('DaemonSet', 'apps/v1'), configmap: typed('ConfigMap', 'core/v1') };
    assert.deepEqual(typeProblems(files), []);
    const misspelt = { wrong: files.daemonset.replace('"hostNetwork":true', '"hostNetWork":true') };
    assert.match(typeProblems(misspelt).join(), /hostNetWork/, 'a wrong field would be seen');
  });

  test('names this version of the image and the checksums of what is in it', () => {
    const { data } = one('ConfigMap') as KubernetesObject & { data: Record<string, string> };
    const text = JSON.stringify(one('DaemonSet'));
    assert.ok(text.includes(`"image":"${IMAGE}:${version()}"`));
    assert.ok(
      text.includes(`"configMap":{"name":"${one('ConfigMap').metadata.name}"}`),
      'by the name with the hash',
    );
    for (const processor of ['amd64', 'arm64']) {
      const releases = join(output, 'image', processor, 'releases');
      assert.equal(readFileSync(join(releases, 'SHA256SUMS'), 'utf8'), data.SHA256SUMS);
      const options = { cwd: releases, encoding: 'utf8' } as const;
      const { status, stdout } = spawnSync('sha256sum', ['-c', '--ignore-missing', 'SHA256SUMS'], options);
      assert.equal(status, 0, stdout);
      assert.equal(stdout.trim().split('\n').length, 2, 'both archives');
    }
  });

  test('may write to two directories of the node and nothing else', () => {
    const { spec } = one('DaemonSet') as KubernetesObject & {
      spec: {
        template: {
          spec: { volumes: { hostPath?: { path: string } }[]; containers: { securityContext: object }[] };
        };
      };
    };
    const paths = spec.template.spec.volumes.flatMap(({ hostPath }) => hostPath?.path ?? []);
    assert.deepEqual(paths, ['/opt/cni/bin', '/etc/cni/net.d']);
    assert.deepEqual(spec.template.spec.containers[0]?.securityContext, {
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });
});

describe('the image', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let node = '';
  let nodes = 0;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null });
    mkdirSync(join(output, 'podman'));
    writeFileSync(join(output, 'podman/containers.conf'), CONTAINERS_CONF);
    for (const processor of ['arm64', 'amd64']) {
      const argv = ['build', '--quiet', '--isolation', 'chroot', '--platform', `linux/${processor}`];
      await mustPodman(...argv, '--tag', `${IMAGE}:${processor}`, join(output, 'image'));
    }
  });
  after(async () => {
    await podman('rm', '--all', '--force', '--time', '0');
    // Mounts are in the VM's namespace and end with it.
    await lab.close();
    removeCgroups(cgroupParent(lab));
  });
  beforeEach(() => {
    node = join(output, `node${nodes++}`);
    for (const name of ['bin', 'conf', 'tmp']) mkdirSync(join(node, name), { recursive: true });
  });

  const podman = (...words: readonly string[]) => {
    const at = (name: string) => join(output, 'podman', name);
    const global = ['--root', at('root'), '--runroot', at('run'), '--tmpdir', at('tmp')];
    const env = { ...process.env, CONTAINERS_CONF: at('containers.conf'), HOME: output };
    return vm.exec(['podman', ...global, ...words], { env });
  };
  const mustPodman = async (...words: readonly string[]) => {
    const { status, stdout, stderr } = await podman(...words);
    assert.equal(status, 0, `podman ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  /** Flags of `podman run` for what the DaemonSet has. The libraries are those that Debian's portmap is linked with. */
  const flags = (checksums: string) => [
    ...['--network', 'none', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--read-only'],
    ...['--cgroup-parent', cgroupParent(lab), '--env', 'LOOK_S=1'],
    ...[
      [join(node, 'bin'), '/opt/cni/bin'],
      [join(node, 'conf'), '/etc/cni/net.d'],
      [join(node, 'tmp'), '/tmp'],
      [checksums, '/checksums:ro'],
      ['/lib', '/lib:ro'],
      ['/lib64', '/lib64:ro'],
    ].flatMap(([from, to]) => ['--volume', `${from}:${to}`]),
  ];
  const isReady = () => readdirSync(join(node, 'tmp')).includes('installed');

  test('is there for both processors', async () => {
    for (const processor of ['amd64', 'arm64']) {
      const found = await mustPodman(
        'inspect',
        '--format',
        '{{.Os}}/{{.Architecture}}',
        `${IMAGE}:${processor}`,
      );
      assert.equal(found, `linux/${processor}`);
    }
    // e_machine of ELF: EM_AARCH64.
    assert.equal(readFileSync(join(output, 'image/arm64/bin/busybox')).readUInt16LE(18), 183);
  });

  test('installs, says when it is ready, puts back what is taken away, and ends when asked', async () => {
    await mustPodman('run', '--detach', '--name', 'install', ...flags(deployment), `${IMAGE}:amd64`);
    await until('it is ready', isReady);
    for (const name of ['azure-vnet', 'azure-vnet-ipam', 'portmap', 'loopback']) {
      const { mode, uid } = statSync(join(node, 'bin', name));
      assert.deepEqual([name, mode & 0o7777, uid], [name, 0o755, 0]);
    }
    const conflist = join(node, 'conf/10-azure.conflist');
    const edited = readFileSync(conflist, 'utf8').replace('azure0', 'azure9');
    writeFileSync(conflist, edited);
    rmSync(join(node, 'bin/portmap'));
    writeFileSync(join(node, 'bin/loopback'), 'of somebody else');
    await until('both are back', () => {
      const names = readdirSync(join(node, 'bin'));
      return names.includes('portmap') && statSync(join(node, 'bin/loopback')).size > 1000;
    });
    await until('it is ready again', isReady);
    assert.equal(readFileSync(conflist, 'utf8'), edited, 'an edited configuration stays');
    const log = await mustPodman('logs', 'install');
    assert.match(log, /something of it is gone or was changed; installing it again/);
    assert.doesNotMatch(log, /iptables|apt/, 'programs of the image are not those of the node');
    // SIGKILL would come after 60 s, and the status would be 137.
    await mustPodman('stop', '--time', '60', 'install');
    assert.equal(await mustPodman('inspect', '--format', '{{.State.ExitCode}}', 'install'), '0');
  });

  for (const [what, change, said] of [
    [
      'other checksums than the cluster has',
      (text: string) => text.replace(/^./, 'x'),
      /the checksums of this image are not those of/,
    ],
    ['no checksums of the cluster', () => undefined, /there is no \/checksums\/SHA256SUMS: mount/],
  ] as const) {
    test(`installs nothing with ${what}`, async () => {
      const checksums = join(node, 'checksums');
      mkdirSync(checksums);
      const text = change(readFileSync(join(deployment, 'SHA256SUMS'), 'utf8'));
      if (text !== undefined) writeFileSync(join(checksums, 'SHA256SUMS'), text);
      const { status, stdout, stderr } = await podman('run', '--rm', ...flags(checksums), `${IMAGE}:amd64`);
      assert.equal(status, 1, stdout);
      assert.match(stderr, said);
      for (const name of ['bin', 'conf', 'tmp']) assert.deepEqual(readdirSync(join(node, name)), [], name);
    });
  }

  test('has an entry point that is clean for shellcheck', () => {
    const argv = ['-s', 'sh', join(ROOT, 'deploy/entry.sh')];
    const { status, stdout } = spawnSync('shellcheck', argv, { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, '']);
  });
});

/** What the compiler says of files with these texts, by name. */
function typeProblems(files: Readonly<Record<string, string>>): string[] {
  // Beside node_modules, where the types are found.
  const directory = mkdtempSync(join(ROOT, '.cache/typed-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, `${name}.ts`), text);
    const options = {
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        types: [],
        skipLibCheck: true,
      },
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(options));
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory], {
      encoding: 'utf8',
    });
    return stdout.split('\n').filter((line) => line.includes('error'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `${what} within ${WAIT_MS / 1000} s`);
    await sleep(50);
  }
}

/** Limits below those of this process: a container that may not raise its own cannot have podman's defaults. */
const CONTAINERS_CONF = `[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
`;
