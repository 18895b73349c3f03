/** Requests as a runtime would make them, for the functions of the plugin that work on a request. */
import { parseNetworkConfig } from '../cni/config.ts';
import type { Attachment, CniRequest, JsonObject, NetworkConfig } from '../cni/types.ts';
import { NEWEST_VERSION } from '../cni/version.ts';
import type { Sys } from '../sys/sys.ts';
import { OWN_IPAM } from '../vnet/ipam.ts';
import type { ConfiguredNetwork } from './conflists.ts';

export class Requests {
  readonly #configured: readonly ConfiguredNetwork[];
  readonly #path: readonly string[];

  /** `path`: where plugins are looked for, after the directory of this executable. */
  constructor(sys: Sys, configured: readonly ConfiguredNetwork[], path: readonly string[]) {
    this.#configured = configured;
    this.#path = [directoryOf(sys.readlink('/proc/self/exe')), ...path];
  }

  /** A DEL, which takes a configuration whatever has become of it; `ipamType` where no file has the network. */
  del(network: string, attachment: Attachment, ipamType = OWN_IPAM): CniRequest {
    return {
      env: {
        command: 'DEL',
        containerId: attachment.containerId,
        ifname: attachment.ifname,
        netns: '',
        path: this.#path,
        args: {},
        netnsOverride: false,
      },
      version: NEWEST_VERSION,
      networkName: network,
      config: this.#configOf(network) ?? { name: network, type: 'azure-vnet', ipam: { type: ipamType } },
      validAttachments: [],
    };
  }

  /** What the configuration of the network says beside its name; defaults where no file has the network. */
  networkConfig(network: string): NetworkConfig {
    const parsed = parseNetworkConfig(this.del(network, NOBODY));
    if (!parsed.ok) throw new Error(`Internal error: DEL refused a configuration: ${parsed.error.message}`);
    return parsed.value;
  }

  #configOf(network: string): JsonObject | undefined {
    return this.#configured.find(({ name }) => name === network)?.config;
  }
}

const NOBODY: Attachment = { containerId: '', ifname: '' };

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
