/** A private /run for a namespace, with the lab's directory in it for the resident process. */
import { RESIDENT_DIRECTORY } from '../resident/protocol.ts';
import { type Anchor, inside } from './anchor.ts';
import { mustRun } from './run.ts';

export async function mountPrivateRun(anchor: Anchor, labDirectory: string): Promise<void> {
  await mustRun(inside(anchor, ['mount', '-t', 'tmpfs', '-o', TMPFS_OPTIONS, 'tmpfs', '/run']));
  await mustRun(inside(anchor, ['mkdir', '-p', RESIDENT_DIRECTORY, '/run/lock', '/run/netns']));
  await mustRun(inside(anchor, ['mount', '--bind', labDirectory, RESIDENT_DIRECTORY]));
}

export const TMPFS_OPTIONS = 'mode=0755,nosuid,nodev';
