/** Executables of another processor, run by qemu-user. */
import { writeFileSync } from 'node:fs';
import type { TargetName } from '../../scripts/build/target.ts';

const QEMU: Readonly<Partial<Record<TargetName, string>>> = {
  'linux-arm64': 'qemu-aarch64-static',
  'linux-amd64': 'qemu-x86_64-static',
};

/**
 * Makes `wrapper`, a program that runs `executable`, and returns its path. A script, as the kernel would have to be
 * told how to run it otherwise, for the whole machine (binfmt_misc). -0: the plugin looks at the name it was called by.
 */
export function emulated(executable: string, target: TargetName, wrapper: string): string {
  const qemu = QEMU[target];
  if (qemu === undefined) throw new Error(`Nothing runs ${target} here`);
  writeFileSync(wrapper, `#!/bin/sh\nexec ${qemu} -0 "$0" '${executable.replaceAll("'", `'\\''`)}' "$@"\n`, {
    mode: 0o755,
  });
  return wrapper;
}
