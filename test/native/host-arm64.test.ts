/** The host functions of the arm64 build, under qemu-user. */
import { join } from 'node:path';
import { findToolchain } from '../../scripts/build/target.ts';
import { emulated } from '../support/emulated.ts';
import { defineHostCases } from './host-cases.ts';
import { buildTestProgram } from './program.ts';

const TARGET = 'linux-arm64';

/**
 * qemu-user reads every netlink message and refuses what it does not know, and shows a /proc/self/stat of its own,
 * without the session.
 */
const QEMU_LACKS = {
  'netlink: a request and its answer': 'EOPNOTSUPP',
  'recv: datagram larger than the buffer': 'EOPNOTSUPP',
  'detach: the child goes on alone': 'Error: expected a process in a session of its own',
};

defineHostCases(
  'host functions on arm64',
  async () => {
    const program = await buildTestProgram('cases', {
      other: { toolchain: await findToolchain(TARGET), name: TARGET },
    });
    return emulated(program, TARGET, join(program, '../emulated'));
  },
  QEMU_LACKS,
);
