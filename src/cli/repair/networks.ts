/** The networks that repair can build again, and with which settings. Pure. */
import type { NetworkConfig } from '../../cni/types.ts';
import { type Cidr, networkOf } from '../../net/cidr.ts';
import type { NodeFacts } from '../node/facts.ts';

export interface Repairable {
  readonly config: NetworkConfig;
  readonly subnet: Cidr;
}

/**
 * Networks on record get what the record says; `configured` gives what a record does not hold. A configured
 * network without a record is one whose records were lost, when its bridge stands or once took a NIC's place.
 */
export function repairableNetworks(
  facts: NodeFacts,
  configured: (network: string) => NetworkConfig,
  configuredNames: readonly string[],
): Repairable[] {
  const recorded = facts.networks.map(({ record, nic }): Repairable => {
    const { name, bridge, viaHost, subnet } = record;
    // By name only where it is there: a NIC that was renamed is found by its subnet.
    const master = nic === undefined ? {} : { master: nic.name };
    return { config: { ...configured(name), ...master, bridge, ipsToRouteViaHost: viaHost }, subnet };
  });
  const lost = configuredNames
    .filter((name) => !facts.networks.some(({ record }) => record.name === name))
    .flatMap((name) => {
      const config = configured(name);
      const subnet = subnetOfLost(facts, config.bridge);
      return subnet === undefined ? [] : [{ config, subnet }];
    });
  return [...recorded, ...lost];
}

function subnetOfLost({ bridges, hosts }: NodeFacts, bridge: string | undefined): Cidr | undefined {
  const standing = bridges.find(({ link }) => link.name === bridge)?.addresses[0];
  const remembered = hosts.find((host) => host.bridge === bridge)?.addresses[0];
  const net = standing ?? remembered;
  return net === undefined ? undefined : networkOf(net);
}
