import { BRIDGE, link, mac, NIC, net, network } from './facts.ts';
import { testProblems } from './problem-case.ts';

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

testProblems([
  [
    'the bridge is gone',
    { networks: [without(network({ bridgeAddresses: [] }), 'bridge')], bridges: [] },
    ['BRIDGE_MISSING'],
    /^bridge azure0 is gone$/,
    /^azure-vnet repair$/,
  ],
  [
    'another link has the name of the bridge',
    { networks: [network({ bridge: link({ name: 'azure0', index: 3, kind: 'veth' }) })] },
    ['BRIDGE_MISSING'],
    /^azure0 is a veth, not a bridge$/,
    /^ip link set azure0 name azure0old && azure-vnet repair$/,
  ],
  [
    'the bridge is down',
    { networks: [network({ bridge: { ...BRIDGE, up: false } })] },
    ['BRIDGE_DOWN'],
    /^bridge azure0 is down$/,
    /repair/,
  ],
  [
    'the bridge has another MAC address',
    { networks: [network({ bridge: { ...BRIDGE, mac: mac('02:00:00:00:00:01') } })] },
    ['BRIDGE_MAC'],
    /02:00:00:00:00:01, its NIC 00:0d:3a:0a:0b:0c/,
    /repair/,
  ],
  ['the NIC is gone', { networks: [without(network(), 'nic')] }, ['NIC_MISSING'], /^NIC eth0 with/, /attach/],
  [
    'the NIC is down',
    { networks: [network({ nic: { ...NIC, up: false } })] },
    ['NIC_DOWN'],
    /^eth0 is down$/,
    /^ip link set eth0 up$/,
  ],
  [
    'the NIC was taken out of the bridge',
    { networks: [network({ nic: without(NIC, 'masterIndex') })] },
    ['NIC_NOT_PORT'],
    /^eth0 is not a port of azure0$/,
    /repair/,
  ],
  [
    'the NIC is a port of another bridge',
    { networks: [network({ nic: { ...NIC, masterIndex: 99 } })] },
    ['NIC_NOT_PORT'],
    /^eth0 is not a port of azure0$/,
    /repair/,
  ],
  [
    'the NIC was renamed',
    { networks: [network({ nic: { ...NIC, name: 'ens1' } })] },
    ['NIC_RENAMED'],
    /was eth0 \(index 2\) and is ens1 \(index 2\)/,
    /repair/,
  ],
  [
    'a DHCP client put the address back on the NIC',
    { networks: [network({ nicAddresses: [net('10.240.0.4/16')] })] },
    ['NIC_HAS_ADDRESS'],
    /^eth0 has 10\.240\.0\.4\/16 again, which belongs on azure0$/,
    /repair/,
  ],
  [
    'the address of the node is gone',
    { networks: [network({ bridgeAddresses: [] })] },
    ['NODE_ADDRESS_MISSING'],
    /10\.240\.0\.4\/16 is gone from azure0/,
    /repair/,
  ],
  [
    'the rules are not complete',
    { networks: [network({ rulesComplete: false })] },
    ['RULES_INCOMPLETE'],
    /rules of azure0/,
    /repair/,
  ],
  [
    'nf_tables cannot be read, which says nothing about the rules',
    { networks: [network({ rulesComplete: false })], netfilterError: 'EOPNOTSUPP' },
    ['NETFILTER_UNREADABLE'],
    /EOPNOTSUPP/,
    /^modprobe/,
  ],
  ['a move was interrupted', { interruptedMoves: ['azure0'] }, ['MOVE_INTERRUPTED'], /to azure0/, /repair/],
  [
    'the record of the network is gone',
    { networks: [] },
    ['NETWORK_UNRECORDED'],
    /^bridge azure0 is ours/,
    /repair/,
  ],
]);
