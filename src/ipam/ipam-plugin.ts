/**
 * azure-vnet-ipam: hands out the secondary addresses of the VM. Works for any plugin that delegates to it,
 * with or without `ipam.subnet`; azure-vnet calls it within its own process.
 *
 *   ADD     source (cached) → pools that the configuration allows → an address, under the lock
 *   DEL     gives back what this attachment has; asks neither source nor namespace nor subnet
 *   CHECK   the attachment has the address of prevResult
 *   GC      gives back what this network has and no valid attachment claims
 *   STATUS  whether ADD could be served
 */
import type { CniPlugin, CniRequest, CniResult, PluginContext } from '../cni/types.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { withLock } from '../state/lock.ts';
import { type Failure, failure, failureOf } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type Allocation, type AllocationRequest, allocate } from './allocate.ts';
import { checkLease } from './check.ts';
import { releaseInvalid } from './gc.ts';
import { Leases } from './leases.ts';
import type { OpenLocal } from './nics.ts';
import { releaseAttachment } from './release.ts';
import { poolStatus } from './status.ts';
import { type Situation, withPools } from './with-pools.ts';

/** Azure's resolver, the same address in every VNet. */
const AZURE_DNS = '168.63.129.16';

/** Releases of addresses that the source does not name any more are forgotten after this time. */
const FORGET_AFTER_MS = 60 * 60 * 1000;

/** The plugin on a machine whose interfaces `open` tells. */
export function ipamPlugin(open: OpenLocal): CniPlugin {
  return {
    name: 'azure-vnet-ipam',
    add: (context, request) => guarded(() => add(context, open, request)),
    del: (context, request) => guarded(() => locked(context, () => releaseAttachment(context, request))),
    check: (context, request) => guarded(() => checkLease(context.sys, request)),
    gc: (context, request) => guarded(() => locked(context, () => releaseInvalid(context, request))),
    status: (context, request) => guarded(() => poolStatus(context, open, request)),
  };
}

function add(context: PluginContext, open: OpenLocal, request: CniRequest): Result<CniResult, Failure> {
  const allocated = withPools(context, open, request, (situation) =>
    locked(context, () => context.log.step('allocate', () => allocateIn(context, request, situation))),
  );
  return allocated.ok ? ok(resultOf(allocated.value)) : allocated;
}

function allocateIn(
  context: PluginContext,
  { env, networkName }: CniRequest,
  { config, pools, list, onHost }: Situation,
): Result<Allocation, Failure> {
  const { podName, podNamespace } = env.args;
  const wanted: AllocationRequest = {
    attachment: { containerId: env.containerId, ifname: env.ifname },
    facts: {
      network: networkName,
      ...(podName === undefined ? {} : { podName }),
      ...(podNamespace === undefined ? {} : { podNamespace }),
    },
    ...(config.requested === undefined ? {} : { requested: config.requested }),
    onHost,
  };
  const leases = new Leases(context.sys);
  const allocated = allocate(context, leases, pools, wanted);
  if (list.isNew) {
    const isKnown = (address: Ipv4) => list.pools.some(({ addresses }) => addresses.includes(address));
    leases.forgetUnknown(isKnown, context.sys.realtimeMs() - FORGET_AFTER_MS);
  }
  return allocated;
}

/** No interfaces, and no index of one: those are the caller's (SPEC.md "Delegated plugins (IPAM)"). */
function resultOf({ address, pool: { subnet, gateway } }: Allocation): CniResult {
  const gw = { family: 4, address: gateway } as const;
  const anywhere = { family: 4, address: 0 as Ipv4, prefixBits: 0 } as const;
  return {
    interfaces: [],
    ips: [{ address: { family: 4, address, prefixBits: subnet.prefixBits }, gateway: gw }],
    routes: [{ dst: anywhere, gw }],
    dns: { nameservers: [AZURE_DNS] },
  };
}

/** What the disk or the kernel refuses comes out as a failure. */
function guarded<T>(work: () => Result<T, Failure>): Result<T, Failure> {
  try {
    return work();
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return err(failure('IO', `the addresses in use cannot be read or written: ${refused.message}`));
  }
}

function locked<T>(context: PluginContext, work: () => Result<T, Failure>): Result<T, Failure> {
  const outcome = withLock(context, work);
  return outcome.ok ? outcome.value : outcome;
}
