/**
 * What differs between the platforms below the plugins, in one place. The build for Windows takes
 * platform-windows.ts instead of this file; both export the same names.
 */
import { exists } from './exists.ts';
import type { Sys } from './sys.ts';

/** Where the state lives. /run is a tmpfs: a reboot starts clean. */
export const STATE_ROOT = '/run/azure-vnet';
export const LOG_PATH = '/var/log/azure-vnet.log';
/** What the address sources `mas` and `fileIpam` read. */
export const DEFAULT_SOURCE_FILE = '/etc/kubernetes/interfaces.json';

/** Between the directories of CNI_PATH. */
export const PATH_LIST_SEPARATOR = ':';
/** How the file of a program ends. */
export const PROGRAM_SUFFIX = '';
/** Between the parts of a path; none of them is in a plugin's name. */
export const PATH_SEPARATORS = /\//;
export const ABSOLUTE_PATH = /^\//;

/** Names of NICs and bridges: printable ASCII that the kernel takes for a link and not for a template (net/core/dev.c, __dev_alloc_name). */
export const INTERFACE_NAME = /^(?!\.\.?$)[!-$&-.0-9;-~]{1,15}$/;
export const INTERFACE_NAME_RULE = 'an interface name of at most 15 ASCII bytes without / : % or space';

/** A part of a file name: see recordName in state/paths.ts. */
export function encodeNamePart(part: string): string {
  // Nearly every part: a container id, the name of a network or interface, an address.
  if (/^[\w-][\w.-]*$/.test(part)) return part;
  // encodeURIComponent leaves !'()*~ as they are and fails on lone surrogates.
  const whole = part.replace(/[\ud800-\udfff]/gu, '\ufffd');
  const encoded = encodeURIComponent(whole).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return encoded.startsWith('.') ? `%2e${encoded.slice(1)}` : encoded;
}

/** Path of the executable of this process. */
export const OWN_EXECUTABLE = '/proc/self/exe';

/** True as well where there is no /proc to tell. */
export function isRunning(sys: Sys, pid: string): boolean {
  return exists(sys, `/proc/${pid}`) || !exists(sys, `/proc/${sys.pid()}`);
}

/** What to do about a refusal of the system, by errno name. */
export const REFUSAL_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space there',
  EROFS: 'remount it read-write',
  EACCES: 'the plugin must run as root',
  EPERM: 'the plugin must run as root with CAP_NET_ADMIN and CAP_SYS_ADMIN',
};

/** Who gives addresses of the pool to the host, and how to stop that. */
/** https://github.com/canonical/cloud-init/pull/4432; releases before it have only the wider setting. */
export const HOST_ADDRESS_ADVICE =
  '; cloud-init puts them on the host; ' +
  'to stop that, write "datasource: {Azure: {apply_network_config_for_secondary_ips: false}}" ' +
  '(older releases: "apply_network_config: false") to /etc/cloud/cloud.cfg.d/99-azure-vnet.cfg ' +
  'and take the addresses off the interface';
