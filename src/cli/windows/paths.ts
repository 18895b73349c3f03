/** Where things are on Windows, and how people write it. */
import type { Call, Flag } from '../command.ts';

export const BIN_DIR_FLAG: Flag = {
  name: 'bin-dir',
  value: 'DIR',
  help: 'Directory of the plugins; c:\\cni\\bin when absent.',
  accepts: { test: isAbsolute, expected: 'an absolute path such as c:\\cni\\bin' },
};
export const CONF_DIR_FLAG: Flag = {
  name: 'conf-dir',
  value: 'DIR',
  help: 'Directory of the network configurations; c:\\cni\\netconf when absent.',
  accepts: { test: isAbsolute, expected: 'an absolute path such as c:\\cni\\netconf' },
};

const DEFAULT_BIN_DIR = 'c:/cni/bin';
const DEFAULT_CONF_DIR = 'c:/cni/netconf';
export const CONFLIST = '10-azure.conflist';

export function binDir({ given }: Pick<Call, 'given'>): string {
  return directory(given.values.get(BIN_DIR_FLAG.name) ?? DEFAULT_BIN_DIR);
}

export function confDir({ given }: Pick<Call, 'given'>): string {
  return directory(given.values.get(CONF_DIR_FLAG.name) ?? DEFAULT_CONF_DIR);
}

/** With backslashes, as Windows shows paths. */
export function shownPath(path: string): string {
  return path.replaceAll('/', '\\');
}

export function directoryOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '');
}

function isAbsolute(text: string): boolean {
  return /^[a-z]:[\\/]/i.test(text) && !text.split(/[\\/]/).includes('..');
}

function directory(text: string): string {
  return text.replaceAll('\\', '/').replace(/(.)\/+$/, '$1');
}
