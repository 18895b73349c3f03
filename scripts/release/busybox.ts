/** The static busybox of each processor, from Debian's packages. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CROSS } from '../build/target.ts';

export const PROCESSORS = ['amd64', 'arm64'] as const;
export type Processor = (typeof PROCESSORS)[number];

/** The machine's own is that of the package busybox-static; that of the other one is unpacked by scripts/setup.sh. */
export function busyboxOf(processor: Processor): string {
  const path = processor === 'amd64' ? '/bin/busybox' : join(CROSS, 'bin/busybox');
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing: run "sh scripts/setup.sh release"`);
}
