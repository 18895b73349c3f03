/** Kubernetes and its plugins. */
import { KUBERNETES, POOL } from '../../../support/definition.ts';
import { type Case, windows } from './case.ts';

export const KUBERNETES_CASES: readonly Case[] = [
  { code: 'api-version', changes: { apiVersion: 'v1' } },
  { code: 'orchestrator', changes: { 'properties.orchestratorProfile.orchestratorType': 'DCOS' } },
  { code: 'kubernetes-version', changes: { 'properties.orchestratorProfile.orchestratorRelease': 'latest' } },
  { code: 'kubernetes-version', changes: { 'properties.orchestratorProfile.orchestratorRelease': '1.5' } },
  {
    code: 'kubernetes-version',
    changes: { 'properties.orchestratorProfile.orchestratorVersion': '1.10.3' },
    other: true,
  },
  {
    code: 'no-network-plugin-flag',
    severity: 'note',
    changes: { 'properties.orchestratorProfile.orchestratorRelease': '1.24' },
  },
  { code: 'network-plugin', changes: { [`${KUBERNETES}.networkPlugin`]: 'kubenet' } },
  { code: 'network-plugin', changes: { [`${KUBERNETES}.networkPolicy`]: 'calico' }, message: /kubenet/ },
  {
    code: 'network-policy',
    changes: { [`${KUBERNETES}.networkPlugin`]: 'azure', [`${KUBERNETES}.networkPolicy`]: 'cilium' },
  },
  {
    code: 'network-policy',
    changes: {
      ...windows,
      [`${KUBERNETES}.networkPlugin`]: 'azure',
      [`${KUBERNETES}.networkPolicy`]: 'calico',
    },
  },
  { code: 'network-mode', severity: 'warning', changes: { [`${KUBERNETES}.networkMode`]: 'transparent' } },
  {
    code: 'basic-load-balancer',
    severity: 'warning',
    changes: { [`${KUBERNETES}.loadBalancerSku`]: 'Basic' },
  },
  { code: 'load-balancer', severity: 'warning', changes: { [`${KUBERNETES}.loadBalancerSku`]: 'Standard' } },
  {
    code: 'load-balancer',
    changes: {
      [`${KUBERNETES}.loadBalancerSku`]: 'Standard',
      'properties.orchestratorProfile.orchestratorRelease': '1.10',
    },
  },
  { code: 'zones', changes: { [`${POOL}.availabilityZones`]: ['1', '1'] }, message: /each once/ },
  { code: 'missing', changes: { 'properties.linuxProfile.ssh.publicKeys': [] }, message: /none in the list/ },
  {
    code: 'zones',
    changes: { [`${POOL}.availabilityZones`]: ['1', '2'] },
    message: /all profiles/,
    other: true,
  },
  {
    code: 'zones',
    changes: { [`${POOL}.availabilityZones`]: ['1', '2'] },
    message: /VirtualMachineScaleSets/,
  },
  { code: 'zones', changes: { [`${POOL}.availabilityZones`]: ['1', '2'] }, message: /at least 4 nodes/ },
];
