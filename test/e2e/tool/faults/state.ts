/** What is wrong with the node itself: records, leases, rules, bridge, NIC, log. */
import { rmSync, symlinkSync } from 'node:fs';
import { STATE, vanish } from '../../support/tool-node.ts';
import { type Fault, written } from './fault.ts';

export const STATE_FAULTS: Readonly<Record<string, Fault>> = {
  'a link without its record': {
    code: 'RECORD_MISSING',
    found: /^azv[0-9a-f]{11} with the address .* has no record$/,
    inject: async (node) => node.hideEndpoint(),
    undo: async (node) => node.showEndpoint(),
    severity: 'warning',
  },
  'a lease without an endpoint': {
    code: 'LEASE_ORPHAN',
    found: /is leased to container ghost eth0, which has no endpoint$/,
    inject: async (node) => {
      const address = node.vm.nic().secondaries[6] ?? '';
      const lease = {
        address,
        containerId: 'ghost',
        ifname: 'eth0',
        network: 'azure',
        pool: '',
        sinceMs: 1,
      };
      node.write(`${STATE}/ipam/leases/${address}@ghost@eth0`, JSON.stringify(lease));
    },
    undo: (node) => node.sh('azure-vnet gc --runtime netns'),
    severity: 'warning',
  },
  'a damaged record': {
    code: 'RECORD_DAMAGED',
    found: /endpoints\/damaged is damaged$/,
    inject: written(`${STATE}/endpoints/damaged`, '\0\0\0'),
    severity: 'warning',
  },
  'a sandbox that vanished': {
    code: 'SANDBOX_GONE',
    found: /of pod default\/victim, container .* is gone, but its record is there$/,
    inject: async ({ vm }) => vanish(vm, await vm.addPod('victim')),
    undo: (node) => node.sh('azure-vnet gc --runtime netns'),
    severity: 'warning',
  },
  'rules that were flushed': {
    code: 'RULES_INCOMPLETE',
    found: /^the layer-2 rules of azure0 are not complete/,
    inject: (node) => node.sh('nft delete table bridge azure-vnet'),
  },
  'a bridge that was deleted': {
    code: 'BRIDGE_MISSING',
    cutsOff: true,
    found: /^bridge azure0 is gone$/,
    inject: (node) => node.sh('ip link delete azure0'),
  },
  'a bridge that is down': {
    code: 'BRIDGE_DOWN',
    cutsOff: true,
    found: /^bridge azure0 is down$/,
    inject: (node) => node.sh('ip link set azure0 down'),
  },
  'a NIC that was taken out of the bridge': {
    code: 'NIC_NOT_PORT',
    cutsOff: true,
    found: /^eth0 is not a port of azure0$/,
    inject: (node) => node.sh('ip link set eth0 nomaster'),
  },
  "the node's address back on the NIC": {
    code: 'NIC_HAS_ADDRESS',
    found: /^eth0 has .* again, which belongs on azure0$/,
    inject: (node) => node.sh(`ip address add ${node.vm.nic().primary}/16 dev eth0`),
  },
  'a log that leads elsewhere': {
    code: 'LOG_NOT_WRITABLE',
    found: /ELOOP$/,
    inject: async ({ vm }) => {
      rmSync(vm.path('/var/log/azure-vnet.log'));
      symlinkSync('/etc/passwd', vm.path('/var/log/azure-vnet.log'));
    },
    severity: 'warning',
  },
};
