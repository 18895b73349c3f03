/**
 * What is remembered of a container that has, or had, an address: one file each, outside of /run, since a
 * container that starts again after a reboot is to get the address that it had.
 *
 *   written before ADD   without a result: an interrupted ADD is undone from it
 *   written after ADD    with the result
 *   `netns` emptied      DEL is done; the address is only remembered
 *   removed              the container is gone
 */
import { Fields } from '../../cni/fields.ts';
import type { CacheDocument } from '../../cni/runtime/cache.ts';
import type { JsonObject } from '../../cni/types.ts';
import { readRecord } from '../../state/records.ts';
import { isErrno, type Sys } from '../../sys/sys.ts';
import { namesIn, replaceFile } from '../files.ts';

const PARENT_DIRECTORY = '/var/lib/azure-vnet';
export const RECORDS_DIRECTORY = `${PARENT_DIRECTORY}/docker`;

export interface DockerRecord {
  readonly containerId: string;
  readonly name: string;
  readonly namespace: string;
  /** The sandbox that was attached; empty after DEL. */
  readonly netns: string;
  /** Of the last result, IPv4. */
  readonly addresses: readonly string[];
  /** The text of the network configuration. */
  readonly config: string;
  readonly networkName: string;
  /** As plugins got them. */
  readonly capabilityArgs: JsonObject;
  /** Of the last plugin, in the version of the configuration; undefined until ADD has succeeded. */
  readonly result?: JsonObject;
}

/** Records that can be read; others are left for a person and are as good as none. */
export function readRecords(sys: Sys): DockerRecord[] {
  return namesIn(sys, RECORDS_DIRECTORY).flatMap((name) => {
    const record = readDockerRecord(sys, name);
    return record === undefined ? [] : [record];
  });
}

/** Undefined for anything that is no id of docker. */
export function readDockerRecord(sys: Sys, id: string): DockerRecord | undefined {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  const read = readRecord(sys, pathOf(id));
  if (read.state !== 'ok') return undefined;
  const fields = new Fields(read.value);
  const { result } = read.value;
  const record = {
    containerId: fields.string('containerId'),
    name: fields.string('name'),
    namespace: fields.string('namespace'),
    netns: fields.string('netns'),
    addresses: fields.strings('addresses'),
    config: fields.string('config'),
    networkName: fields.string('networkName'),
    capabilityArgs: fields.child('capabilityArgs').object,
    ...(result !== null && typeof result === 'object' && !Array.isArray(result)
      ? { result: result as JsonObject }
      : {}),
  };
  return fields.problems.length === 0 && record.containerId === id ? record : undefined;
}

export function writeDockerRecord(sys: Sys, record: DockerRecord): void {
  const text = `${JSON.stringify(record)}\n`;
  try {
    replaceFile(sys, pathOf(record.containerId), text, 0o600);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    for (const directory of [PARENT_DIRECTORY, RECORDS_DIRECTORY]) makeDirectory(sys, directory);
    replaceFile(sys, pathOf(record.containerId), text, 0o600);
  }
}

/** With what a write that was interrupted has left; that first, as nobody looks for it without the record. */
export function removeDockerRecord(sys: Sys, id: string): void {
  const unfinished = namesIn(sys, RECORDS_DIRECTORY).filter((name) => name.startsWith(`${id}.`));
  for (const name of [...unfinished, id]) {
    try {
      sys.unlink(`${RECORDS_DIRECTORY}/${name}`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

/** For DEL, which plugins of 0.4.0 and later get the result with; they read nothing else of it. */
export function cacheOf({ result, ...record }: DockerRecord, ifname: string): CacheDocument | undefined {
  if (result === undefined) return undefined;
  return { kind: 'cniCacheV1', ifName: ifname, ...record, result };
}

function makeDirectory(sys: Sys, path: string): void {
  try {
    sys.mkdir(path, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function pathOf(id: string): string {
  return `${RECORDS_DIRECTORY}/${id}`;
}
