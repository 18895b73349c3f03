/**
 * The fabric: a namespace that routes between the NICs by ipconfig and answers every ARP request with
 * its own MAC, as Azure's virtual switch does. Frames are checked where they enter (filter.ts).
 */
import type { Anchor } from '../host/anchor.ts';
import { ipBatch, nftBatch, sysctl } from '../host/ip.ts';
import {
  FABRIC_MAC,
  IMDS_ADDRESS,
  INTERNET_ADDRESS,
  INTERNET_GATEWAY,
  WIRESERVER_ADDRESS,
} from '../model.ts';
import { tableText } from './filter.ts';

/** Makes the routing of the fabric and its link to the internet namespace. */
export async function setUpFabric(fabric: Anchor, internet: Anchor): Promise<void> {
  await Promise.all([
    sysctl(fabric, SYSCTLS),
    sysctl(internet, ['kernel.hostname=internet', 'net.ipv6.conf.default.disable_ipv6=1']),
  ]);
  const farEnd = `peer name eth0 mtu 1500 netns ${internet.inner.pid}`;
  await ipBatch(fabric, [
    'link set lo up',
    `addr add ${WIRESERVER_ADDRESS}/32 dev lo`,
    `addr add ${IMDS_ADDRESS}/32 dev lo`,
    `link add internet address ${FABRIC_MAC} mtu 1500 type veth ${farEnd}`,
    `addr add ${INTERNET_GATEWAY}/24 dev internet`,
    'link set internet up',
    // Also what makes proxy ARP answer for addresses that nobody has; such packets are dropped later.
    `route add default via ${INTERNET_ADDRESS}`,
  ]);
  await ipBatch(internet, [
    'link set lo up',
    `addr add ${INTERNET_ADDRESS}/24 dev eth0`,
    'link set eth0 up',
    `route add default via ${INTERNET_GATEWAY}`,
  ]);
  await nftBatch(fabric, tableText());
}

const SYSCTLS = [
  'kernel.hostname=fabric',
  'net.ipv4.ip_forward=1',
  // Answer every request: for addresses behind other ports (proxy_arp) and behind the same one
  // (proxy_arp_pvlan).
  'net.ipv4.conf.all.proxy_arp=1',
  'net.ipv4.conf.all.proxy_arp_pvlan=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
  'net.ipv4.conf.all.accept_redirects=0',
  'net.ipv6.conf.all.disable_ipv6=1',
  'net.ipv6.conf.default.disable_ipv6=1',
];
