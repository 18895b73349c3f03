/** The leases as they are on disk, for people: all that a lease's file says. */
import type { Attachment } from '../../cni/types.ts';
import { LEASES_DIR } from '../../ipam/leases.ts';
import { type Ipv4, parseIpv4 } from '../../net/ipv4.ts';
import { recordNameParts } from '../../state/paths.ts';
import { listRecords, readRecord } from '../../state/records.ts';
import type { JsonValue } from '../../sys/json.ts';
import type { Sys } from '../../sys/sys.ts';

export interface HeldLease extends Attachment {
  readonly address: Ipv4;
  /** Empty when the file is damaged. */
  readonly network: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  /** Milliseconds since 1970; absent when the file is damaged. */
  readonly sinceMs?: number;
}

/** Leases in the order of their addresses, and the paths of those that cannot be read whole. */
export function readLeases(sys: Sys): { readonly leases: HeldLease[]; readonly damaged: string[] } {
  const leases: HeldLease[] = [];
  const damaged: string[] = [];
  for (const name of listRecords(sys, LEASES_DIR)) {
    if (name.startsWith('~')) continue; // Was released.
    const path = `${LEASES_DIR}/${name}`;
    const read = readRecord(sys, path);
    if (read.state === 'missing') continue; // Released since the directory was read.
    const [text = '', containerId, ifname] = recordNameParts(name) ?? name.split('@');
    const content = read.state === 'ok' ? read.value : {};
    const address = parseIpv4(text);
    const owner = {
      containerId: textOf(content.containerId) ?? containerId ?? '',
      ifname: textOf(content.ifname) ?? ifname ?? '',
    };
    const [podName, podNamespace] = [textOf(content.podName), textOf(content.podNamespace)];
    const network = textOf(content.network);
    if (address === undefined || network === undefined) damaged.push(path);
    if (address === undefined) continue;
    leases.push({
      ...owner,
      address,
      network: network ?? '',
      ...(podName === undefined ? {} : { podName }),
      ...(podNamespace === undefined ? {} : { podNamespace }),
      ...(typeof content.sinceMs === 'number' ? { sinceMs: content.sinceMs } : {}),
    });
  }
  return { leases: leases.sort((a, b) => a.address - b.address), damaged };
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
