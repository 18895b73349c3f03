/**
 * Names and MAC addresses that follow from what they belong to, so that a call can find what an
 * earlier one made even when every record is lost.
 */
import type { Attachment } from '../cni/types.ts';
import { type Ipv4, ipv4Bytes, ipv4FromBytes } from '../net/ipv4.ts';
import { type MacAddress, macBytes, macFromBytes } from '../net/mac.ts';
import type { Sys } from '../sys/sys.ts';

/** Every host veth begins so; tools search for it. */
export const HOST_VETH_PREFIX = 'azv';
/** With the prefix 14 characters: one less than the kernel's limit. */
const HOST_VETH_DIGITS = 11;

/** `azv` and 11 hex digits of SHA-1(network + container + interface), as the original names it. */
export function hostVethName(sys: Sys, network: string, attachment: Attachment): string {
  const key = sys.encodeUtf8(network + attachment.containerId + attachment.ifname);
  return HOST_VETH_PREFIX + sys.sha1Hex(key, 0, key.length).slice(0, HOST_VETH_DIGITS);
}

/** The bridge of a master interface when the configuration names none. */
export function defaultBridgeName(masterIndex: number): string {
  return `azure${masterIndex}`;
}

/** First two octets of both ends' MAC addresses; the other four are those of the pod's address. */
export const POD_MAC_PREFIX = Uint8Array.of(0x02, 0x0d);
export const HOST_VETH_MAC_PREFIX = Uint8Array.of(0xfe, 0x0d);

/**
 * MAC address of the interface in the container: locally administered, the last four octets are the
 * pod's address. An address that is used again keeps its MAC, so no neighbour cache goes stale.
 */
export function podMac(address: Ipv4): MacAddress {
  return macOf(POD_MAC_PREFIX, address);
}

/** MAC of the host end: higher than any NIC's, should a bridge ever choose by the lowest. */
export function hostVethMac(address: Ipv4): MacAddress {
  return macOf(HOST_VETH_MAC_PREFIX, address);
}

/** The pod's address that a host veth's MAC tells; undefined for a MAC that is not ours. */
export function addressOfHostVeth(mac: MacAddress): Ipv4 | undefined {
  const bytes = macBytes(mac);
  const [first, second] = HOST_VETH_MAC_PREFIX;
  return bytes[0] === first && bytes[1] === second ? ipv4FromBytes(bytes.subarray(2)) : undefined;
}

function macOf(prefix: Uint8Array, address: Ipv4): MacAddress {
  const bytes = new Uint8Array(6);
  bytes.set(prefix);
  bytes.set(ipv4Bytes(address), prefix.length);
  return macFromBytes(bytes);
}
