/** What the driver gives the image on its command line. */
import type { WindowsSys } from '../../../src/sys/windows.ts';
import { type Bad, badFds } from '../../native/image/bad.ts';
import { call } from '../../native/image/check.ts';

export interface WindowsFixture {
  readonly sys: WindowsSys;
  /** An empty directory. */
  readonly directory: string;
  /** TCP port on 127.0.0.1 that returns what it gets. */
  readonly echoPort: number;
  /** TCP port on 127.0.0.1 that nobody listens on. */
  readonly deadPort: number;
  /** Path of the program of child.c. */
  readonly child: string;
}

/** Wrong descriptors; 800 was never opened. */
export function badDescriptors({ directory }: WindowsFixture): readonly Bad[] {
  return badFds(800, () => call('openWithFlags', directory, 1, 0));
}
