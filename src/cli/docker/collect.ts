/** Collects what is known of containers. Changes nothing. */
import { ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { collectNode } from '../node/collect.ts';
import { IFNAME } from './attach.ts';
import type { Docker } from './client.ts';
import type { DockerContainer } from './container.ts';
import { type DockerRecord, readRecords } from './records.ts';
import { sandboxOf } from './sandbox.ts';
import type { DockerFacts } from './standing.ts';

/** All containers of ours, and the records whose containers are gone. */
export function collectAll(sys: Sys, docker: Docker): Result<readonly DockerFacts[], string> {
  // The records first: one of a container that is made in between is in neither list.
  const records = readRecords(sys);
  const containers = docker.ours();
  return containers.ok ? ok(join(sys, containers.value, records)) : containers;
}

/** Those that are meant by these names or ids; nothing for one that nobody knows. */
export function collectSome(
  sys: Sys,
  docker: Docker,
  references: readonly string[],
): Result<readonly DockerFacts[], string> {
  const records = readRecords(sys);
  const found = docker.inspect(references);
  if (!found.ok) return found;
  const means = (id: string, name: string) =>
    references.some((text) => text === name || (text.length >= 12 && id.startsWith(text)));
  const ids = new Set(found.value.map(({ id }) => id));
  const meant = records.filter(({ containerId, name }) => ids.has(containerId) || means(containerId, name));
  // A record of the same name may be that of another container, which is there: docker tells.
  const others = docker.inspect(meant.map(({ containerId }) => containerId).filter((id) => !ids.has(id)));
  return others.ok ? ok(join(sys, [...found.value, ...others.value], meant)) : others;
}

function join(
  sys: Sys,
  containers: readonly DockerContainer[],
  records: readonly DockerRecord[],
): DockerFacts[] {
  const standing = new Set(
    collectNode(sys)
      .endpoints.filter(({ record, link }) => record.phase === 'ready' && link !== undefined)
      .filter(({ record }) => record.ifname === IFNAME)
      .map(({ record }) => record.containerId),
  );
  const recordOf = (id: string) => records.find(({ containerId }) => containerId === id);
  const there = containers.map((container): DockerFacts => {
    const record = recordOf(container.id);
    return {
      container,
      endpointStands: standing.has(container.id),
      ...(record === undefined ? {} : { record }),
      ...(container.pid === 0 ? {} : { sandbox: sandboxOf(sys, container) }),
    };
  });
  const gone = records.filter(({ containerId }) => !containers.some(({ id }) => id === containerId));
  const left = gone.map(
    (record): DockerFacts => ({ record, endpointStands: standing.has(record.containerId) }),
  );
  return [...there, ...left];
}
