/** Requests and plugins for the tests of the protocol layer. */

import { parseIpNet } from '../../../src/cni/address.ts';
import { runPlugin } from '../../../src/cni/dispatch.ts';
import type { CniPlugin, CniRequest, CniResult, JsonObject, JsonValue } from '../../../src/cni/types.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { ok } from '../../../src/sys/result.ts';
import { type CallSys, type CallWorld, callSys } from './call-sys.ts';

export const BASE_CONFIG = {
  cniVersion: '0.3.1',
  name: 'azure',
  type: 'azure-vnet',
  mode: 'bridge',
  ipam: { type: 'azure-vnet-ipam' },
} as const;

export const BASE_ENV = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/c1',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
} as const;

/** The same in the newest version. */
export const NEWEST = { ...BASE_CONFIG, cniVersion: '1.1.0' };

/** The variables of a call. */
export function env(command: string, more: Record<string, string> = {}): Record<string, string> {
  return { ...BASE_ENV, CNI_COMMAND: command, ...more };
}

export const ONE_ADDRESS: CniResult = {
  interfaces: [],
  ips: [{ address: net('10.240.0.5/16') }],
  routes: [],
  dns: {},
};

export function net(text: string) {
  const parsed = parseIpNet(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
}

/** A request as the dispatcher would build it. */
export function requestOf(
  config: JsonObject,
  env: Partial<CniRequest['env']> = {},
  rest: Partial<CniRequest> = {},
): CniRequest {
  return {
    env: {
      command: 'ADD',
      containerId: 'c1',
      ifname: 'eth0',
      netns: '/run/netns/c1',
      path: ['/opt/cni/bin'],
      args: {},
      netnsOverride: false,
      ...env,
    },
    version: '0.3.1',
    networkName: 'azure',
    config,
    validAttachments: [],
    ...rest,
  };
}

/** A plugin that succeeds, except where `parts` says otherwise, and remembers its requests. */
export function fakePlugin(parts: Partial<CniPlugin> = {}): CniPlugin & { readonly requests: CniRequest[] } {
  const requests: CniRequest[] = [];
  const done = (_: unknown, request: CniRequest) => {
    requests.push(request);
    return ok(undefined);
  };
  return {
    name: 'azure-vnet',
    add: (_, request) => {
      requests.push(request);
      return ok(ONE_ADDRESS);
    },
    del: done,
    check: done,
    gc: done,
    status: done,
    requests,
    ...parts,
  };
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout parsed, when it is not empty. */
  readonly document: JsonObject;
  readonly log: OperationLog;
  readonly requests: readonly CniRequest[];
  readonly sys: CallSys;
}

/** Runs one call in this process; `stdin` is a text or a configuration. */
export function run(
  env: Readonly<Record<string, string>>,
  stdin: string | JsonValue | undefined,
  options: { plugin?: ReturnType<typeof fakePlugin>; world?: CallWorld } = {},
): Ran {
  const text = stdin === undefined || typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
  const sys = callSys({ ...options.world, env, ...(text !== undefined && { stdin: text }) });
  const plugin = options.plugin ?? fakePlugin();
  const log = new OperationLog(sys);
  const status = runPlugin(sys, plugin, log);
  const stdout = sys.stdout();
  const document = (stdout === '' ? {} : JSON.parse(stdout)) as JsonObject;
  return { status, stdout, stderr: sys.stderr(), document, log, requests: plugin.requests, sys };
}
