/**
 * azure-vnet gc on Windows: takes down endpoints whose container or namespace is gone, as `docker rm` without a DEL
 * leaves them, and completes what was interrupted. Runtimes that call GC need it not.
 */
import { formatIpv4 } from '../../net/ipv4.ts';
import { WindowsCall } from '../../windows/call.ts';
import { parseWindowsConfig } from '../../windows/config.ts';
import { isDead, removeIfDead } from '../../windows/reboot.ts';
import { ENDPOINTS_DIR, type EndpointRecord, listEndpoints, listNetworks } from '../../windows/records.ts';
import { sweep } from '../../windows/sweep.ts';
import { type Call, type Command, DRY_RUN_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { BIN_DIR_FLAG, CONF_DIR_FLAG } from './paths.ts';
import { requestFor } from './requests.ts';

export const windowsGcCommand: Command = {
  name: 'gc',
  summary: 'gives back addresses and endpoints of containers that are gone',
  flags: [BIN_DIR_FLAG, CONF_DIR_FLAG, DRY_RUN_FLAG],
  details: ['HNS is asked for each endpoint. Status 1 when one could not be looked at or removed.'],
  needsRoot: false,
  changes: true,
  run: gc,
};

function gc(call: Call): number {
  const { sys, log, out, given } = call;
  const isDry = given.switches.has(DRY_RUN_FLAG.name);
  let failed = 0;
  let removed = 0;
  for (const { name } of listNetworks(sys, log)) {
    const windows = windowsCall(call, name);
    if (!isDry) sweep(windows);
    for (const record of listEndpoints(sys, log, ENDPOINTS_DIR)) {
      if (record.network !== name) continue;
      const dead = isDead(windows, record);
      if (dead === false) continue;
      const problem = dead === undefined || !isDry ? removeIfDead(windows, record) : undefined;
      if (problem === undefined) {
        out.print(`${isDry ? 'would remove' : 'removed'} ${describe(record)}\n`);
        removed++;
      } else {
        out.complain(`azure-vnet: ${describe(record)} stays: ${problem}\n`);
        failed++;
      }
    }
  }
  if (removed + failed === 0) out.print('nothing is left over\n');
  return failed === 0 ? STATUS_OK : STATUS_PROBLEMS;
}

function describe({ containerId, ifname, addresses, endpoint }: EndpointRecord): string {
  return `${containerId.slice(0, 12)} ${ifname} ${addresses.map(formatIpv4).join(',')} (${endpoint})`;
}

function windowsCall(call: Call, network: string): WindowsCall {
  const request = requestFor(call, 'GC', network);
  const parsed = parseWindowsConfig(request);
  if (!parsed.ok) throw new Error(`Internal error: GC refused a configuration: ${parsed.error.message}`);
  return new WindowsCall({ sys: call.sys, log: call.log }, request, parsed.value);
}
