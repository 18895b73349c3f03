/** The Windows half of platform.ts, which the build for Windows takes in its place. */
import type { Sys } from './sys.ts';
import type { WindowsSys } from './windows.ts';

/** What the executable defines before it runs any image. */
declare const host: WindowsSys;

/** ProgramData is for all users, is there on every Windows, and survives a reboot. */
const { ProgramData: programData = '' } = host.environ();
export const STATE_ROOT = `${(programData || 'C:/ProgramData').replaceAll('\\', '/').replace(/\/+$/, '')}/azure-vnet`;
export const LOG_PATH = `${STATE_ROOT}/azure-vnet.log`;
export const DEFAULT_SOURCE_FILE = 'C:/k/interfaces.json';

export const PATH_LIST_SEPARATOR = ';';
export const PROGRAM_SUFFIX = '.exe';
/** A colon, too, would name a stream of a file. */
export const PATH_SEPARATORS = /[\\/:]/;
export const ABSOLUTE_PATH = /^([a-z]:)?[\\/]/i;

/** Whatever Windows allows: "vEthernet (Ethernet 2)" has spaces and brackets, a Korean one has Hangul. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no name may have
export const INTERFACE_NAME = /^[^\u0000-\u001f"\\/]{1,256}$/;
export const INTERFACE_NAME_RULE =
  'the name of a network adapter, at most 256 characters without " \\ / and control characters';

/** Upper and lower case are one name to NTFS, a final dot is lost, and some names are devices. */
export function encodeNamePart(part: string): string {
  if (/^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z\d_-]([a-z\d_.-]*[a-z\d_-])?$/.test(part)) return part;
  return encodeURIComponent(part.replace(/[\ud800-\udfff]/gu, '\ufffd'))
    .replace(/%[\dA-F]{2}|[!'()*~A-Z]/g, (c) => (c.startsWith('%') ? c.toLowerCase() : escaped(c)))
    .replace(/^\.|\.$/g, escaped)
    .replace(/^[cpanl](?=(on|rn|ux|ul|om\d|pt\d)(\.|$))/, escaped);
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

export const OWN_EXECUTABLE = host.executablePath();

export function isRunning(sys: Sys, pid: string): boolean {
  return /^\d{1,10}$/.test(pid) && (sys as WindowsSys).isRunning(Number(pid));
}

export const REFUSAL_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space there',
  EROFS: 'the volume is read-only',
  EACCES: 'the plugin must run as an administrator, and no other program may have the file open',
  EPERM: 'the plugin must run as an administrator',
};

export const HOST_ADDRESS_ADVICE =
  '; take them off the adapter with Remove-NetIPAddress and leave it to DHCP';
