/** scripts/install-cni-plugin.sh against a release server on this machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Machine, SCRIPT } from './support/machine.ts';
import { CNI, type Fault, makeReleases, NEXT, OURS, ReleaseServer } from './support/releases.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const PLUGINS = ['azure-vnet', 'azure-vnet-ipam', 'loopback', 'portmap'];
const CONFLIST = '/etc/cni/net.d/10-azure.conflist';

describe('install-cni-plugin.sh', { skip }, () => {
  let server: ReleaseServer;
  let machine: Machine;
  const files = skip === false ? makeReleases() : new Map<string, Buffer>();
  before(async () => {
    server = await ReleaseServer.start(files);
  });
  after(() => server.stop());
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => {
    server.faults.clear();
    machine.remove();
  });

  const install = (version = OURS, shell = 'sh', prepare = '') =>
    machine.install(['--base-url', server.url, version, CNI], shell, prepare);
  const mustInstall = async (version = OURS) => {
    const ended = await install(version);
    assert.equal(ended.status, 0, ended.stderr);
    return ended;
  };

  for (const shell of ['dash', 'bash']) {
    test(`installs plugins and configuration with ${shell}, as root's and executable`, async () => {
      const { status, stdout, stderr } = await install(OURS, shell);
      assert.deepEqual([status, stderr], [0, ''], stdout);
      assert.match(stdout, /: ln -s \/opt\/cni\/bin\/azure-vnet \/usr\/local\/bin\/$/m);
      for (const name of PLUGINS) {
        const { mode, uid } = statSync(machine.path(`/opt/cni/bin/${name}`));
        assert.deepEqual([name, mode & 0o7777, uid], [name, 0o755, 0]);
      }
      const inode = (name: string) => statSync(machine.path(`/opt/cni/bin/${name}`)).ino;
      assert.equal(inode('azure-vnet'), inode('azure-vnet-ipam'), 'one file with two names');
      assert.equal(statSync(machine.path(CONFLIST)).mode & 0o7777, 0o644);
      assert.equal(JSON.parse(readFileSync(machine.path(CONFLIST), 'utf8')).name, 'azure');
      const names = Object.keys(machine.snapshot()).filter(
        (path) => !/^(opt|etc-cni|run|tmp)(\/[a-z]+)*(\.d)?$/.test(path),
      );
      const expected = ['azure-vnet', 'azure-vnet-ipam', '.azure-vnet-cni.sha256'];
      const left = names.map((path) => basename(path)).filter((name) => !expected.includes(name));
      assert.deepEqual(left, ['10-azure.conflist'], 'nothing temporary is left');
    });
  }

  test('a second time changes nothing', async () => {
    await mustInstall();
    const before = machine.snapshot();
    const inode = statSync(machine.path('/opt/cni/bin/azure-vnet')).ino;
    const { stdout } = await mustInstall();
    assert.match(stdout, /all was there already/);
    assert.deepEqual(machine.snapshot(), before);
    assert.equal(statSync(machine.path('/opt/cni/bin/azure-vnet')).ino, inode);
  });

  test('upgrades in place, while the old plugin runs, and goes back', async () => {
    await mustInstall();
    const old = machine.path('/opt/cni/bin/azure-vnet');
    const running = execFileSync('sh', ['-c', 'exec 3<"$1"; stat -L -c %h /proc/self/fd/3', 'sh', old]);
    assert.equal(Number(running), 2);
    await mustInstall(NEXT);
    assert.match(readFileSync(old, 'utf8'), /"next":true/);
    assert.equal(statSync(old).ino, statSync(`${old}-ipam`).ino);
    assert.match(
      readFileSync(machine.path(CONFLIST), 'utf8'),
      /"1\.0\.0"/,
      'an unedited configuration is replaced',
    );
    const { stdout } = await mustInstall();
    assert.match(stdout, /installed azure-vnet azure-vnet-ipam 10-azure\.conflist$/m);
  });

  test('leaves an edited configuration alone and says so', async () => {
    await mustInstall();
    const edited = readFileSync(machine.path(CONFLIST), 'utf8').replace('azure0', 'azure9');
    writeFileSync(machine.path(CONFLIST), edited);
    const { stdout } = await mustInstall(NEXT);
    assert.match(
      stdout,
      /10-azure\.conflist was edited and is left as it is; .* is .*10-azure\.conflist\.new$/m,
    );
    assert.equal(readFileSync(machine.path(CONFLIST), 'utf8'), edited);
    assert.match(readFileSync(machine.path(`${CONFLIST}.new`), 'utf8'), /"1\.0\.0"/);
    assert.match(readFileSync(machine.path('/opt/cni/bin/azure-vnet'), 'utf8'), /"next":true/);
  });

  test('leaves a configuration alone that was there before', async () => {
    mkdirSync(machine.path('/etc/cni/net.d'), { recursive: true });
    writeFileSync(machine.path(CONFLIST), '{}');
    assert.match((await mustInstall()).stdout, /was edited and is left as it is/);
    assert.equal(readFileSync(machine.path(CONFLIST), 'utf8'), '{}');
  });

  test('tells of a configuration that runtimes take before', async () => {
    mkdirSync(machine.path('/etc/cni/net.d'), { recursive: true });
    writeFileSync(machine.path('/etc/cni/net.d/05-other.conf'), '{}');
    assert.match((await mustInstall()).stdout, /runtimes take \S+05-other\.conf before/);
  });

  test('installs from a directory, to other directories', async () => {
    const directory = machine.path('/tmp');
    for (const [path, content] of files) {
      if (path.startsWith(`/${OURS}/`) || path.startsWith(`/${CNI}/`))
        writeFileSync(`${directory}/${basename(path)}`, content);
    }
    const ended = await machine.install(
      ['--from', directory, '--bin-dir', '/opt/x y', '--conf-dir', '/run/conf/'],
      'sh',
    );
    assert.equal(ended.status, 0, ended.stderr);
    assert.ok(existsSync(machine.path('/opt/x y/portmap')));
    assert.ok(existsSync(machine.path('/run/conf/10-azure.conflist')));
    assert.equal(existsSync(machine.path('/opt/cni')), false);
  });

  test('says what a directory has instead of the archive, and where the other one is', async () => {
    const directory = machine.path('/tmp');
    for (const [path, content] of files) {
      if (path.startsWith(`/${OURS}/`)) writeFileSync(`${directory}/${basename(path)}`, content);
    }
    const other = await machine.install(['--from', directory, 'v1.4.20', CNI]);
    assert.deepEqual([other.status, other.stderr.endsWith(`: no such file; there is ${OURS}\n`)], [1, true]);
    const half = await machine.install(['--from', directory, OURS, CNI]);
    assert.equal(half.status, 1);
    assert.match(
      half.stderr,
      /: no such file; get it from https:\/\/github\.com\/\S+\/v1\.0\.1\/cni-plugins-\S+\.tgz$/m,
    );
  });

  test('--dry-run verifies and changes nothing', async () => {
    const before = machine.snapshot();
    const { status, stdout } = await machine.install(['--dry-run', '--base-url', server.url, OURS, CNI]);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /both archives are verified; would install azure-vnet azure-vnet-ipam portmap loopback to/,
    );
    assert.deepEqual(machine.snapshot(), before);
    server.faults.set('SHA256SUMS', 'missing');
    assert.equal((await machine.install(['--dry-run', '--base-url', server.url, OURS, CNI])).status, 1);
  });

  test('--uninstall removes what was installed and keeps what is not as it was', async () => {
    await mustInstall();
    writeFileSync(machine.path('/opt/cni/bin/portmap'), 'of somebody else');
    writeFileSync(machine.path(CONFLIST), '{}');
    const { status, stdout } = await machine.install(['--uninstall']);
    assert.equal(status, 0);
    assert.match(stdout, /left \/opt\/cni\/bin\/portmap alone/);
    assert.match(stdout, /kept the edited \S+ as \S+\.saved/);
    const left = Object.keys(machine.snapshot()).filter(
      (path) => !/^(opt|etc-cni|run|tmp)(\/(cni|bin|net\.d))*$/.test(path),
    );
    assert.deepEqual(left, ['etc-cni/net.d/10-azure.conflist.saved', 'opt/cni/bin/portmap']);
    assert.equal((await machine.install(['--uninstall'])).status, 0, 'a second time is no error');
  });

  test('--uninstall refuses while the node runs over the bridge', async () => {
    await mustInstall();
    mkdirSync(machine.path('/run/azure-vnet/networks'), { recursive: true });
    writeFileSync(machine.path('/run/azure-vnet/networks/azure'), '{}');
    const before = machine.snapshot();
    const { status, stderr } = await machine.install(['--uninstall']);
    assert.equal(status, 1);
    assert.match(stderr, /run \/opt\/cni\/bin\/azure-vnet uninstall first/);
    assert.deepEqual(machine.snapshot(), before);
  });

  const faults: readonly (readonly [string, Fault, RegExp])[] = [
    [`${OURS}.tgz`, 'missing', /cannot get \S+\/azure-vnet-cni-linux-\w+-v0\.1\.0\.tgz: .*404/],
    [`${CNI}.tgz`, 'missing', /cannot get \S+\/cni-plugins-linux-\w+-v1\.0\.1\.tgz: .*404/],
    ['SHA256SUMS', 'missing', /cannot get \S+\/SHA256SUMS: .*404/],
    ['.sha256', 'missing', /cannot get \S+\.tgz\.sha256: .*404/],
    [`${OURS}.tgz`, 'error', /cannot get .*403/],
    [`${OURS}.tgz`, 'truncated', /cannot get/],
    [`${CNI}.tgz`, 'truncated', /cannot get/],
    [`${OURS}.tgz`, 'corrupt', /is damaged or not what was released: its SHA-256 is [0-9a-f]{64}, expected/],
    [`${CNI}.tgz`, 'corrupt', /is damaged or not what was released/],
    ['SHA256SUMS', 'truncated', /cannot get/],
  ];
  for (const [file, fault, said] of faults) {
    test(`changes nothing when ${file} is ${fault}, on a new machine and on one with plugins`, async () => {
      for (const version of [undefined, NEXT]) {
        if (version !== undefined) {
          server.faults.clear();
          await mustInstall(version);
        }
        server.faults.set(file, fault);
        const before = machine.snapshot();
        const { status, stderr } = await install();
        assert.equal(status, 1);
        assert.match(stderr, said);
        assert.deepEqual(machine.snapshot(), before);
      }
    });
  }

  test('changes nothing when there is no space', async () => {
    for (const [where, directory] of [
      ['size=64k', '/opt'],
      ['size=4k,nr_inodes=2', '/etc/cni'],
    ] as const) {
      const before = machine.snapshot();
      // Looked at from inside, as the file system ends with the namespace.
      const prepare = `mount -t tmpfs -o ${where} none ${directory}`;
      const check = 'sh "$0" "$@"; status=$?; find /opt /etc/cni -mindepth 1; exit $status';
      const words = ['-c', check, SCRIPT, '--base-url', server.url, OURS, CNI];
      const { status, stdout, stderr } = await machine.run(['sh', ...words], prepare);
      assert.equal(status, 1, stdout);
      assert.match(stderr, /which has \d+ KiB of free space: /);
      assert.doesNotMatch(stdout, /^\//m, 'nothing is left');
      assert.deepEqual(machine.snapshot(), before);
    }
  });

  test('puts the plugins back when the configuration cannot be replaced', async () => {
    await mustInstall(NEXT);
    const before = machine.snapshot();
    // Nothing can be renamed over a mount point.
    const { status, stderr } = await install(
      OURS,
      'sh',
      'mount --bind /etc/cni/net.d/10-azure.conflist /etc/cni/net.d/10-azure.conflist',
    );
    assert.equal(status, 1);
    assert.match(stderr, /not finished; the plugins are as they were/);
    assert.deepEqual(machine.snapshot(), before);
  });

  test('changes nothing without root', async () => {
    const before = machine.snapshot();
    const words = [
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      'sh',
      SCRIPT,
      '--base-url',
      server.url,
      OURS,
      CNI,
    ];
    const { status, stderr } = await machine.run(words);
    assert.equal(status, 1);
    assert.match(stderr, /run it as root/);
    assert.deepEqual(machine.snapshot(), before);
  });

  for (const [words, status, said] of [
    [['0.1.0'], 2, '"0.1.0" is no version; expected one such as v1.0.1'],
    [['v1/../../x'], 2, '"v1/../../x" is no version; expected one such as v1.0.1'],
    [['v1', 'v1', 'v1'], 2, '"v1" is one word too many'],
    [['--frm', 'x'], 2, 'there is no flag --frm'],
    [['--from'], 2, '--from needs a value'],
    [['--from', '/x', '--base-url', 'y'], 2, '--from and --base-url exclude each other'],
    [['--bin-dir', 'x', 'v1'], 2, '--bin-dir needs an absolute path, but got "x"'],
    [['--from', '/nonexistent', 'v1'], 1, '--from /nonexistent: there is no such directory'],
    [['--base-url', 'http://127.0.0.1:1'], 1, 'name the version of the plugin to install'],
  ] as const) {
    test(`refuses ${words.join(' ')}`, async () => {
      const before = machine.snapshot();
      const ended = await machine.install(words);
      assert.deepEqual([ended.status, ended.stdout], [status, '']);
      assert.ok(ended.stderr.includes(said), ended.stderr);
      assert.deepEqual(machine.snapshot(), before);
    });
  }
});
