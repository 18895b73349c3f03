/**
 * IPAM for a network plugin: in this process when ipam.type is our own plugin and the file of that name on
 * CNI_PATH is this very executable, else executed as the specification says.
 */
import { delegateIpam } from '../cni/delegate.ts';
import { findPlugin, isSelf } from '../cni/find-plugin.ts';
import { isObject, lookup } from '../cni/json.ts';
import type {
  CniPlugin,
  CniRequest,
  CniResult,
  IpamConfig,
  JsonObject,
  PluginContext,
} from '../cni/types.ts';
import { type Cidr, formatCidr } from '../net/cidr.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';

export const OWN_IPAM = 'azure-vnet-ipam';

export interface Ipam {
  /** The result has at least one address. */
  add(): Result<CniResult, Failure>;
  del(): Result<void, Failure>;
  check(): Result<void, Failure>;
  gc(): Result<void, Failure>;
  status(): Result<void, Failure>;
}

/** What our own IPAM is told of a network that is known already. */
export interface KnownNetwork {
  readonly subnet: Cidr;
  readonly nic: string;
}

/**
 * IPAM of the type; `own` is our own, which serves the call in this process if `here`. `config` is what was read of
 * this very request already.
 */
export function ipamThrough(
  own: CniPlugin,
  context: PluginContext,
  original: CniRequest,
  ipamType: string,
  network: KnownNetwork | undefined,
  here = isHere(context, original, ipamType),
  config?: IpamConfig,
): Ipam {
  const isOwn = ipamType === OWN_IPAM;
  const request =
    isOwn && network !== undefined ? withNetwork(original, network, here ? config : undefined) : original;
  if (here) {
    return {
      add: () =>
        nonEmpty(
          context.log.step('ipam', () => own.add(context, request)),
          ipamType,
        ),
      del: () => context.log.step('ipam', () => own.del(context, request)),
      check: () => own.check(context, request),
      gc: () => own.gc(context, request),
      status: () => own.status(context, request),
    };
  }
  const run = (command: 'DEL' | 'CHECK' | 'GC' | 'STATUS') => {
    const done = delegateIpam(context, request, ipamType, command);
    return done.ok ? ok(undefined) : done;
  };
  return {
    add: () => nonEmpty(delegateIpam(context, request, ipamType, 'ADD'), ipamType),
    del: () => run('DEL'),
    check: () => run('CHECK'),
    gc: () => run('GC'),
    status: () => run('STATUS'),
  };
}

/**
 * Is IPAM of the type our own, in this process? Who needs the answer twice asks once: when the system refuses to tell,
 * IPAM is executed, and a second answer would be another one.
 */
export function isHere(context: PluginContext, request: CniRequest, ipamType: string): boolean {
  if (ipamType !== OWN_IPAM) return false;
  const found = findPlugin(context.sys, OWN_IPAM, request.env.path);
  return found.ok && isSelf(context.sys, found.value);
}

/** What is known goes where the configuration says nothing: in what was read of it, else in its text. */
function withNetwork(request: CniRequest, network: KnownNetwork, read: IpamConfig | undefined): CniRequest {
  if (read !== undefined) {
    return { ...request, ipamConfig: { subnet: network.subnet, master: network.nic, ...read } };
  }
  const given = lookup(request.config, 'ipam');
  const ipam: JsonObject = isObject(given) ? given : {};
  const subnet = lookup(ipam, 'subnet') || formatCidr(network.subnet);
  const master = lookup(request.config, 'master') || network.nic;
  return { ...request, config: { ...request.config, ipam: { ...ipam, subnet }, master } };
}

function nonEmpty(
  result: Result<CniResult | undefined, Failure>,
  ipamType: string,
): Result<CniResult, Failure> {
  if (!result.ok) return result;
  if (result.value !== undefined && result.value.ips.length > 0) return ok(result.value);
  return err(failure('DELEGATE_FAILED', `IPAM plugin "${ipamType}" returned no addresses`));
}
