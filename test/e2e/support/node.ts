/** A node whose NIC has more than DHCP gives it: everything of which the plugin must lose nothing. */
import type { Vm } from '../../../lab/lab.ts';

/** Gives eth0 further addresses and routes of many kinds. */
export async function addUnusualConfig(vm: Vm): Promise<void> {
  const { primary } = vm.nic();
  for (const command of [
    // Of the same subnet, which makes it a secondary one in the kernel, and of another subnet.
    'addr add 10.240.200.4/16 dev eth0',
    'addr add 192.0.2.4/24 brd + dev eth0 noprefixroute',
    'addr add fd00:db8::4/64 dev eth0 nodad',
    'route add 10.99.0.0/16 via 10.240.0.1 dev eth0 metric 50',
    'route add 10.99.0.0/16 via 10.240.0.1 dev eth0 metric 60 mtu 1400 advmss 1200',
    `route add 10.98.0.0/16 via 10.240.0.1 dev eth0 src ${primary} table 100`,
    'route add default via 10.240.0.1 dev eth0 table 100',
    'route add 10.97.0.0/16 via 198.51.100.1 dev eth0 onlink',
    'route add 10.96.0.0/16 dev eth0 scope link',
    'route add 10.95.0.0/16 tos 0x10 via 10.240.0.1 dev eth0',
    'route add blackhole 10.94.0.0/16',
    '-6 route add fd00:99::/64 via fd00:db8::1 dev eth0 metric 77',
    `rule add from ${primary} lookup 100 priority 1000`,
  ]) {
    await vm.mustExec(['ip', ...command.split(' ')]);
  }
}
