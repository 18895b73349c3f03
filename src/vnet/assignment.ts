/** What IPAM gave, as the endpoint needs it, and the result that the runtime gets. */
import type { CniInterface, CniResult, NetworkConfig } from '../cni/types.ts';
import { type Cidr, type Ipv4Net, networkOf } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Ipv4Route } from '../net/rtnl/route.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { broken, err, ok, type Result } from '../sys/result.ts';

export interface Assignment {
  readonly addresses: readonly Ipv4Net[];
  /** Network of the first address: the subnet of the VNet. */
  readonly subnet: Cidr;
  readonly routes: readonly Omit<Ipv4Route, 'linkIndex'>[];
  /** The IPAM result with the default route, if that had to be added. */
  readonly result: CniResult;
}

const ANYWHERE: Cidr = { base: 0 as Ipv4, prefixBits: 0 };

/** More than any container has; what is larger is a mistake, and would not fit a netlink batch. */
export const MAX_ADDRESSES = 64;
export const MAX_ROUTES = 1000;

/** Reads an IPAM result. Without any route the gateway becomes the default route. */
export function readAssignment(result: CniResult): Result<Assignment, Failure> {
  if (result.ips.length > MAX_ADDRESSES || result.routes.length > MAX_ROUTES) {
    const found = `${result.ips.length} addresses and ${result.routes.length} routes`;
    const text = `IPAM returned ${found}; the limits are ${MAX_ADDRESSES} and ${MAX_ROUTES}`;
    return err(failure('DELEGATE_FAILED', text));
  }
  const addresses: Ipv4Net[] = [];
  let gateway: Ipv4 | undefined;
  for (const ip of result.ips) {
    if (ip.address.family !== 4) return err(noIpv6('an address'));
    addresses.push({ address: ip.address.address, prefixBits: ip.address.prefixBits });
    if (ip.gateway?.family === 4) gateway ??= ip.gateway.address;
  }
  const routes: Omit<Ipv4Route, 'linkIndex'>[] = [];
  for (const { dst, gw } of result.routes) {
    if (dst.family !== 4 || gw?.family === 6) return err(noIpv6('a route'));
    const via = gw === undefined ? gateway : gw.address;
    routes.push({ dst: networkOf(dst), ...(via === undefined ? {} : { gateway: via }) });
  }
  const first = addresses[0];
  if (first === undefined) broken('an IPAM result without an address');
  const withDefault = routes.length === 0 && gateway !== undefined;
  if (withDefault && gateway !== undefined) routes.push({ dst: ANYWHERE, gateway });
  return ok({
    addresses,
    subnet: networkOf(first),
    routes,
    result: withDefault
      ? { ...result, routes: [{ dst: { family: 4, address: ANYWHERE.base, prefixBits: 0 } }] }
      : result,
  });
}

/** The interfaces of an endpoint, in the order of the result. */
export interface EndpointInterfaces {
  readonly bridge: CniInterface;
  readonly host: CniInterface;
  readonly container: CniInterface;
}

/**
 * The result of ADD: what came before us in the chain, then our interfaces, each address pointing at
 * the one in the container. The configuration's DNS goes before that of IPAM.
 */
export function composeResult(
  config: NetworkConfig,
  previous: CniResult | undefined,
  ipam: CniResult,
  interfaces: EndpointInterfaces,
): CniResult {
  const before = previous?.interfaces ?? [];
  const index = before.length + 2;
  const hasDns = Object.keys(config.dns).length > 0;
  return {
    interfaces: [...before, interfaces.bridge, interfaces.host, interfaces.container],
    ips: [...(previous?.ips ?? []), ...ipam.ips.map((ip) => ({ ...ip, interface: index }))],
    routes: [...(previous?.routes ?? []), ...ipam.routes],
    dns: hasDns ? config.dns : ipam.dns,
  };
}

function noIpv6(what: string): Failure {
  return failure(
    'UNSUPPORTED_FIELD',
    `IPAM returned ${what} of IPv6; bridge mode has IPv4 only, take IPv6 out of "ipam"`,
  );
}
