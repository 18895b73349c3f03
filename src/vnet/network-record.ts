/** What is remembered of a network: networks/<name>, one small file each. */
import { Fields } from '../cni/fields.ts';
import { isLinkName } from '../cni/names.ts';
import type { JsonObject } from '../cni/types.ts';
import { type Cidr, formatCidr, parseCidr } from '../net/cidr.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { type MacAddress, parseMac } from '../net/mac.ts';
import type { OperationLog } from '../state/oplog.ts';
import { recordName, STATE_ROOT } from '../state/paths.ts';
import { listRecords, readParsed, readRecord, writeRecord } from '../state/records.ts';
import type { Sys } from '../sys/sys.ts';

export const NETWORKS_DIR = `${STATE_ROOT}/networks`;

export interface NetworkRecord {
  readonly name: string;
  readonly bridge: string;
  readonly nic: string;
  readonly nicIndex: number;
  readonly nicMac: MacAddress;
  readonly subnet: Cidr;
  readonly viaHost: readonly Ipv4[];
}

/** The record; undefined when there is none. A damaged one is set aside: the kernel knows better. */
export function readNetwork(sys: Sys, log: OperationLog, name: string): NetworkRecord | undefined {
  const path = `${NETWORKS_DIR}/${recordName(name)}`;
  return readParsed(sys, log, path, (value) => (value.name === name ? parse(value) : undefined));
}

export function listNetworks(sys: Sys, log: OperationLog): NetworkRecord[] {
  return listRecords(sys, NETWORKS_DIR)
    .map((file) => {
      const read = readRecord(sys, `${NETWORKS_DIR}/${file}`);
      const name = read.state === 'ok' ? read.value.name : undefined;
      return typeof name === 'string' ? readNetwork(sys, log, name) : undefined;
    })
    .filter((record) => record !== undefined);
}

export function writeNetwork(sys: Sys, record: NetworkRecord): void {
  const document: JsonObject = {
    ...record,
    subnet: formatCidr(record.subnet),
    viaHost: record.viaHost.map(formatIpv4),
  };
  writeRecord(sys, `${NETWORKS_DIR}/${recordName(record.name)}`, document);
}

function parse(value: JsonObject): NetworkRecord | undefined {
  const fields = new Fields(value);
  const subnet = fields.parsed('subnet', parseCidr, 'a subnet');
  const nicMac = fields.parsed('nicMac', parseMac, 'a MAC address');
  const viaHost = fields.strings('viaHost').map(parseIpv4);
  if (!viaHost.every((address) => address !== undefined)) return undefined;
  const [name, bridge, nic] = [fields.string('name'), fields.string('bridge'), fields.string('nic')];
  const nicIndex = fields.count('nicIndex');
  if (fields.problems.length > 0 || subnet === undefined || nicMac === undefined || nicIndex === undefined) {
    return undefined;
  }
  if (name === '' || nic === '' || !isLinkName(bridge)) return undefined;
  return { name, bridge, nic, nicIndex, nicMac, subnet, viaHost };
}
