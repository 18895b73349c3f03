/**
 * Permanent neighbour entries: the host reaches a pod without asking for its MAC.
 * linux/neighbour.h
 */
import { type Ipv4, ipv4Bytes } from '../ipv4.ts';
import { type MacAddress, macBytes } from '../mac.ts';
import { type MessageWriter, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/writer.ts';
import { AF_INET } from './address.ts';

const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;

/** Adds a message that creates or replaces the entry. */
export function setNeighbour(batch: MessageWriter, linkIndex: number, address: Ipv4, mac: MacAddress): void {
  batch.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg(batch, linkIndex).attr(NDA_DST, ipv4Bytes(address)).attr(NDA_LLADDR, macBytes(mac)).end();
}

/** Adds a message that deletes the entry; ENOENT when there is none. */
export function deleteNeighbour(batch: MessageWriter, linkIndex: number, address: Ipv4): void {
  batch.begin(RTM_DELNEIGH, 0);
  ndmsg(batch, linkIndex).attr(NDA_DST, ipv4Bytes(address)).end();
}

/** struct ndmsg { u8 family, pad; u16 pad; s32 index; u16 state; u8 flags, type; } */
function ndmsg(writer: MessageWriter, linkIndex: number): MessageWriter {
  return writer.u32(AF_INET).u32(linkIndex).u32(NUD_PERMANENT);
}
