/** What a configuration is told when a key of it has a certain value: by the plugins' own parsers. */
import { parseNetworkConfig } from '../../src/cni/config.ts';
import type { ConfigKey } from '../../src/cni/config-keys.ts';
import { parseIpamConfig } from '../../src/cni/ipam-config.ts';
import { decodeConfig } from '../../src/cni/request.ts';
import type { CniRequest, JsonObject, JsonValue } from '../../src/cni/types.ts';
import { checkVersion, NEWEST_VERSION } from '../../src/cni/version.ts';
import { cniCodeOf, type Failure } from '../../src/sys/failure.ts';

export interface Refusal {
  readonly value: JsonValue;
  /** Of the CNI specification. */
  readonly code: number;
  readonly message: string;
}

/** One for each message of the key: what differs in the value only is the same. */
export function refusalsOf(entry: ConfigKey): Refusal[] {
  const seen = new Set<string>();
  return entry.refuses.flatMap(({ value }) => {
    const failure = failureFor(entry, value);
    const shape = failure.message.replaceAll(JSON.stringify(value), '…');
    if (seen.has(shape)) return [];
    seen.add(shape);
    return [{ value, code: cniCodeOf(failure), message: failure.message }];
  });
}

function failureFor({ key, readBy }: ConfigKey, value: JsonValue): Failure {
  const decoded = decodeConfig(JSON.stringify(withKey(key, value)));
  if (!decoded.ok) return decoded.error;
  const version = checkVersion('ADD', decoded.value.cniVersion);
  if (!version.ok) return version.error;
  const request = requestOf(decoded.value.config);
  const parsed = readBy === 'azure-vnet-ipam' ? parseIpamConfig(request) : parseNetworkConfig(request);
  if (parsed.ok) throw new Error(`${key} = ${JSON.stringify(value)} is accepted, but listed as refused`);
  return parsed.error;
}

function withKey(path: string, value: JsonValue): JsonObject {
  const config: Record<string, unknown> = {
    cniVersion: NEWEST_VERSION,
    name: 'azure',
    ipam: { type: 'azure-vnet-ipam' },
  };
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let owner = config;
  for (const part of parts) {
    const child = (owner[part] ?? {}) as Record<string, unknown>;
    owner[part] = child;
    owner = child;
  }
  owner[last] = value;
  return config as JsonObject;
}

function requestOf(config: JsonObject): CniRequest {
  const env = {
    command: 'ADD',
    containerId: 'c',
    ifname: 'eth0',
    netns: '/n',
    path: ['/p'],
    args: {},
  } as const;
  return {
    env: { ...env, netnsOverride: false },
    version: NEWEST_VERSION,
    networkName: 'azure',
    config,
    validAttachments: [],
  };
}
