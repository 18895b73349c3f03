/**
 * A virtual machine of arm64: Debian's kernel under qemu, with a file system in memory that has busybox, iproute2 and
 * our build for arm64. scripts/setup.sh unpacks what it is made of.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CACHE, DIST } from '../../../scripts/build/paths.ts';

/** Every instruction is emulated, and others load the machine. */
const LIMIT_MS = 900_000;
const MEMORY_MIB = 512;
const PARTS = join(CACHE, 'arm64-vm');
/** Of the kernel's modules: the links, and nf_tables with what it needs. */
const MODULES = [
  ...['802', 'bridge', 'ipv4', 'ipv6', 'llc', 'netfilter'].map((name) => `net/${name}`),
  'lib/libcrc32c.ko',
  'drivers/net/veth.ko',
];
const DIRECTORIES = ['dev', 'etc', 'opt/cni/bin', 'proc', 'run', 'sys', 'tmp', 'var/log', 'www/machine'];

/** Secondary addresses .10 and .11 on the NIC of arm64-init.sh. */
const WIRESERVER = `<Interfaces><Interface MacAddress="000D3A000004" IsPrimary="true"><IPSubnet Prefix="10.91.0.0/24">
<IPAddress Address="10.91.0.4" IsPrimary="true"/><IPAddress Address="10.91.0.10" IsPrimary="false"/>
<IPAddress Address="10.91.0.11" IsPrimary="false"/></IPSubnet></Interface></Interfaces>
`;

export interface Step {
  readonly status: number;
  readonly text: string;
}

/** False where scripts/setup.sh could not get the parts. */
export function hasArm64Vm(): boolean {
  return existsSync(join(PARTS, 'complete'));
}

/** Boots the VM, runs arm64-init.sh to its end, and returns what each of its steps did. */
export async function runArm64Vm(): Promise<ReadonlyMap<string, Step>> {
  const work = mkdtempSync(join(tmpdir(), 'azure-vnet-arm64-'));
  try {
    const root = join(work, 'root');
    makeRoot(root);
    const initrd = join(work, 'initrd');
    const names = execFileSync('find', ['.'], { cwd: root });
    const archive = openSync(initrd, 'w');
    execFileSync('busybox', ['cpio', '-o', '-H', 'newc'], {
      cwd: root,
      input: names,
      stdio: ['pipe', archive, 'ignore'],
    });
    closeSync(archive);
    return stepsOf(await boot(initrd));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeRoot(root: string): void {
  for (const name of ['bin', 'lib', 'usr', 'sbin']) {
    const filter = (path: string) => !path.startsWith(join(PARTS, 'lib/modules'));
    cpSync(join(PARTS, name), join(root, name), { recursive: true, verbatimSymlinks: true, filter });
  }
  for (const name of DIRECTORIES) mkdirSync(join(root, name), { recursive: true });
  const version = kernelVersion();
  for (const name of MODULES) {
    const path = join('lib/modules', version, 'kernel', name);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(PARTS, path), join(root, path), { recursive: true });
  }
  for (const name of ['modules.builtin', 'modules.order']) {
    copyFileSync(join(PARTS, 'lib/modules', version, name), join(root, 'lib/modules', version, name));
  }
  execFileSync('busybox', ['depmod', '-b', root, version]);
  const applets = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) {
    const link = join(root, 'bin', applet);
    if (!existsSync(link)) symlinkSync('busybox', link);
  }
  // The kernel loads modules by this name.
  symlinkSync('../bin/busybox', join(root, 'sbin/modprobe'));
  for (const name of ['azure-vnet', 'azure-vnet-ipam']) {
    copyFileSync(join(DIST, 'linux-arm64', name), join(root, 'opt/cni/bin', name));
  }
  copyFileSync(new URL('arm64-init.sh', import.meta.url), join(root, 'init'));
  writeFileSync(join(root, 'www/machine/plugins'), WIRESERVER);
}

function kernelVersion(): string {
  const [version] = readdirSync(join(PARTS, 'lib/modules'));
  if (version === undefined) throw new Error(`No kernel in ${PARTS}`);
  return version;
}

/** What the console shows until the machine is off. */
async function boot(initrd: string): Promise<string> {
  const machine = ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', String(MEMORY_MIB)];
  const nothingElse = ['-nographic', '-no-reboot', '-nic', 'none', '-nodefaults', '-serial', 'stdio'];
  const kernel = ['-kernel', join(PARTS, `boot/vmlinuz-${kernelVersion()}`), '-initrd', initrd];
  const append = ['-append', 'console=ttyAMA0 panic=-1 quiet rdinit=/init'];
  const child = spawn('qemu-system-aarch64', [...machine, ...nothingElse, ...kernel, ...append], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data));
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return Buffer.concat(output).toString().replaceAll('\r', '');
}

function stepsOf(console: string): ReadonlyMap<string, Step> {
  const found = console.matchAll(/^@@ (?!=)(.+)\n([\s\S]*?)\n@@ = (\d+)$/gm);
  const steps = [...found].map(([, name = '', text = '', status]): [string, Step] => [
    name,
    { text: text.trim(), status: Number(status) },
  ]);
  if (steps.length === 0) throw new Error(`The VM did nothing: ${console.slice(-2000)}`);
  return new Map(steps);
}
