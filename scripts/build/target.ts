/** What can be built for: a compiler and its flags per target. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMON_FLAGS } from './flags.ts';
import { mingwToolchain } from './mingw.ts';
import { CACHE } from './paths.ts';
import { exists, run } from './run.ts';

export interface Toolchain {
  /** Names a directory of native/. */
  readonly system: 'linux' | 'windows';
  /** For people: the compiler and the C library. */
  readonly name: string;
  readonly compiler: string;
  /** ar of the same binutils. */
  readonly archiver: string;
  /** Compiles resources, which only Windows has. */
  readonly resources?: string;
  /** Runs an executable of the target on this machine; missing where nothing does. */
  readonly runner?: readonly string[];
  readonly compileFlags: readonly string[];
  /** Arguments around the objects when linking. */
  readonly linkBefore: readonly string[];
  readonly linkAfter: readonly string[];
}

/** _FORTIFY_SOURCE has an effect with glibc; the headers of musl have no checks. */
const HARDENING = ['-fPIE', '-fstack-protector-strong', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2'];

/** No C++ and nobody who unwinds the stack: 80 KB less. */
const NO_UNWINDING = ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];

const LINK_HARDENING = '-Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-z,text';

export const LINUX_TARGETS = ['linux-amd64', 'linux-arm64'] as const;
export const WINDOWS_TARGET = 'windows-amd64';
export const TARGET_NAMES = [...LINUX_TARGETS, WINDOWS_TARGET] as const;
export type LinuxTarget = (typeof LINUX_TARGETS)[number];
export type TargetName = (typeof TARGET_NAMES)[number];

interface Linux {
  /** What the GNU tools call it. */
  readonly triplet: string;
  readonly musl: string;
  /** `process.arch` of a machine that runs it. */
  readonly arch: NodeJS.Architecture;
}

const LINUX: Readonly<Record<LinuxTarget, Linux>> = {
  'linux-amd64': { triplet: 'x86_64-linux-gnu', musl: 'x86_64-linux-musl', arch: 'x64' },
  'linux-arm64': { triplet: 'aarch64-linux-gnu', musl: 'aarch64-linux-musl', arch: 'arm64' },
};

/** Where scripts/setup.sh unpacks what packages of another processor have: its musl, its busybox. */
export const CROSS = join(CACHE, 'cross');

/** The target that runs on this machine. */
export function hostTarget(): LinuxTarget {
  const found = LINUX_TARGETS.find((name) => LINUX[name].arch === process.arch);
  if (found === undefined) throw new Error(`This builds on x86_64 and aarch64, not on ${process.arch}`);
  return found;
}

export function isTargetName(text: string): text is TargetName {
  return TARGET_NAMES.some((name) => name === text);
}

/** Finds the compiler of a target; on Linux one with musl, whose executables start fastest, else with glibc. */
export async function findToolchain(name: TargetName): Promise<Toolchain> {
  if (name === WINDOWS_TARGET) return await mingwToolchain();
  const { triplet, musl } = LINUX[name];
  const isNative = name === hostTarget();
  const gcc = isNative ? 'gcc' : `${triplet}-gcc`;
  if (!(await exists(gcc))) throw new Error(`${gcc} is missing, which builds ${name}; run make setup`);
  const emulator = `qemu-${triplet.split('-')[0]}-static`;
  const tools = {
    system: 'linux',
    archiver: isNative ? 'ar' : `${triplet}-ar`,
    compileFlags: [...COMMON_FLAGS, ...HARDENING, ...NO_UNWINDING],
    ...((isNative || (await exists(emulator))) && { runner: isNative ? [] : [emulator] }),
  } as const;
  const usr = isNative ? '/usr' : join(CROSS, 'usr');
  const library = join(usr, 'lib', musl);
  if (!existsSync(join(library, 'rcrt1.o'))) {
    return { ...tools, name: `${gcc} and glibc`, compiler: gcc, ...GLIBC_LINK };
  }
  const gccFile = async (file: string) => (await run([gcc, `-print-file-name=${file}`])).trim();
  const start = dirname(await gccFile('crtbeginS.o'));
  if (isNative && (await exists('musl-gcc'))) {
    return { ...tools, name: 'musl-gcc', compiler: 'musl-gcc', ...muslLink(library, start, []) };
  }
  const includes = [
    '-nostdinc',
    '-isystem',
    join(usr, 'include', musl),
    '-isystem',
    await gccFile('include'),
  ];
  return {
    ...tools,
    name: `${gcc} and musl`,
    compiler: gcc,
    compileFlags: [...tools.compileFlags, ...includes],
    ...muslLink(library, start, ['-nostdlib', `-L${library}`]),
  };
}

const GLIBC_LINK = {
  linkBefore: ['-static-pie', '-s', LINK_HARDENING],
  linkAfter: ['-lm', '-lpthread'],
};

/** The specs of musl-gcc know no static-pie: name its start files here. `search` is for another compiler. */
function muslLink(
  musl: string,
  gcc: string,
  search: readonly string[],
): Pick<Toolchain, 'linkBefore' | 'linkAfter'> {
  const libraries = search.length === 0 ? [] : ['-lc', '-lgcc', '-lc'];
  return {
    linkBefore: [
      '-nostartfiles',
      ...search,
      '-s',
      '-Wl,-static,-pie,--no-dynamic-linker',
      LINK_HARDENING,
      join(musl, 'rcrt1.o'),
      join(musl, 'crti.o'),
      join(gcc, 'crtbeginS.o'),
    ],
    linkAfter: ['-lm', '-lpthread', ...libraries, join(gcc, 'crtendS.o'), join(musl, 'crtn.o')],
  };
}
