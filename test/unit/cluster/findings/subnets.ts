/** Subnets, and the static addresses of masters in them. */
import { KUBERNETES, MASTER, MASTER_SUBNET, POOL } from '../../../support/definition.ts';
import { type Case, cidr, OTHER_SUBNET, several } from './case.ts';

export const SUBNETS_CASES: readonly Case[] = [
  { code: 'subnet-missing', changes: { [`${POOL}.vnetSubnetID`]: undefined }, other: true },
  { code: 'subnet-missing', changes: { [`${MASTER}.vnetSubnetID`]: undefined }, other: true },
  { code: 'agent-subnet', changes: { [`${MASTER}.agentVnetSubnetID`]: OTHER_SUBNET }, options: several },
  {
    code: 'agent-subnet',
    changes: { [`${MASTER}.availabilityProfile`]: 'VMSS' },
    message: /agentVnetSubnetID is missing/,
  },
  {
    code: 'several-vnets',
    changes: { [`${POOL}.vnetSubnetID`]: MASTER_SUBNET.replace('kube-vnet', 'another') },
    message: /VNet is "another", that of the masters "kube-vnet"/,
    other: true,
  },
  {
    code: 'unknown-subnet',
    options: { subnets: new Map([['nowhere', cidr('10.1.16.0/20')]]) },
    message: /there are: nodes/,
  },
  {
    code: 'subnet-range-missing',
    changes: { [`${KUBERNETES}.clusterSubnet`]: undefined },
    message: /write it as clusterSubnet, or give it with --subnet nodes=RANGE/,
  },
  {
    code: 'unknown-key',
    changes: { 'properties.servicePrincipalProfile': { servicePrincipalClientID: 'x', secret: 'y' } },
    message: /did you mean "clientId"/,
  },
  {
    code: 'subnet-range-missing',
    changes: { [`${POOL}.vnetSubnetID`]: OTHER_SUBNET },
    message: /--subnet others=/,
  },
  {
    code: 'subnets-overlap',
    changes: { [`${POOL}.vnetSubnetID`]: OTHER_SUBNET },
    options: { subnets: new Map([['others', cidr('10.1.8.0/21')]]) },
    other: true,
  },
  // ---- masters
  { code: 'static-ip-in-scale-set', changes: { [`${MASTER}.availabilityProfile`]: 'VMSS' } },
  {
    code: 'static-ip-carry',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.3.250' },
    message: /internal load balancer gets 10\.1\.3\.260/,
  },
  {
    code: 'static-ip-carry',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.3.254' },
    message: /master 3 gets 10\.1\.3\.256/,
  },
  {
    code: 'static-ip-outside-subnet',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.16.4' },
    message: /^firstConsecutiveStaticIP 10\.1\.16\.4 is not inside/,
    other: true,
  },
  {
    code: 'static-ip-reserved',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.0.3' },
    other: true,
  },
  {
    code: 'static-ip-reserved',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.15.245' },
    message: /load balancer gets 10\.1\.15\.255/,
  },
  {
    code: 'static-ip-in-dynamic-reach',
    severity: 'warning',
    changes: { [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.0.100' },
    message: /from 10\.1\.0\.4 up to 10\.1\.0\.186/,
  },
];
