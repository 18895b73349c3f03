/**
 * What is remembered of an endpoint. The record is on disk before the kernel is changed and goes after
 * it is clean again, so it doubles as the journal:
 *
 *   endpoints/<key> adding  written before anything is made; an interrupted ADD is undone from it
 *   endpoints/<key> ready   ADD has answered; holds the result that a repeated ADD answers again
 *   pending/<key>           DEL has begun: whoever finds it later than usual completes it
 *
 * The key is network@container@interface, whole in the content even where the file name is shortened.
 */
import { Fields } from '../cni/fields.ts';
import { isLinkName, isPluginName } from '../cni/names.ts';
import type { Attachment, JsonObject } from '../cni/types.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import type { OperationLog } from '../state/oplog.ts';
import { recordName, STATE_ROOT } from '../state/paths.ts';
import { listRecords, readParsed, removeRecord, writeRecord } from '../state/records.ts';
import type { Sys } from '../sys/sys.ts';

export const ENDPOINTS_DIR = `${STATE_ROOT}/endpoints`;
export const PENDING_DIR = `${STATE_ROOT}/pending`;
type Directory = typeof ENDPOINTS_DIR | typeof PENDING_DIR;

export type EndpointPhase = 'adding' | 'ready';

export interface EndpointRecord extends Attachment {
  readonly phase: EndpointPhase;
  readonly network: string;
  /** Path of the sandbox as the runtime gave it. */
  readonly sandbox: string;
  readonly bridge: string;
  readonly hostVeth: string;
  readonly addresses: readonly Ipv4[];
  readonly ipamType: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  /** Milliseconds since 1970: when ADD began, or DEL for a pending record. */
  readonly sinceMs: number;
  /** The result in the form of version 1.1.0; there when the phase is `ready`. */
  readonly result?: JsonObject;
}

export function pathOfEndpoint(directory: Directory, network: string, attachment: Attachment): string {
  return `${directory}/${recordName(network, attachment.containerId, attachment.ifname)}`;
}

/** The record; undefined when there is none. A damaged one is set aside. */
export function readEndpoint(
  sys: Sys,
  log: OperationLog,
  directory: Directory,
  network: string,
  attachment: Attachment,
): EndpointRecord | undefined {
  const record = readParsed(sys, log, pathOfEndpoint(directory, network, attachment), parse);
  // A shortened file name may be that of another key: the key in the content decides.
  const same = record?.network === network && record.containerId === attachment.containerId;
  return same && record.ifname === attachment.ifname ? record : undefined;
}

/** All readable records; damaged ones are set aside. Reads every file: not for the hot path. */
export function listEndpoints(
  sys: Sys,
  log: OperationLog,
  directory: Directory = ENDPOINTS_DIR,
  files = listRecords(sys, directory),
): EndpointRecord[] {
  return files
    .map((file) => readParsed(sys, log, `${directory}/${file}`, parse))
    .filter((record) => record !== undefined);
}

export function writeEndpoint(sys: Sys, directory: Directory, record: EndpointRecord): void {
  const document: JsonObject = { ...record, addresses: record.addresses.map(formatIpv4) };
  writeRecord(sys, pathOfEndpoint(directory, record.network, record), document);
}

export function removeEndpoint(
  sys: Sys,
  directory: Directory,
  record: Attachment & { readonly network: string },
): void {
  removeRecord(sys, pathOfEndpoint(directory, record.network, record));
}

function parse(value: JsonObject): EndpointRecord | undefined {
  const fields = new Fields(value);
  const { phase, result } = value;
  const text = (key: string) => fields.string(key);
  const record = {
    network: text('network'),
    containerId: text('containerId'),
    ifname: text('ifname'),
    sandbox: text('sandbox'),
    bridge: text('bridge'),
    hostVeth: text('hostVeth'),
    ipamType: text('ipamType'),
  };
  const [podName, podNamespace] = [text('podName'), text('podNamespace')];
  const addresses = fields.strings('addresses').map(parseIpv4);
  if (!addresses.every((address) => address !== undefined)) return undefined;
  const sinceMs = fields.count('sinceMs');
  if (fields.problems.length > 0 || sinceMs === undefined) return undefined;
  if (phase !== 'adding' && phase !== 'ready') return undefined;
  if (record.network === '' || record.containerId === '' || !isPluginName(record.ipamType)) return undefined;
  const { bridge, hostVeth, ifname } = record;
  // What goes into netlink messages; the bridge is unknown where only the link of a pod was found.
  if (![hostVeth, ifname, bridge || hostVeth].every(isLinkName)) return undefined;
  return {
    ...record,
    phase,
    addresses,
    sinceMs,
    ...(podName === '' ? {} : { podName }),
    ...(podNamespace === '' ? {} : { podNamespace }),
    ...(result !== null && typeof result === 'object' && !Array.isArray(result)
      ? { result: result as JsonObject }
      : {}),
  };
}
