/** What subnets and NICs hold, and what is mixed. */
import { KUBERNETES, MASTER, POOL, pool } from '../../../support/definition.ts';
import { type Case, scaleSet } from './case.ts';

export const CAPACITY_CASES: readonly Case[] = [
  {
    code: 'few-addresses',
    severity: 'warning',
    changes: { [`${POOL}.ipAddressCount`]: 20 },
    message: /pods beyond 19/,
  },
  { code: 'many-addresses', severity: 'note', changes: { [`${POOL}.ipAddressCount`]: 40 } },
  {
    code: 'subnet-full',
    changes: { [`${KUBERNETES}.clusterSubnet`]: '10.1.14.0/23', [`${POOL}.count`]: 20 },
    message: /a \/22 would do/,
  },
  {
    code: 'subnet-no-surge',
    severity: 'warning',
    changes: { [`${KUBERNETES}.clusterSubnet`]: '10.1.14.0/23', [`${POOL}.count`]: 13 },
  },
  {
    code: 'many-pods',
    severity: 'warning',
    changes: {
      [`${KUBERNETES}.clusterSubnet`]: '10.1.0.0/17',
      [`${KUBERNETES}.kubeletConfig`]: { '--max-pods': '250' },
      [`${POOL}.count`]: 70,
      [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.127.200',
    },
  },
  {
    code: 'many-resources',
    changes: {
      [`${KUBERNETES}.clusterSubnet`]: '10.1.0.0/17',
      [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.127.200',
      'properties.agentPoolProfiles': ['a', 'b', 'c'].map((name) => pool(name, { count: 90 })),
    },
    message: /would have 827 resources, and a deployment takes 800/,
  },
  {
    code: 'storage-profile',
    severity: 'warning',
    changes: { [`${POOL}.storageProfile`]: 'StorageAccount' },
  },
  {
    code: 'storage-profile',
    changes: {
      [`${POOL}.storageProfile`]: 'StorageAccount',
      [`${POOL}.availabilityProfile`]: 'VirtualMachineScaleSets',
    },
  },
  {
    code: 'availability-mixed',
    changes: { 'properties.agentPoolProfiles': [pool('a'), pool('b', scaleSet)] },
    other: true,
  },
];
