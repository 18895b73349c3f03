/**
 * What a NIC had before its bridge took its place. Two files hold it:
 *
 *   journal/<bridge>   only while a move is under way: whoever finds it completes the move
 *   hosts/<bridge>     for as long as the bridge stands: the node gets it back when the bridge goes
 */
import { isLinkName } from '../cni/names.ts';
import type { JsonObject } from '../cni/types.ts';
import { type MacAddress, parseMac } from '../net/mac.ts';
import type { OperationLog } from '../state/oplog.ts';
import { recordName, STATE_ROOT } from '../state/paths.ts';
import { listRecords, readParsed, readRecord, removeRecord, writeRecord } from '../state/records.ts';
import type { Sys } from '../sys/sys.ts';
import { type HostConfig, hostConfigFromJson, hostConfigToJson } from './host-config.ts';

export const JOURNAL_DIR = `${STATE_ROOT}/journal`;
export const HOSTS_DIR = `${STATE_ROOT}/hosts`;

export interface HostRecord {
  readonly bridge: string;
  readonly nic: string;
  readonly nicMac: MacAddress;
  readonly config: HostConfig;
}

export function readHostRecord(
  sys: Sys,
  log: OperationLog,
  directory: typeof JOURNAL_DIR | typeof HOSTS_DIR,
  bridge: string,
): HostRecord | undefined {
  const path = `${directory}/${recordName(bridge)}`;
  return readParsed(sys, log, path, (value) => (value.bridge === bridge ? parse(value) : undefined));
}

export function listHostRecords(
  sys: Sys,
  log: OperationLog,
  directory: typeof JOURNAL_DIR | typeof HOSTS_DIR = HOSTS_DIR,
): HostRecord[] {
  return listRecords(sys, directory)
    .map((file) => {
      const read = readRecord(sys, `${directory}/${file}`);
      const bridge = read.state === 'ok' ? read.value.bridge : undefined;
      return readHostRecord(sys, log, directory, typeof bridge === 'string' ? bridge : file);
    })
    .filter((record) => record !== undefined);
}

export function writeHostRecord(
  sys: Sys,
  directory: typeof JOURNAL_DIR | typeof HOSTS_DIR,
  record: HostRecord,
): void {
  const { bridge, nic, nicMac, config } = record;
  writeRecord(sys, `${directory}/${recordName(bridge)}`, {
    bridge,
    nic,
    nicMac,
    ...hostConfigToJson(config),
  });
}

export function removeHostRecord(
  sys: Sys,
  directory: typeof JOURNAL_DIR | typeof HOSTS_DIR,
  bridge: string,
): void {
  removeRecord(sys, `${directory}/${recordName(bridge)}`);
}

/** True when a move of the host's addresses was interrupted: one look at a directory. */
export function hasInterruptedMoves(sys: Sys): boolean {
  return listRecords(sys, JOURNAL_DIR).length > 0;
}

function parse(value: JsonObject): HostRecord | undefined {
  const { bridge, nic, nicMac } = value;
  const config = hostConfigFromJson(value);
  const mac = typeof nicMac === 'string' ? parseMac(nicMac) : undefined;
  if (typeof bridge !== 'string' || !isLinkName(bridge)) return undefined;
  if (typeof nic !== 'string' || mac === undefined || config === undefined) {
    return undefined;
  }
  return { bridge, nic, nicMac: mac, config };
}
