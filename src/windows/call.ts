/** One call of azure-vnet on Windows: what its steps share. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { ipamPlugin } from '../ipam/ipam-plugin.ts';
import { type Ipam, ipamThrough, type KnownNetwork, OWN_IPAM } from '../ipam/through.ts';
import type { Failure } from '../sys/failure.ts';
import { ok, type Result } from '../sys/result.ts';
import type { WindowsSys } from '../sys/windows.ts';
import { openAdapters } from './adapters.ts';
import { parseWindowsConfig, type WindowsConfig } from './config.ts';
import type { Hns, HnsVersion } from './hns.ts';
import { HnsCalls } from './hns-calls.ts';
import { HnsV1 } from './hns-v1.ts';
import { HnsV2 } from './hns-v2.ts';
import { type Sandbox, sandboxOf } from './sandbox.ts';

/** azure-vnet-ipam with the adapters of Windows for interfaces. */
export const windowsIpam = ipamPlugin(openAdapters);

/** What a call waits for another one of the same container beyond the deadline of one call to HNS. */
const LOCK_MARGIN_MS = 10_000;

export class WindowsCall {
  readonly context: PluginContext;
  readonly sys: WindowsSys;
  readonly request: CniRequest;
  readonly config: WindowsConfig;
  readonly sandbox: Sandbox;
  readonly lockWaitMs: number;
  readonly #versions: { readonly 1: Hns; readonly 2: Hns };

  constructor(context: PluginContext, request: CniRequest, config: WindowsConfig) {
    this.context = context;
    // The entry of the Windows image passes nothing else.
    this.sys = context.sys as WindowsSys;
    this.request = request;
    this.config = config;
    this.sandbox = sandboxOf(request.env.netns);
    this.lockWaitMs = config.hnsTimeoutMs + LOCK_MARGIN_MS;
    const calls = new HnsCalls(this.sys, context.log, config.hnsTimeoutMs);
    this.#versions = { 1: new HnsV1(calls), 2: new HnsV2(calls) };
  }

  hns(version: HnsVersion): Hns {
    return this.#versions[version];
  }

  /** IPAM as the configuration has it, or of this type; for this request, or one about another attachment. */
  ipam(network?: KnownNetwork, type = this.config.ipamType || OWN_IPAM, request = this.request): Ipam {
    return ipamThrough(windowsIpam, this.context, request, type, network);
  }
}

export function callOf(context: PluginContext, request: CniRequest): Result<WindowsCall, Failure> {
  const config = parseWindowsConfig(request);
  return config.ok ? ok(new WindowsCall(context, request, config.value)) : config;
}
