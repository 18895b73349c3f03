/** What the driver gives the image on its command line. */
import type { Sys } from '../../../src/sys/sys.ts';

export interface Fixture {
  readonly sys: Sys;
  /** An empty directory. */
  readonly directory: string;
  /** TCP port on 127.0.0.1 that returns what it gets. */
  readonly echoPort: number;
  /** TCP port on 127.0.0.1 that nobody listens on. */
  readonly deadPort: number;
  /** An open descriptor that the host did not return. */
  readonly foreignFd: number;
}

export const LOOPBACK = 0x7f000001;

export function readFixture(sys: Sys): Fixture {
  const [, directory = '', echoPort, deadPort, foreignFd] = sys.args();
  return {
    sys,
    directory,
    echoPort: Number(echoPort),
    deadPort: Number(deadPort),
    foreignFd: Number(foreignFd),
  };
}
