/** Check "configuration": is ours the one that runtimes take, and would an ADD accept it? */
import { parseNetworkConfig } from '../../cni/config.ts';
import { CONFIG_KEYS } from '../../cni/config-keys.ts';
import { parseIpamConfig } from '../../cni/ipam-config.ts';
import type { CniRequest, JsonObject, JsonValue } from '../../cni/types.ts';
import { NEWEST_VERSION } from '../../cni/version.ts';
import { editDistance } from '../../sys/suggest.ts';
import { OWN_IPAM } from '../../vnet/ipam.ts';
import { type ConflistFile, OWN_PLUGIN } from '../conflists.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

export interface ConflistFacts {
  readonly directory: string;
  /** In the order in which runtimes choose: the first that can be used. */
  readonly files: readonly ConflistFile[];
}

export function checkConflists({ directory, files }: ConflistFacts): Checked {
  const own = files.find(isOurs);
  // A file of that name which cannot be read is to be corrected, not to be replaced.
  const isDamaged = files.some(({ name, list }) => name === CONFLIST && !list.ok);
  const none = isDamaged ? [] : [missing(directory)];
  const findings = [
    ...(own === undefined ? none : before(files.slice(0, files.indexOf(own)), own)),
    ...files.flatMap((file) => unusable(file, own === undefined || files.indexOf(file) < files.indexOf(own))),
    ...files.flatMap(wrongKeys),
  ];
  return { check: 'configuration', seen: `${own?.path} is the one that runtimes take`, findings };
}

function isOurs({ list }: ConflistFile): boolean {
  return list.ok && list.value.plugins.some(({ type }) => type === OWN_PLUGIN);
}

function missing(directory: string): Problem {
  return finding('error', 'CONFLIST_MISSING', {
    found: `no configuration in ${directory} names the plugin ${OWN_PLUGIN}`,
    why: 'no runtime calls the plugin',
    mend: `install -D -m 644 ${CONFLIST} ${directory}/${CONFLIST}`,
  });
}

const CONFLIST = '10-azure.conflist';

/** Whatever can be used and sorts before ours wins. */
function before(files: readonly ConflistFile[], own: ConflistFile): Problem[] {
  return files
    .filter(({ list }) => list.ok)
    .map((file) =>
      finding('error', 'CONFLIST_NOT_FIRST', {
        found: `${file.name} sorts before ${own.name}`,
        why: 'runtimes take the first file of the directory: pods get another network',
        mend: `mv ${file.path} ${file.path}.disabled`,
      }),
    );
}

function unusable({ path, list }: ConflistFile, isBeforeOurs: boolean): Problem[] {
  if (list.ok) return [];
  return [
    finding(isBeforeOurs ? 'error' : 'warning', 'CONFLIST_INVALID', {
      found: `${path}: ${list.error}`,
      why: isBeforeOurs
        ? 'some runtimes stop at the first file that they cannot read'
        : 'it is after ours, so runtimes do not reach it',
      mend: `vi ${path}`,
    }),
  ];
}

/** Every problem that an ADD would find, and keys that look mistyped. */
function wrongKeys({ path, list }: ConflistFile): Problem[] {
  if (!list.ok) return [];
  return list.value.plugins
    .filter(({ type }) => type === OWN_PLUGIN)
    .flatMap(({ config }) => {
      const request = addRequest(list.value.name, config);
      const parsed = parseNetworkConfig(request);
      const refusals = [
        ...(parsed.ok ? [] : [parsed.error.message]),
        ...(parsed.ok && parsed.value.ipamType !== OWN_IPAM ? [] : ipamRefusals(request)),
      ];
      return [
        ...refusals.map((text) =>
          finding('error', 'CONFLIST_REFUSED', {
            found: `${path}: ${text}`,
            why: 'ADD refuses the configuration',
            mend: `vi ${path}`,
          }),
        ),
        ...mistyped(config, '').map(([key, known]) =>
          finding('warning', 'CONFLIST_KEY', {
            found: `${path}: nobody knows the key "${key}"; "${known}" is one`,
            why: 'the key is ignored, its default counts',
            mend: `vi ${path}`,
          }),
        ),
      ];
    });
}

function ipamRefusals(request: CniRequest): string[] {
  const parsed = parseIpamConfig(request);
  return parsed.ok ? [] : [parsed.error.message];
}

function addRequest(networkName: string, config: JsonObject): CniRequest {
  const env = { containerId: '', ifname: '', netns: '', path: [], args: {}, netnsOverride: false };
  return {
    env: { command: 'ADD', ...env },
    version: NEWEST_VERSION,
    networkName,
    config,
    validAttachments: [],
  };
}

/** Unknown keys that are one or two letters away from a known one, with that one. */
function mistyped(object: JsonObject, prefix: string): [string, string][] {
  return Object.entries(object).flatMap(([key, value]): [string, string][] => {
    const path = `${prefix}${key}`;
    const nested = prefix === '' && isPlainObject(value) ? mistyped(value, `${key}.`) : [];
    const isKnown = KNOWN_KEYS.some((known) => known.toLowerCase() === path.toLowerCase());
    const near = isKnown ? undefined : KNOWN_KEYS.find((known) => isNear(known, path));
    return near === undefined ? nested : [[path, near], ...nested];
  });
}

function isNear(known: string, key: string): boolean {
  const limit = key.length > 5 ? 2 : 1;
  return editDistance(known.toLowerCase(), key.toLowerCase()) <= limit;
}

function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KNOWN_KEYS: readonly string[] = [
  ...CONFIG_KEYS.map(({ key }) => key),
  // Of the specification and of runtimes; the plugin does not read them.
  ...['type', 'capabilities', 'prevResult', 'ipam', 'args', 'runtimeConfig', 'cniVersions', 'disableCheck'],
  ...['dns.nameservers', 'dns.domain', 'dns.search', 'dns.options', 'ipMasq', 'mtu'],
];
