/** What ADD answers on Windows: one interface, in the container, with its addresses. */
import { optional } from '../cni/fields.ts';
import type { CniDns, CniIp, CniResult, CniRoute } from '../cni/types.ts';
import type { WindowsCall } from './call.ts';
import type { HnsEndpoint } from './hns.ts';

export interface ResultFacts {
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
}

/** The result: what came before in the chain, then the interface; each address points at it. */
export function composeResult(
  { request }: WindowsCall,
  { mac }: Pick<HnsEndpoint, 'mac'>,
  { ips, routes, dns }: ResultFacts,
): CniResult {
  const { env, prevResult } = request;
  const before = prevResult?.interfaces ?? [];
  return {
    interfaces: [...before, { name: env.ifname, ...optional('mac', mac), sandbox: env.netns }],
    ips: [...(prevResult?.ips ?? []), ...ips.map((ip) => ({ ...ip, interface: before.length }))],
    routes: [...(prevResult?.routes ?? []), ...routes],
    dns,
  };
}
