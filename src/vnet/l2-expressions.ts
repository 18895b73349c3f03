/**
 * The expressions of the layer-2 rules (see l2-rules.ts): what each matches and changes.
 */
import type { Ipv4 } from '../net/ipv4.ts';
import { type MacAddress, macBytes } from '../net/mac.ts';
import type { MessageWriter } from '../net/netlink/writer.ts';
import * as nft from '../net/nft/expressions.ts';
import { HOST_VETH_MAC_PREFIX, POD_MAC_PREFIX } from './names.ts';

export const L2_TABLE = 'azure-vnet';
export const POD_MACS = 'pod_macs';
export const LOCAL_IPS = 'local_ips';
export const VIA_HOST_IPS = 'via_host_ips';
export const PREROUTING = 'prerouting';
export const POSTROUTING = 'postrouting';

const ETHERTYPE_IPV4 = Uint8Array.of(0x08, 0x00);
const ETHERTYPE_ARP = Uint8Array.of(0x08, 0x06);
const ARP_REQUEST = Uint8Array.of(0, 1);
/** PACKET_HOST (linux/if_packet.h): the frame is for this machine. */
const PACKET_HOST = Uint8Array.of(0);
/** Of the source and destination MAC of a frame: the first two octets and the other four. */
const SRC_PREFIX: nft.Field = { ...nft.ETHER_SRC, bytes: 2 };
const SRC_REST: nft.Field = { ...nft.ETHER_SRC, offset: nft.ETHER_SRC.offset + 2, bytes: 4 };
const DST_PREFIX: nft.Field = { ...nft.ETHER_DST, bytes: 2 };
const DST_REST: nft.Field = { ...nft.ETHER_DST, offset: nft.ETHER_DST.offset + 2, bytes: 4 };

/** What the rules of one NIC are made of. */
export interface Uplink {
  readonly bridge: string;
  readonly nicIndex: number;
  readonly nicMac: MacAddress;
  /** Destinations that pods reach through the stack of the host (`ipsToRouteViaHost`). */
  readonly viaHost: readonly Ipv4[];
}

export interface Rule {
  readonly chain: typeof PREROUTING | typeof POSTROUTING;
  readonly expressions: (w: MessageWriter) => void;
}

/** The rules in the order of their chains. */
export function rulesOf(uplink: Uplink): Rule[] {
  const index = Uint8Array.from(new Uint8Array(new Uint32Array([uplink.nicIndex]).buffer));
  const mac = macBytes(uplink.nicMac);
  const fromNic = (w: MessageWriter) => nft.matchMeta(w, nft.META_IIF, index);
  const toNic = (w: MessageWriter) => nft.matchMeta(w, nft.META_OIF, index);
  const protocol = (w: MessageWriter, ethertype: Uint8Array) =>
    nft.matchMeta(w, nft.META_PROTOCOL, ethertype);
  const rules: Rule[] = [
    {
      chain: PREROUTING,
      expressions: (w) => {
        protocol(w, ETHERTYPE_ARP);
        nft.loadFromMap(w, nft.ARP_TARGET_IP, POD_MACS);
        nft.storeField(w, nft.ETHER_DST);
      },
    },
    {
      chain: PREROUTING,
      expressions: (w) => {
        fromNic(w);
        protocol(w, ETHERTYPE_IPV4);
        nft.loadFromMap(w, nft.IP_DST, POD_MACS);
        nft.storeField(w, nft.ETHER_DST);
      },
    },
    {
      chain: POSTROUTING,
      expressions: (w) => {
        toNic(w);
        protocol(w, ETHERTYPE_ARP);
        nft.matchField(w, nft.ARP_OPERATION, ARP_REQUEST);
        nft.matchFieldInSet(w, nft.ARP_TARGET_IP, LOCAL_IPS);
        nft.drop(w);
      },
    },
    {
      chain: POSTROUTING,
      expressions: (w) => {
        toNic(w);
        protocol(w, ETHERTYPE_ARP);
        nft.loadValue(w, mac);
        nft.storeField(w, nft.ARP_SENDER_MAC);
      },
    },
    {
      chain: POSTROUTING,
      expressions: (w) => {
        toNic(w);
        nft.loadValue(w, mac);
        nft.storeField(w, nft.ETHER_SRC);
      },
    },
  ];
  return uplink.viaHost.length === 0 ? rules : [VIA_HOST_RULE, ...rules];
}

/**
 * Frames of pods for these destinations go up to the host's stack instead of through the bridge: sent to
 * the MAC of their own host veth, which is an address of the bridge. A pod is known by its MAC, because to
 * match the bridge by name takes nft_meta_bridge, which not every kernel has.
 */
const VIA_HOST_RULE: Rule = {
  chain: PREROUTING,
  expressions: (w) => {
    nft.matchField(w, SRC_PREFIX, POD_MAC_PREFIX);
    nft.matchMeta(w, nft.META_PROTOCOL, ETHERTYPE_IPV4);
    nft.matchFieldInSet(w, nft.IP_DST, VIA_HOST_IPS);
    nft.loadField(w, SRC_REST);
    nft.storeField(w, DST_REST);
    nft.loadValue(w, HOST_VETH_MAC_PREFIX);
    nft.storeField(w, DST_PREFIX);
    nft.loadValue(w, PACKET_HOST);
    nft.storeMeta(w, nft.META_PKTTYPE);
  },
};
