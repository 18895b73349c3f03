/** Ranges of addresses. */
import { KUBERNETES, MASTER } from '../../../support/definition.ts';
import type { Case } from './case.ts';

export const RANGES_CASES: readonly Case[] = [
  {
    code: 'cluster-subnet-size',
    changes: { [`${KUBERNETES}.clusterSubnet`]: '10.1.14.0/24' },
    message: /\/23 or larger/,
  },
  {
    code: 'service-range-size',
    severity: 'warning',
    changes: { [`${KUBERNETES}.serviceCidr`]: '100.0.0.0/11', [`${KUBERNETES}.dnsServiceIP`]: '100.0.0.10' },
  },
  { code: 'vnet-size', severity: 'warning', changes: { [`${MASTER}.vnetCidr`]: '10.0.0.0/7' } },
  { code: 'vnet-cidr-missing', severity: 'warning', changes: { [`${MASTER}.vnetCidr`]: undefined } },
  { code: 'subnet-outside-vnet', changes: { [`${MASTER}.vnetCidr`]: '10.3.0.0/16' }, other: true },
  {
    code: 'service-range-overlap',
    changes: { [`${KUBERNETES}.serviceCidr`]: '10.1.0.0/22', [`${KUBERNETES}.dnsServiceIP`]: '10.1.0.10' },
    other: true,
  },
  {
    code: 'service-range-overlap',
    severity: 'warning',
    changes: { [`${KUBERNETES}.serviceCidr`]: '10.1.64.0/22', [`${KUBERNETES}.dnsServiceIP`]: '10.1.64.10' },
    message: /write "serviceCidr": "10\.0\.0\.0\/16"/,
    other: true,
  },
  {
    code: 'docker-bridge-overlap',
    changes: { [`${KUBERNETES}.dockerBridgeSubnet`]: '10.1.0.1/24' },
    other: true,
  },
  {
    code: 'docker-bridge-overlap',
    changes: { [`${KUBERNETES}.dockerBridgeSubnet`]: '10.2.0.1/24' },
    message: /serviceCidr 10\.2/,
  },
  {
    code: 'forbidden-range',
    severity: 'warning',
    changes: {
      [`${KUBERNETES}.serviceCidr`]: '172.30.0.0/16',
      [`${KUBERNETES}.dnsServiceIP`]: '172.30.0.10',
    },
  },
  {
    code: 'forbidden-range',
    changes: {
      [`${KUBERNETES}.serviceCidr`]: '169.254.0.0/16',
      [`${KUBERNETES}.dnsServiceIP`]: '169.254.0.10',
    },
    message: /link-local/,
  },
  {
    code: 'service-pair',
    changes: { [`${KUBERNETES}.dnsServiceIP`]: undefined },
    message: /serviceCidr is given without dnsServiceIP/,
  },
  {
    code: 'service-pair',
    changes: { [`${KUBERNETES}.serviceCidr`]: undefined },
    message: /dnsServiceIP is given without serviceCidr/,
  },
  {
    code: 'dns-service-ip',
    changes: { [`${KUBERNETES}.dnsServiceIP`]: '10.3.0.10' },
    message: /not inside/,
    other: true,
  },
  {
    code: 'dns-service-ip',
    changes: { [`${KUBERNETES}.dnsServiceIP`]: '10.2.0.1' },
    message: /"kubernetes"/,
  },
  { code: 'dns-service-ip', changes: { [`${KUBERNETES}.dnsServiceIP`]: '10.2.255.255' }, message: /last/ },
];
