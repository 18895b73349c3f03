/**
 * What is remembered on Windows, one small file each:
 *
 *   networks/<name>     the network in HNS
 *   unfinished/<key>    an ADD or DEL that has begun: written before anything is made, removed when all is done.
 *                       Whoever finds one whose process is gone undoes it.
 *   endpoints/<key>     an endpoint that stands, with the result that a repeated ADD answers again
 *
 * The key is network@container@interface. Unlike on Linux all of it survives a reboot; reboot.ts looks after that.
 */
import { Fields } from '../cni/fields.ts';
import { isObject } from '../cni/json.ts';
import { isPluginName } from '../cni/names.ts';
import type { Attachment } from '../cni/types.ts';
import { type Cidr, formatCidr, parseCidr } from '../net/cidr.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import type { OperationLog } from '../state/oplog.ts';
import { recordName, STATE_ROOT } from '../state/paths.ts';
import { listRecords, readParsed, removeRecord, writeRecord } from '../state/records.ts';
import type { JsonObject } from '../sys/json.ts';
import type { Sys } from '../sys/sys.ts';
import type { HnsVersion } from './hns.ts';

export const NETWORKS_DIR = `${STATE_ROOT}/networks`;
export const ENDPOINTS_DIR = `${STATE_ROOT}/endpoints`;
export const UNFINISHED_DIR = `${STATE_ROOT}/unfinished`;
type EndpointDirectory = typeof ENDPOINTS_DIR | typeof UNFINISHED_DIR;

export interface NetworkRecord {
  readonly name: string;
  readonly hnsId: string;
  readonly version: HnsVersion;
  readonly subnet: Cidr;
  /** The NIC, by the name that it had without the switch. */
  readonly nic: string;
  /** Of the boot in which its endpoints were last looked at. */
  readonly bootId: string;
}

export interface EndpointRecord extends Attachment {
  readonly network: string;
  /** CNI_NETNS as it came. */
  readonly sandbox: string;
  readonly version: HnsVersion;
  /** Name in HNS. */
  readonly endpoint: string;
  /** Id in HNS; empty while it is not known. */
  readonly hnsId: string;
  readonly addresses: readonly Ipv4[];
  /** Empty for a container that shares the endpoint of its infra container. */
  readonly ipamType: string;
  /** The infra container whose endpoint this is. */
  readonly infraId?: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  readonly sinceMs: number;
  /** The result in the form of version 1.1.0; of an endpoint that stands. */
  readonly result?: JsonObject;
}

export function readNetwork(sys: Sys, log: OperationLog, name: string): NetworkRecord | undefined {
  const record = readParsed(sys, log, `${NETWORKS_DIR}/${recordName(name)}`, parseNetwork);
  return record?.name === name ? record : undefined;
}

export function listNetworks(sys: Sys, log: OperationLog): NetworkRecord[] {
  return listRecords(sys, NETWORKS_DIR)
    .map((file) => readParsed(sys, log, `${NETWORKS_DIR}/${file}`, parseNetwork))
    .filter((record) => record !== undefined);
}

export function writeNetwork(sys: Sys, record: NetworkRecord): void {
  const document = { ...record, subnet: formatCidr(record.subnet) };
  writeRecord(sys, `${NETWORKS_DIR}/${recordName(record.name)}`, document);
}

/** The record; undefined when there is none. A damaged one is set aside. */
export function readEndpoint(
  sys: Sys,
  log: OperationLog,
  directory: EndpointDirectory,
  network: string,
  attachment: Attachment,
): EndpointRecord | undefined {
  const record = readParsed(sys, log, pathOf(directory, network, attachment), parseEndpoint);
  // A shortened file name may be that of another key: the key in the content decides.
  const same = record?.network === network && record.containerId === attachment.containerId;
  return same && record.ifname === attachment.ifname ? record : undefined;
}

export function listEndpoints(sys: Sys, log: OperationLog, directory: EndpointDirectory): EndpointRecord[] {
  return listRecords(sys, directory)
    .map((file) => readParsed(sys, log, `${directory}/${file}`, parseEndpoint))
    .filter((record) => record !== undefined);
}

export function writeEndpoint(sys: Sys, directory: EndpointDirectory, record: EndpointRecord): void {
  const document: JsonObject = { ...record, addresses: record.addresses.map(formatIpv4) };
  writeRecord(sys, pathOf(directory, record.network, record), document);
}

export function removeEndpoint(
  sys: Sys,
  directory: EndpointDirectory,
  record: Attachment & { readonly network: string },
): void {
  removeRecord(sys, pathOf(directory, record.network, record));
}

function pathOf(directory: EndpointDirectory, network: string, { containerId, ifname }: Attachment): string {
  return `${directory}/${recordName(network, containerId, ifname)}`;
}

function parseNetwork(value: JsonObject): NetworkRecord | undefined {
  const fields = new Fields(value);
  const [name, hnsId, nic] = [fields.string('name'), fields.string('hnsId'), fields.string('nic')];
  const bootId = fields.string('bootId');
  const subnet = fields.parsed('subnet', parseCidr, 'a subnet');
  const version = versionOf(fields);
  if (fields.problems.length > 0 || subnet === undefined || version === undefined) return undefined;
  return name === '' || hnsId === '' ? undefined : { name, hnsId, version, subnet, nic, bootId };
}

function parseEndpoint(value: JsonObject): EndpointRecord | undefined {
  const fields = new Fields(value);
  const text = (key: string) => fields.string(key);
  const record = {
    network: text('network'),
    containerId: text('containerId'),
    ifname: text('ifname'),
    sandbox: text('sandbox'),
    endpoint: text('endpoint'),
    hnsId: text('hnsId'),
    ipamType: text('ipamType'),
  };
  const optionalTexts = Object.fromEntries(
    ['infraId', 'podName', 'podNamespace'].map((key) => [key, text(key)]).filter(([, found]) => found !== ''),
  );
  const addresses = fields.strings('addresses').map(parseIpv4);
  const [version, sinceMs] = [versionOf(fields), fields.count('sinceMs')];
  if (fields.problems.length > 0 || version === undefined || sinceMs === undefined) return undefined;
  if (!addresses.every((address) => address !== undefined)) return undefined;
  if ([record.network, record.containerId, record.ifname, record.endpoint].includes('')) return undefined;
  if (record.ipamType === '' ? optionalTexts.infraId === undefined : !isPluginName(record.ipamType))
    return undefined;
  const { result } = value;
  return {
    ...record,
    ...optionalTexts,
    version,
    addresses,
    sinceMs,
    ...(isObject(result) ? { result } : {}),
  };
}

function versionOf(fields: Fields): HnsVersion | undefined {
  const version = fields.count('version');
  return version === 1 || version === 2 ? version : undefined;
}
