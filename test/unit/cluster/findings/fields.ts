/** Fields: their names, kinds and values. */
import { edited, KUBERNETES, MASTER, MASTER_SUBNET, POOL, pool } from '../../../support/definition.ts';
import type { Case } from './case.ts';

export const FIELDS_CASES: readonly Case[] = [
  {
    code: 'duplicate-key',
    severity: 'warning',
    text: edited({}).replace('"count": 3', '"count": 3, "Count": 1'),
    other: true,
  },
  {
    code: 'unknown-key',
    changes: { [`${MASTER}.vnetSubnetIdd`]: 'x' },
    message: /did you mean "vnetSubnetID"/,
  },
  {
    code: 'unknown-key',
    changes: { [`${MASTER}.constructor`]: 'x' },
    message: /no field "constructor" here$/,
  },
  { code: 'not-carried-out', severity: 'note', changes: { [`${KUBERNETES}.addons`]: [] } },
  {
    code: 'wrong-type',
    changes: { [`${MASTER}.count`]: '3' },
    path: 'masterProfile.count',
    message: /the text "3"/,
  },
  { code: 'wrong-type', text: '[1]', message: /got a list/ },
  { code: 'wrong-type', changes: { 'properties.agentPoolProfiles': [null] }, path: 'agentPoolProfiles[0]' },
  { code: 'out-of-range', changes: { [`${POOL}.count`]: 101 }, message: /from 1 to 100/ },
  { code: 'out-of-range', changes: { [`${POOL}.ipAddressCount`]: 257 }, message: /from 1 to 256/ },
  { code: 'out-of-range', changes: { [`${POOL}.osDiskSizeGB`]: 1024 } },
  { code: 'out-of-range', changes: { [`${POOL}.diskSizesGB`]: [10, 0] } },
  { code: 'out-of-range', changes: { [`${POOL}.diskSizesGB`]: [1, 1, 1, 1, 1] } },
  { code: 'unknown-value', changes: { [`${POOL}.osType`]: 'Linus' }, message: /did you mean "Linux"/ },
  {
    code: 'letter-case',
    severity: 'warning',
    changes: { [`${POOL}.availabilityProfile`]: 'availabilityset' },
  },
  {
    code: 'letter-case',
    severity: 'warning',
    changes: { [`${POOL}.vnetSubnetID`]: MASTER_SUBNET.replace('kube-vnet', 'Kube-VNet') },
    other: true,
  },
  {
    code: 'letter-case',
    severity: 'warning',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { '--max-pods': 30 } },
    message: /write "30"/,
  },
  ...[
    'apiVersion',
    'properties',
    `${MASTER}.count`,
    `${MASTER}.vmSize`,
    `${MASTER}.dnsPrefix`,
    `${MASTER}.firstConsecutiveStaticIP`,
    `${POOL}.name`,
    'properties.linuxProfile',
    'properties.linuxProfile.ssh.publicKeys',
    'properties.servicePrincipalProfile',
    'properties.servicePrincipalProfile.clientId',
    'properties.servicePrincipalProfile.secret',
    'properties.orchestratorProfile',
    'properties.orchestratorProfile.orchestratorType',
  ].map(
    (path): Case => ({
      code: 'missing',
      changes: { [path]: undefined },
      message: new RegExp(`${path.split('.').at(-1)} is missing`),
    }),
  ),
  {
    code: 'missing',
    changes: { [`${POOL}.osType`]: 'Windows' },
    message: /windowsProfile is missing/,
    other: true,
  },
  {
    code: 'missing',
    changes: { [`${MASTER}.dnsPrefix`]: '' },
    path: 'masterProfile.dnsPrefix',
    message: /dnsPrefix is empty/,
  },
  { code: 'missing', changes: { [`${POOL}.count`]: 0 }, path: '[0].count', message: /count is 0/ },
  {
    code: 'missing',
    changes: { 'properties.servicePrincipalProfile.secret': null },
    message: /secret is null/,
  },
  { code: 'bad-address', changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.15.300' } },
  {
    code: 'bad-cidr',
    changes: { [`${KUBERNETES}.clusterSubnet`]: '10.1.0.0' },
    message: /length of its prefix/,
  },
  { code: 'bad-cidr', changes: { [`${KUBERNETES}.clusterSubnet`]: '10.1.0.0/20,fd00::/8' } },
  {
    code: 'host-bits',
    severity: 'warning',
    changes: { [`${MASTER}.vnetCidr`]: '10.1.0.1/16' },
    message: /taken for 10\.1\.0\.0\/16/,
  },
  {
    code: 'bad-subnet-id',
    changes: {
      [`${MASTER}.vnetSubnetID`]:
        '/subscriptions//resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s',
    },
  },
  {
    code: 'bad-vault-id',
    changes: {
      'properties.servicePrincipalProfile.secret': undefined,
      'properties.servicePrincipalProfile.keyvaultSecretRef': { vaultID: '/x', secretName: 's' },
    },
  },
  { code: 'dns-prefix', changes: { [`${MASTER}.dnsPrefix`]: '1abc' } },
  { code: 'pool-name', changes: { [`${POOL}.name`]: 'averylongname' } },
  { code: 'pool-name', changes: { [`${POOL}.name`]: 'master' } },
  { code: 'pool-name', changes: { 'properties.agentPoolProfiles': [pool('a'), pool('a')] }, other: true },
  { code: 'vm-size', changes: { [`${POOL}.vmSize`]: 'D2' } },
  { code: 'azure-cni-version', changes: { [`${KUBERNETES}.azureCNIVersion`]: '1.0.15; reboot' } },
  { code: 'master-count', changes: { [`${MASTER}.count`]: 2 } },
  { code: 'not-for-kubernetes', changes: { [`${POOL}.ports`]: [80] } },
  {
    code: 'max-pods',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { '--max-pods': '251' } },
    message: /1 to 250/,
  },
  { code: 'max-pods', changes: { [`${POOL}.kubernetesConfig`]: { kubeletConfig: { '--max-pods': '0' } } } },
  {
    code: 'max-pods-spelling',
    severity: 'note',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { 'max-Pods': '40' } },
  },
  {
    code: 'duplicate-key',
    severity: 'warning',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { 'max-Pods': '40', '--max-pods': '30' } },
    path: 'max-Pods',
    other: true,
  },
  { code: 'max-pods-ignored', severity: 'warning', changes: { [`${KUBERNETES}.maxPods`]: 40 } },
  { code: 'kubelet-flag', changes: { [`${KUBERNETES}.kubeletConfig`]: { '--v=2\n--x': '1' } } },
  { code: 'kubelet-flag', changes: { [`${KUBERNETES}.kubeletConfig`]: { '--v': '1\n2' } } },
  {
    code: 'kubelet-flag',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { '--node-status-update-frequency': '10' } },
  },
  {
    code: 'kubelet-flag',
    severity: 'warning',
    changes: { [`${KUBERNETES}.kubeletConfig`]: { '--network-plugin': 'kubenet' } },
  },
];
