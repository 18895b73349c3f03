/** What is wrong around the node: kernel settings, firewall, managers, configuration, plugins, source, pool. */
import { BIN } from '../../support/tool.ts';
import { type Fault, type FaultyNode, removed, wireserverFault, written } from './fault.ts';

export const SETUP_FAULTS: Readonly<Record<string, Fault>> = {
  'ip_forward off': {
    code: 'IP_FORWARD_OFF',
    found: /net\.ipv4\.ip_forward is 0/,
    inject: (node) => node.sh('sysctl -qw net.ipv4.ip_forward=0'),
    severity: 'warning',
  },
  'br_netfilter off': {
    code: 'BR_NETFILTER_OFF',
    found: /bridge-nf-call-iptables is 0/,
    inject: (node) => node.sh('sysctl -qw net.bridge.bridge-nf-call-iptables=0'),
    undo: (node) => node.sh('sysctl -qw net.bridge.bridge-nf-call-iptables=1'),
    severity: 'warning',
  },
  'policy DROP of FORWARD': {
    code: 'FORWARD_DROP',
    found: /policy of chain FORWARD is DROP/,
    inject: (node) => node.sh('iptables -P FORWARD DROP'),
  },
  'no rule for the internet': {
    code: 'SNAT_MISSING',
    found: /no rule of table nat/,
    inject: (node) => node.sh('iptables -t nat -F POSTROUTING'),
    severity: 'warning',
  },
  'an address of the pool on the host, put there by netplan': {
    code: 'POOL_ADDRESS_ON_HOST',
    found: /is on azure0, put there by \/etc\/netplan\/50-cloud-init\.yaml$/,
    inject: async (node) => {
      const address = node.vm.nic().secondaries[7] ?? '';
      node.write('/etc/netplan/50-cloud-init.yaml', `addresses:\n  - ${address}/16\n`);
      await node.sh(`ip address add ${address}/16 dev azure0`);
    },
  },
  'systemd-networkd managing the bridge': {
    code: 'LINK_MANAGED',
    found: /^systemd-networkd manages azure0$/,
    inject: async (node) => {
      await node.start('systemd-networkd');
      node.write(`/run/systemd/netif/links/${await node.indexOf('azure0')}`, 'ADMIN_STATE=configured\n');
    },
    undo: stopNetworkd,
    severity: 'warning',
  },
  'systemd-networkd managing the NIC, and not told': {
    code: 'NIC_MANAGED',
    found: /^systemd-networkd manages eth0, whose addresses azure0 has$/,
    inject: async (node) => {
      await node.start('systemd-networkd');
      node.write(`/run/systemd/netif/links/${await node.indexOf('eth0')}`, 'ADMIN_STATE=configured\n');
    },
    severity: 'warning',
  },
  'NetworkManager managing the NIC': {
    code: 'NIC_MANAGED',
    found: /^NetworkManager manages eth0, whose addresses azure0 has$/,
    inject: async (node) => {
      await node.start('NetworkManager');
      node.write(`/run/NetworkManager/devices/${await node.indexOf('eth0')}`, '[device]\nmanaged=true\n');
    },
    undo: (node) => node.stop(),
    severity: 'note',
  },
  'another configuration that sorts before': {
    code: 'CONFLIST_NOT_FIRST',
    found: /^05-other\.conflist sorts before 10-azure\.conflist$/,
    inject: written(
      '/etc/cni/net.d/05-other.conflist',
      '{"cniVersion":"0.4.0","name":"other","plugins":[{"type":"bridge"}]}',
    ),
  },
  'an unreadable configuration that sorts before': {
    code: 'CONFLIST_INVALID',
    found: /05-broken\.conf: not JSON/,
    inject: written('/etc/cni/net.d/05-broken.conf', '{"name":'),
    undo: removed('/etc/cni/net.d/05-broken.conf'),
  },
  'a key that ADD refuses': {
    code: 'CONFLIST_REFUSED',
    found: /Unsupported field mode: "tunnel"/,
    inject: (node) => node.reconfigure('"mode":"bridge"', '"mode":"tunnel"'),
    undo: (node) => node.restore(),
  },
  'a mistyped key': {
    code: 'CONFLIST_KEY',
    found: /nobody knows the key "birdge"; "bridge" is one/,
    inject: (node) => node.reconfigure('"bridge":"azure0"', '"birdge":"azure0"'),
    undo: (node) => node.restore(),
    severity: 'warning',
  },
  'a plugin that does not speak the version': {
    code: 'PLUGIN_VERSION',
    found: /\/usr\/lib\/cni\/portmap speaks .*; it is called in 1\.1\.0$/,
    inject: (node) => node.reconfigure('"0.3.0"', '"1.1.0"'),
    undo: (node) => node.restore(),
  },
  'a plugin that is missing': {
    code: 'PLUGIN_MISSING',
    found: /^not-there is in no directory of CNI_PATH/,
    inject: (node) => node.reconfigure('"portmap"', '"not-there"'),
    undo: (node) => node.restore(),
  },
  'plugins that are two files': {
    code: 'IPAM_OTHER_FILE',
    found: /azure-vnet-ipam is another file than/,
    inject: (node) =>
      node.sh(
        `mkdir -p /run/bin && cp '${BIN}/azure-vnet' '${BIN}/azure-vnet-ipam' /usr/lib/cni/portmap /usr/lib/cni/loopback /run/bin/`,
      ),
    flags: ['--cni-path', '/run/bin'],
    severity: 'warning',
  },
  'a plugin that is not executable': {
    code: 'PLUGIN_NOT_EXECUTABLE',
    found: /^\/run\/bin\/portmap is not executable$/,
    inject: (node) => node.sh('chmod 644 /run/bin/portmap'),
    flags: ['--cni-path', '/run/bin'],
  },
  'a wireserver that refuses': wireserverFault('refuse', /refused/),
  'a wireserver that hangs': wireserverFault('hang', /timed out: no answer within 2000 ms/),
  'a wireserver that answers 500': wireserverFault('500', /status 500/),
  'a wireserver that answers nonsense': wireserverFault('garbage', /malformed XML/),
  'a wireserver that names no interface': wireserverFault('empty', /names no interface/),
  'fewer addresses than kubelet allows pods': {
    code: 'POOL_SMALL',
    found: /^the pool has 8 addresses, kubelet --max-pods allows 30 pods$/,
    inject: async (node) => {
      node.write('/run/programs/kubelet', '#!/bin/sh\nsleep 1000\n');
      await node.vm.mustExec(['chmod', '755', '/run/programs/kubelet']);
      await node.run('/run/programs/kubelet', '--max-pods=30');
    },
    undo: (node) => node.stop(),
    severity: 'warning',
  },
  'fewer addresses than pods that were asked for': {
    code: 'POOL_SMALL',
    found: /^the pool has 8 addresses, --max-pods allows 9 pods$/,
    inject: async () => undefined,
    undo: async () => undefined,
    flags: ['--max-pods', '9'],
    severity: 'warning',
  },
};

/** What it keeps under /run would tell of it still. */
async function stopNetworkd(node: FaultyNode): Promise<void> {
  await node.stop();
  await node.sh('rm -r /run/systemd');
}
