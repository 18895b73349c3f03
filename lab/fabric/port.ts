/** The fabric's side of a NIC: its cable, the routes and neighbours of its ipconfigs, its filter. */
import { gatewayText } from '../addresses.ts';
import { type Anchor, inside } from '../host/anchor.ts';
import { ipBatch, nftBatch } from '../host/ip.ts';
import { run } from '../host/run.ts';
import { FABRIC_MAC, type NicState } from '../model.ts';
import { nicRemovalText, nicText } from './filter.ts';

/** Plugs a NIC in: makes the cable with its far end in the VM, and everything that belongs to it. */
export async function plugNic(fabric: Anchor, vm: Anchor, nic: NicState): Promise<void> {
  const { port, mtu, mac } = nic;
  const cable = `type veth peer name ${nic.name} address ${mac} mtu ${mtu} netns ${vm.inner.pid}`;
  await ipBatch(fabric, [
    `link add ${port} address ${FABRIC_MAC} mtu ${mtu} ${cable}`,
    // Proxy ARP answers at once, instead of after a random delay of up to 0.8 s.
    `ntable change name arp_cache dev ${port} proxy_delay 0`,
    `link set ${port} up`,
    // Several NICs of one subnet share the gateway: replace, not add.
    `addr replace ${gatewayText(nic.subnet)}/32 dev lo`,
    ...ipconfigCommands(nic, [nic.primary, ...nic.secondaries], 'replace'),
  ]);
  await nftBatch(fabric, nicText(nic));
}

/** Unplugs a NIC, which need not have been plugged in completely. */
export async function unplugNic(fabric: Anchor, nic: NicState): Promise<void> {
  // Ends at once when the VM's end has gone first: the kernel removes both ends of a cable together.
  await run(inside(fabric, ['ip', 'link', 'delete', nic.port], 'net'));
  const listed = await run(inside(fabric, ['nft', 'list', 'set', 'netdev', 'fabric', nic.port], 'net'));
  if (listed.status === 0) await nftBatch(fabric, nicRemovalText(nic));
}

/** Adds or removes secondary ipconfigs while everything runs. */
export async function changeIpconfigs(
  fabric: Anchor,
  nic: NicState,
  addresses: readonly string[],
  change: 'add' | 'delete',
): Promise<void> {
  if (addresses.length === 0) return;
  await nftBatch(fabric, `${change} element netdev fabric ${nic.port} { ${addresses.join(', ')} }\n`);
  await ipBatch(fabric, ipconfigCommands(nic, addresses, change === 'add' ? 'replace' : 'delete'));
}

/** Packets for an ipconfig go to the NIC's port with the NIC's MAC: the fabric never asks by ARP. */
function ipconfigCommands(
  nic: NicState,
  addresses: readonly string[],
  change: 'replace' | 'delete',
): string[] {
  return addresses.flatMap((address) => [
    `neigh ${change} ${address} lladdr ${nic.mac} nud permanent dev ${nic.port}`,
    `route ${change} ${address}/32 dev ${nic.port}`,
  ]);
}
