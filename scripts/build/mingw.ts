/** The compiler for Windows: mingw, whose executables need no DLLs but those of Windows. */
import { COMMON_FLAGS } from './flags.ts';
import { exists } from './run.ts';
import type { Toolchain } from './target.ts';

const TRIPLET = 'x86_64-w64-mingw32';

/** Windows 10 and Windows Server 2016, the first with containers. printf as C99 has it, not as msvcrt.dll does. */
const SYSTEM_FLAGS = ['-D_WIN32_WINNT=0x0A00', '-D__USE_MINGW_ANSI_STDIO=1'];

/** Address space layout randomization also above 4 GB, no executable data, no time of the build in the file. */
const LINK_FLAGS = '-Wl,--gc-sections,--dynamicbase,--nxcompat,--high-entropy-va,--no-insert-timestamp';

/** DLLs that every Windows loads from its own directory (KnownDLLs); others are loaded when they are needed. */
const LIBRARIES = ['-lws2_32', '-ladvapi32'];

export async function mingwToolchain(): Promise<Toolchain> {
  const compiler = `${TRIPLET}-gcc`;
  if (!(await exists(compiler)))
    throw new Error(`${compiler} is missing, which builds for Windows; run make setup`);
  return {
    system: 'windows',
    name: compiler,
    compiler,
    archiver: `${TRIPLET}-ar`,
    resources: `${TRIPLET}-windres`,
    compileFlags: [...COMMON_FLAGS, '-O2', '-fstack-protector-strong', ...SYSTEM_FLAGS],
    linkBefore: ['-static', '-s', '-municode', LINK_FLAGS],
    linkAfter: [...LIBRARIES, '-lssp'],
  };
}
