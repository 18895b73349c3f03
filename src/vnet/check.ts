/**
 * CHECK: is everything still as the result of ADD says? Compares the result, our record and the kernel,
 * changes nothing, and names the first difference and what mends it. Interfaces, addresses and routes
 * that others added are none of our business.
 */
import { parseNetworkConfig } from '../cni/config.ts';
import type { CniRequest, CniResult, PluginContext } from '../cni/types.ts';
import { type Cidr, formatCidr, type Ipv4Net, networkOf } from '../net/cidr.ts';
import { formatIpv4, type Ipv4, ipv4Bytes, ipv4FromBytes } from '../net/ipv4.ts';
import { NETLINK_ROUTE, NetlinkSocket } from '../net/netlink/socket.ts';
import { AF_INET, ipv4NetOf, listAddresses } from '../net/rtnl/address.ts';
import { type Link, linkByIndex, linkByName } from '../net/rtnl/link.ts';
import { listRoutes, type Route } from '../net/rtnl/route.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, type Result } from '../sys/result.ts';
import { ENDPOINTS_DIR, type EndpointRecord, readEndpoint } from './endpoint-record.ts';
import { Sockets } from './host-links.ts';
import { ipamOf } from './ipam.ts';
import { L2_TABLE } from './l2-expressions.ts';
import { missingElement, wrongRule } from './l2-rules.ts';
import { type NetworkRecord, readNetwork } from './network-record.ts';
import { inSandbox, openSandbox } from './sandbox.ts';

const RESTORE = 'delete the pod, or run DEL and ADD again';
const REPAIR = 'the next ADD repairs it, or run azure-vnet repair';

export function check(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const config = parseNetworkConfig(request);
  if (!config.ok) return config;
  const { sys, log } = context;
  const { prevResult } = request;
  if (prevResult === undefined) {
    return err(failure('INVALID_CONFIG', 'CHECK needs prevResult, the result of ADD; the runtime passes it'));
  }
  const record = readEndpoint(sys, log, ENDPOINTS_DIR, request.networkName, request.env);
  if (record?.phase !== 'ready') {
    const what = record === undefined ? 'no record' : 'an ADD that did not end';
    return err(
      differs(
        `${what} of ${request.env.containerId} ${request.env.ifname} in network ${request.networkName}`,
        RESTORE,
      ),
    );
  }
  const network = readNetwork(sys, log, request.networkName);
  if (network === undefined) return err(differs(`no record of network ${request.networkName}`, REPAIR));
  const sockets = new Sockets(context);
  const problem =
    checkHost(sockets, network, record) ??
    checkRules(sockets, network, record) ??
    checkSandbox(context, request, prevResult) ??
    checkForwarding(sockets, record);
  if (problem !== undefined) return err(problem);
  return ipamOf(context, request, config.value.ipamType, network).check();
}

function checkHost({ route }: Sockets, network: NetworkRecord, record: EndpointRecord): Failure | undefined {
  const bridge = linkByName(route, record.bridge);
  if (bridge?.kind !== 'bridge') return differs(`bridge ${record.bridge} is gone`, REPAIR);
  if (!bridge.up) return differs(`bridge ${bridge.name} is down`, REPAIR);
  const nic = linkByIndex(route, network.nicIndex);
  if (nic?.masterIndex !== bridge.index) {
    return differs(`${network.nic} is not a port of ${bridge.name}`, REPAIR);
  }
  const veth = linkByName(route, record.hostVeth);
  if (veth === undefined) return differs(`host veth ${record.hostVeth} is gone`, RESTORE);
  return checkPort(veth, bridge);
}

function checkPort(veth: Link, bridge: Link): Failure | undefined {
  if (veth.masterIndex !== bridge.index) {
    return differs(
      `${veth.name} is not a port of ${bridge.name}`,
      `ip link set ${veth.name} master ${bridge.name}`,
    );
  }
  if (!veth.up) return differs(`${veth.name} is down`, `ip link set ${veth.name} up`);
  if (veth.hairpin === false) {
    return differs(`hairpin mode of ${veth.name} is off`, `bridge link set dev ${veth.name} hairpin on`);
  }
  return undefined;
}

/** Last: a port whose other end is down does not forward either. */
function checkForwarding({ route }: Sockets, { hostVeth }: EndpointRecord): Failure | undefined {
  return linkByName(route, hostVeth)?.forwarding === true
    ? undefined
    : differs(`${hostVeth} does not forward`, `bridge link set dev ${hostVeth} state 3`);
}

function checkRules(
  { netfilter }: Sockets,
  network: NetworkRecord,
  record: EndpointRecord,
): Failure | undefined {
  const { bridge, nicIndex, nicMac, viaHost } = network;
  const wrong = wrongRule(netfilter, { bridge, nicIndex, nicMac, viaHost });
  if (wrong !== undefined) return differs(`in table bridge ${L2_TABLE} ${wrong}`, REPAIR);
  for (const address of record.addresses) {
    const place = missingElement(netfilter, address);
    if (place === undefined) continue;
    return differs(`${formatIpv4(address)} is not in ${place} of table bridge ${L2_TABLE}`, RESTORE);
  }
  return undefined;
}

function checkSandbox(context: PluginContext, request: CniRequest, expected: CniResult): Failure | undefined {
  const { ifname, netns } = request.env;
  const index = expected.interfaces.findIndex((item) => item.name === ifname && item.sandbox !== undefined);
  const told = expected.interfaces[index];
  if (told === undefined) return differs(`prevResult has no interface ${ifname} with a sandbox`, RESTORE);
  if (told.sandbox !== netns) {
    return differs(`prevResult says sandbox ${told.sandbox}, CNI_NETNS says ${netns}`, RESTORE);
  }
  const fd = openSandbox(context.sys, netns);
  if (!fd.ok) return fd.error;
  const entered = inSandbox(
    context.sys,
    fd.value,
    netns,
    () => new NetlinkSocket(context.sys, NETLINK_ROUTE),
  );
  if (!entered.ok) return entered.error;
  const link = linkByName(entered.value, ifname);
  if (link === undefined) return differs(`interface ${ifname} is gone from ${netns}`, RESTORE);
  if (!link.up) return differs(`interface ${ifname} in ${netns} is down`, `bring it up, or ${RESTORE}`);
  if (told.mac !== undefined && link.mac !== told.mac.toLowerCase()) {
    return differs(
      `${ifname} in ${netns} has MAC ${link.mac ?? 'none'}, the result says ${told.mac}`,
      RESTORE,
    );
  }
  const own = expected.ips.filter((ip) => ip.interface === undefined || ip.interface === index);
  const nets = own.flatMap(({ address }) => (address.family === 4 ? [address] : []));
  return checkAddresses(entered.value, link, nets) ?? checkRoutes(entered.value, link, expected);
}

function checkAddresses(socket: NetlinkSocket, link: Link, wanted: readonly Ipv4Net[]): Failure | undefined {
  const present = listAddresses(socket, AF_INET)
    .filter((address) => address.linkIndex === link.index)
    .map(ipv4NetOf);
  const missing = wanted.find(
    (net) => !present.some((other) => other?.address === net.address && other.prefixBits === net.prefixBits),
  );
  return missing === undefined
    ? undefined
    : differs(
        `address ${formatIpv4(missing.address)}/${missing.prefixBits} is gone from ${link.name}`,
        RESTORE,
      );
}

function checkRoutes(socket: NetlinkSocket, link: Link, expected: CniResult): Failure | undefined {
  const present = listRoutes(socket, AF_INET).filter((route) => route.linkIndex === link.index);
  for (const { dst, gw } of expected.routes) {
    if (dst.family !== 4 || gw?.family === 6) continue;
    const wanted = networkOf(dst);
    if (present.some((route) => leadsTo(route, wanted, gw?.address))) continue;
    const via = gw === undefined ? '' : ` via ${formatIpv4(gw.address)}`;
    return differs(`route ${formatCidr(wanted)}${via} dev ${link.name} is gone from the sandbox`, RESTORE);
  }
  return undefined;
}

function leadsTo(route: Route, wanted: Cidr, gateway: Ipv4 | undefined): boolean {
  const base = ipv4FromBytes(route.dst ?? ipv4Bytes(0 as Ipv4));
  if (route.dstBits !== wanted.prefixBits || base !== wanted.base) return false;
  return gateway === undefined || (route.gateway !== undefined && ipv4FromBytes(route.gateway) === gateway);
}

function differs(what: string, repair: string): Failure {
  return failure('CHECK_FAILED', `CHECK found a difference: ${what}; ${repair}`);
}
