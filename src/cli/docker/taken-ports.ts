/** Whether ports of the node are free: portmap itself never looks, and the rule that came first wins. */
import { Fields } from '../../cni/fields.ts';
import type { JsonObject } from '../../cni/types.ts';
import { formatIpv4, parseIpv4 } from '../../net/ipv4.ts';
import { readRecord } from '../../state/records.ts';
import type { Sys } from '../../sys/sys.ts';
import { namesIn } from '../files.ts';
import { sandboxState } from '../node/sandbox-state.ts';
import { readListeners } from './listeners.ts';
import { collide, formatHostPort, type PortMapping, type Protocol } from './ports.ts';
import { type DockerRecord, readRecords } from './records.ts';

/** Where containerd, podman and all others that use the library keep what they have attached. */
const LIBRARY_CACHE = '/var/lib/cni/results';

/** Why one of the ports cannot be had by this container; undefined when all can. */
export function takenPort(sys: Sys, wanted: readonly PortMapping[], containerId: string): string | undefined {
  if (wanted.length === 0) return undefined;
  const listeners = readListeners(sys);
  for (const mapping of wanted) {
    const listener = listeners.find(({ protocol, port, ip }) =>
      collide(mapping, {
        protocol,
        hostPort: port,
        containerPort: 0,
        ...(ip === undefined ? {} : { hostIp: ip }),
      }),
    );
    if (listener !== undefined) {
      const at = listener.ip === undefined ? 'all addresses' : formatIpv4(listener.ip);
      return `port ${formatHostPort(mapping)} is taken: a program of the node waits on it, on ${at} (ss -lntup)`;
    }
  }
  for (const holder of [...ownHolders(sys, containerId), ...otherHolders(sys)]) {
    const mapping = wanted.find((one) => holder.ports.some((other) => collide(one, other)));
    if (mapping !== undefined) return `port ${formatHostPort(mapping)} is taken by ${holder.owner}`;
  }
  return undefined;
}

/** Records of ours that hold one of the ports for a container that does not run any more. */
export function staleHolders(sys: Sys, wanted: readonly PortMapping[], containerId: string): DockerRecord[] {
  return readRecords(sys).filter(
    (record) =>
      record.containerId !== containerId &&
      record.netns !== '' &&
      sandboxState(sys, record.netns) !== 'namespace' &&
      mappingsOf(record.capabilityArgs).some((held) => wanted.some((one) => collide(one, held))),
  );
}

interface Holder {
  readonly owner: string;
  readonly ports: readonly PortMapping[];
}

function ownHolders(sys: Sys, containerId: string): Holder[] {
  return readRecords(sys)
    .filter((record) => record.containerId !== containerId && sandboxState(sys, record.netns) === 'namespace')
    .map(({ name, namespace, capabilityArgs }) => ({
      owner: `container ${name} in namespace ${namespace}`,
      ports: mappingsOf(capabilityArgs),
    }));
}

function otherHolders(sys: Sys): Holder[] {
  return namesIn(sys, LIBRARY_CACHE).flatMap((name) => {
    const read = readRecord(sys, `${LIBRARY_CACHE}/${name}`);
    if (read.state !== 'ok') return [];
    const fields = new Fields(read.value);
    const ports = mappingsOf(fields.child('capabilityArgs').object);
    // What a crash has left there counts for nothing.
    if (ports.length === 0 || sandboxState(sys, fields.string('netns')) !== 'namespace') return [];
    return [{ owner: `container ${fields.string('containerId')} of another runtime`, ports }];
  });
}

function mappingsOf(capabilityArgs: JsonObject): PortMapping[] {
  return new Fields(capabilityArgs).children('portMappings').flatMap((fields) => {
    const hostPort = fields.count('hostPort');
    const hostIp = parseIpv4(fields.string('hostIP'));
    const protocol = (fields.string('protocol') || 'tcp').toLowerCase() as Protocol;
    if (hostPort === undefined || hostPort === 0) return [];
    return [{ hostPort, containerPort: 0, protocol, ...(hostIp ? { hostIp } : {}) }];
  });
}
