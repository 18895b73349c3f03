/** Wrong arguments that only the Windows host knows, and those that Windows refuses differently. */
import type { Bad } from '../../native/image/bad.ts';

const LONG = 'x'.repeat(4095);

export const BAD_WINDOWS_PATHS: readonly Bad[] = [
  ['missing', undefined, 'EINVAL'],
  ['number', 1, 'EINVAL'],
  ['String object', Object('C:/x'), 'EINVAL'],
  ['empty', '', 'EINVAL'],
  ['relative', 'tmp/x', 'EINVAL'],
  ['without a drive', '/tmp/x', 'EINVAL'],
  ['relative to the directory of a drive', 'C:x', 'EINVAL'],
  ['of the network', '//server/share/x', 'EINVAL'],
  ['of a device', '\\\\.\\pipe\\x', 'EINVAL'],
  ['in the form for the kernel', '\\\\?\\C:\\x', 'EINVAL'],
  ['NUL inside', 'C:/x\0/y', 'EINVAL'],
  ['4096 bytes', `C:/${LONG}`, 'ENAMETOOLONG'],
  ['one megabyte', `C:/${'x/'.repeat(500_000)}`, 'ENAMETOOLONG'],
];

const NO_TEXTS: readonly Bad[] = [
  ['missing', undefined, 'EINVAL'],
  ['null', null, 'EINVAL'],
  ['number', 1, 'EINVAL'],
  ['object', { toString: () => 'GET' }, 'EINVAL'],
  ['with NUL', 'a\0b', 'EINVAL'],
];

export const BAD_TEXTS = NO_TEXTS;

export const BAD_IDS: readonly Bad[] = [
  ...NO_TEXTS,
  ['no GUID', 'azure', 'EINVAL'],
  ['in braces', '{01234567-89ab-cdef-0123-456789abcdef}', 'EINVAL'],
  ['too short', '01234567-89ab-cdef-0123-456789abcde', 'EINVAL'],
  ['too long', '01234567-89ab-cdef-0123-456789abcdef0', 'EINVAL'],
  ['without lines', '0123456789abcdef0123456789abcdef0123', 'EINVAL'],
  ['not of hex digits', '0123456g-89ab-cdef-0123-456789abcdef', 'EINVAL'],
];

export const BAD_KINDS: readonly Bad[] = [
  ...NO_TEXTS,
  ['unknown', 'LoadBalancer', 'EINVAL'],
  ['in small letters', 'network', 'EINVAL'],
];
