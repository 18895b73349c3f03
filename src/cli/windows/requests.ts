/** Requests as a runtime would make them, for the functions of the plugin that work on a request. */
import type { CniRequest } from '../../cni/types.ts';
import { NEWEST_VERSION } from '../../cni/version.ts';
import { OWN_IPAM } from '../../ipam/through.ts';
import type { WindowsSys } from '../../sys/windows.ts';
import type { Call } from '../command.ts';
import { type ConfiguredNetwork, configuredNetworks, readConflists } from '../conflists.ts';
import { binDir, confDir, directoryOf } from './paths.ts';

/** The networks of ours that files in the directory of the configurations name. */
export function ourNetworks(call: Pick<Call, 'sys' | 'given'>): ConfiguredNetwork[] {
  return configuredNetworks(readConflists(call.sys, confDir(call)));
}

/** A request about a network as its file has it; by its name alone where there is none. */
export function requestFor(
  call: Pick<Call, 'sys' | 'given'>,
  command: 'GC' | 'STATUS',
  network: string,
): CniRequest {
  const own = (call.sys as WindowsSys).executablePath();
  const config = ourNetworks(call).find(({ name }) => name === network)?.config ?? {
    name: network,
    type: 'azure-vnet',
    ipam: { type: OWN_IPAM },
  };
  return {
    env: {
      command,
      containerId: '',
      ifname: '',
      netns: '',
      path: [directoryOf(own), binDir(call)],
      args: {},
      netnsOverride: false,
    },
    version: NEWEST_VERSION,
    networkName: network,
    // The question is ours, whatever version the runtime speaks with the plugins.
    config: { ...config, cniVersion: NEWEST_VERSION },
    validAttachments: [],
  };
}
