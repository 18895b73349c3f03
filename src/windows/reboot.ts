/**
 * After a restart of the machine no container runs any more, but records, leases and, in HNS, endpoints are still
 * there. On Linux a reboot empties /run; here the first call that notices does as much: what nothing is attached to
 * is taken down. HNS is asked for each, so a boot id that should be wrong costs time and nothing else.
 */
import type { WindowsCall } from './call.ts';
import { exclusively, NETWORK_LOCK } from './exclusive.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  listEndpoints,
  readEndpoint,
  readNetwork,
  writeNetwork,
} from './records.ts';
import { lockOf } from './sweep.ts';
import { takeDown } from './take-down.ts';

/** Looks once per boot and network. Not with the lock of an attachment held. */
export function afterReboot(call: WindowsCall): void {
  const { sys, log } = call.context;
  const { name } = call.config;
  const bootId = call.sys.bootId();
  if ((readNetwork(sys, log, name)?.bootId ?? bootId) === bootId) return;
  const done = exclusively(call.context, NETWORK_LOCK, call.lockWaitMs, () => {
    const network = readNetwork(sys, log, name);
    if (network === undefined || network.bootId === bootId) return;
    log.note('info', `the machine was restarted; what is left of the containers of ${name} is removed`);
    const records = listEndpoints(sys, log, ENDPOINTS_DIR).filter((record) => record.network === name);
    const problems = records.map((record) => removeIfDead(call, record)).filter((text) => text !== undefined);
    for (const text of problems) log.note('warn', `${text}; the next call tries again`);
    if (problems.length === 0) writeNetwork(sys, { ...network, bootId });
  });
  if (!done.ok) log.note('warn', done.error.message);
}

/** True when nothing is attached to the endpoint any more, or it is gone; undefined when HNS does not tell. */
export function isDead(call: WindowsCall, { version, hnsId }: EndpointRecord): boolean | undefined {
  const hns = call.hns(version);
  const endpoint = hns.endpointById(hnsId);
  if (!endpoint.ok) return undefined;
  if (endpoint.value === undefined) return true;
  const inUse = hns.isInUse(endpoint.value);
  return inUse.ok ? !inUse.value : undefined;
}

/** Why it is still there although nothing is attached to it; undefined when all is well. */
export function removeIfDead(call: WindowsCall, record: EndpointRecord): string | undefined {
  const { sys, log } = call.context;
  const done = exclusively(call.context, lockOf(record), 0, () => {
    const still = readEndpoint(sys, log, ENDPOINTS_DIR, record.network, record);
    const dead = still && isDead(call, still);
    if (still === undefined || dead === false) return undefined;
    return dead === undefined ? 'HNS does not tell about it' : takeDown(call, still)?.message;
  });
  return done.ok ? done.value : done.error.message;
}
