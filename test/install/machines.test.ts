/** scripts/install-cni-plugin.sh on machines that have other programs than this one, or lack some. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Machine, SCRIPT } from './support/machine.ts';
import { CNI, makeReleases, OURS, ReleaseServer } from './support/releases.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const PLUGIN = '/opt/cni/bin/azure-vnet';
/** An apt-get that says what it was asked for, and gives the programs of this machine. */
const APT = `
echo "$*" >>/run/apt
[ "$1" = install ] || exit 0
for package; do
  case $package in curl | iptables) ln -s "/usr/bin/$package" /run/programs/ ;; esac
done`;

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

  // An iptables outside of PATH, which the script finds too, is not there either.
  const within = (path: string, words: readonly string[]) =>
    machine.run(
      ['/usr/bin/env', `PATH=${path}`, 'sh', SCRIPT, ...words],
      'mount --bind /dev/null /usr/sbin/iptables',
    );
  const download = (path: string, ...flags: readonly string[]) =>
    within(path, [...flags, '--base-url', server.url, OURS, CNI]);
  const isInstalled = () => existsSync(machine.path(PLUGIN));
  const apt = () =>
    existsSync(machine.path('/run/apt')) ? readFileSync(machine.path('/run/apt'), 'utf8') : '';

  test('downloads with wget where there is no curl, and tells of a 404 and of an archive that is cut', async () => {
    const path = machine.programs(['curl', 'apt-get']);
    for (const [fault, said] of [
      ['missing', /cannot get \S+tgz: .*404/],
      ['truncated', /cannot get \S+tgz: |is damaged/],
    ] as const) {
      server.faults.set(`${CNI}.tgz`, fault);
      const { status, stderr } = await download(path);
      assert.equal(status, 1);
      assert.match(stderr, said);
      assert.equal(isInstalled(), false);
    }
    server.faults.clear();
    const { status, stderr } = await download(path);
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(isInstalled());
  });

  test('runs no apt-get when nothing is missing', async () => {
    const { status } = await download(machine.programs([], { 'apt-get': APT, iptables: 'exit 1' }));
    assert.deepEqual([status, apt()], [0, '']);
  });

  test('has apt-get install what is missing, and says so', async () => {
    const { status, stdout, stderr } = await download(
      machine.programs(['curl', 'wget', 'iptables'], { 'apt-get': APT }),
    );
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /installing curl ca-certificates with apt-get, to download$/m);
    const flags = 'install -y -qq --no-install-recommends';
    assert.equal(apt(), `${flags} curl ca-certificates\n${flags} iptables\n`);
    assert.ok(isInstalled());
  });

  test('goes on without iptables when apt-get fails, but not without a program to download', async () => {
    const failing = 'echo "$*" >>/run/apt; exit 100';
    const noIptables = await download(machine.programs(['iptables'], { 'apt-get': failing }));
    assert.equal(noIptables.status, 0);
    assert.match(noIptables.stdout, /note: iptables is missing/);
    machine.remove();
    machine = new Machine();
    const before = machine.snapshot();
    const { status, stderr } = await download(machine.programs(['curl', 'wget'], { 'apt-get': failing }));
    assert.equal(status, 1);
    assert.match(
      stderr,
      /neither curl nor wget is installed: apt-get install curl ca-certificates, or use --from DIR/,
    );
    assert.match(apt(), /^install .* curl .*\nupdate .*\n$/);
    assert.deepEqual(
      Object.keys(machine.snapshot()).filter((path) => !/^run\/(apt|programs)/.test(path)),
      Object.keys(before),
    );
  });

  for (const flag of ['--no-packages', '--dry-run']) {
    test(`${flag}: installs no package`, async () => {
      const { status } = await download(machine.programs(['curl', 'wget'], { 'apt-get': APT }), flag);
      assert.deepEqual([status, apt(), isInstalled()], [1, '', false]);
    });
  }

  test('runs with the programs of busybox alone', async () => {
    machine.programs([
      ...'apt-get awk basename bash cat chmod cmp cp curl cut dash df dirname grep gzip'.split(' '),
      ...'head id ln mkdir mktemp mv rm rmdir sed sh sha256sum sort stat tar tr uname wget'.split(' '),
    ]);
    execFileSync('busybox', ['--install', '-s', machine.path('/run/programs')]);
    for (const [path, content] of files) {
      if (path.startsWith(`/${OURS}/`) || path.startsWith(`/${CNI}/`)) {
        writeFileSync(machine.path(`/tmp/${basename(path)}`), content);
      }
    }
    for (const expected of [
      /installed azure-vnet azure-vnet-ipam portmap loopback 10-azure\.conflist/,
      /all was there already/,
    ]) {
      const { status, stdout, stderr } = await within('/run/programs', ['--from', machine.path('/tmp')]);
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, expected);
    }
    assert.equal((await within('/run/programs', ['--uninstall'])).status, 0);
    assert.equal(isInstalled(), false);
  });

  test('takes the archive for the processor, and changes nothing when it does not run', async () => {
    const path = machine.programs([], { uname: 'case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac' });
    const before = machine.snapshot();
    const { status, stdout, stderr } = await download(path);
    assert.equal(status, 1);
    assert.match(stdout, /for arm64$/m);
    assert.match(stderr, /azure-vnet does not run on this machine: /);
    assert.deepEqual(machine.snapshot(), before);
  });

  for (const [name, text, said] of [
    [
      'another processor',
      'case $1 in -m) echo riscv64 ;; *) echo Linux ;; esac',
      /the machine is riscv64; there are archives for x86_64 and aarch64 only/,
    ],
    ['another system', 'echo Darwin', /this installs on Linux; Darwin is not supported/],
  ] as const) {
    test(`refuses ${name}`, async () => {
      const { status, stderr } = await download(machine.programs([], { uname: text }));
      assert.equal(status, 1);
      assert.match(stderr, said);
      assert.equal(isInstalled(), false);
    });
  }

  test('changes nothing when there is no space for what is downloaded', async () => {
    const before = machine.snapshot();
    const prepare = 'mount -t tmpfs -o size=64k none "$1/tmp"';
    const { status, stderr } = await machine.install(['--base-url', server.url, OURS, CNI], 'sh', prepare);
    assert.equal(status, 1);
    assert.match(stderr, /cannot get \S+: .*(write|writ|space)/i);
    assert.deepEqual(machine.snapshot(), before);
  });

  test('leaves nothing when it is ended in the middle', async () => {
    const before = machine.snapshot();
    server.faults.set(`${CNI}.tgz`, 'stalled');
    const ending = new AbortController();
    const stalled = server.stalled();
    // The signal goes to the script alone; it acts when the program that it runs has ended, which the server decides.
    const ended = machine.run(['sh', SCRIPT, '--base-url', server.url, OURS, CNI], '', ending.signal);
    await stalled;
    ending.abort();
    server.dropConnections();
    const { status } = await ended;
    assert.equal(status, 143);
    assert.deepEqual(machine.snapshot(), before);
  });
});
