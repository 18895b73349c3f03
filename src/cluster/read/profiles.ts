/** masterProfile and agentPoolProfiles. */
import type { AvailabilityProfile } from '../definition.ts';
import type { FindingCode } from '../finding.ts';
import type { MasterDraft, PoolDraft, ProfileDraft } from './draft.ts';
import { convert, type Field } from './field.ts';
import { KUBERNETES_KEYS } from './keys.ts';
import { readKubelet } from './kubelet.ts';
import type { ObjectReader } from './object.ts';
import { quoted } from './source.ts';
import { addressField, subnetIdField } from './values.ts';

const MAX_POOL_NODES = 100;
const MAX_DISK_GB = 1023;
/** ipconfigs of a NIC, https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits */
export const MAX_NIC_ADDRESSES = 256;

const DNS_PREFIX = /^[A-Za-z][A-Za-z0-9-]{1,43}[A-Za-z0-9]$/;
const POOL_NAME = /^[a-z][a-z0-9]{0,11}$/;
const VM_SIZE = /^(Standard|Basic)_[A-Za-z]+\d[A-Za-z0-9_-]*$/;
/** https://learn.microsoft.com/azure/virtual-machines/sizes/migration-guides/av1-series-retirement */
const RETIRED_VM_SIZE = /^(Standard|Basic)_A\d+$/i;

export function readMaster(reader: ObjectReader): MasterDraft {
  const count = convert(reader.integer('count', 1, Number.MAX_SAFE_INTEGER), (value, spot) => {
    if (value === 1 || value === 3 || value === 5) return value;
    reader.report.error(
      'master-count',
      spot,
      `count is ${value}; masters are 1, 3 or 5, so that etcd has a majority`,
    );
    return undefined;
  });
  return {
    ...readProfile(reader, count),
    dnsPrefix: required(
      reader,
      'dnsPrefix',
      matching(
        reader,
        'dnsPrefix',
        'dns-prefix',
        DNS_PREFIX,
        '3 to 45 letters, digits and hyphens, a letter first, no hyphen last',
      ),
      'it names the cluster',
    ),
    firstStaticIp: addressField(reader, 'firstConsecutiveStaticIP'),
    agentSubnetId: subnetIdField(reader, 'agentVnetSubnetID'),
  };
}

export function readPool(reader: ObjectReader): PoolDraft {
  for (const name of ['dnsPrefix', 'ports'] as const) {
    if (!reader.has(name)) continue;
    const field = name === 'ports' ? reader.values<number>(name, 'number') : reader.text(name);
    if (field.state !== 'given' || field.value.length === 0) continue;
    reader.report.error(
      'not-for-kubernetes',
      field.spot,
      `${name} of a pool is for other orchestrators; for Kubernetes leave it out`,
    );
  }
  const name = matching(
    reader,
    'name',
    'pool-name',
    POOL_NAME,
    '1 to 12 lower-case letters and digits, a letter first',
  );
  return {
    ...readProfile(reader, reader.integer('count', 1, MAX_POOL_NODES)),
    name: convert(required(reader, 'name', name, 'it is part of the names of the VMs'), (value, spot) => {
      if (value !== 'master') return value;
      reader.report.error(
        'pool-name',
        spot,
        'a pool cannot be called "master": its resources would have the names of the masters',
      );
      return undefined;
    }),
    osType: reader.choice('osType', ['Linux', 'Windows']),
    dataDiskSizesGb: readDisks(reader),
  };
}

function readProfile(reader: ObjectReader, count: Field<number>): ProfileDraft {
  const kubernetes = reader.object('kubernetesConfig', KUBERNETES_KEYS);
  return {
    spot: reader.spot,
    count: required(reader, 'count', count, 'how many nodes there are'),
    vmSize: required(reader, 'vmSize', readVmSize(reader), 'the size of the VMs, such as Standard_D2_v3'),
    osDiskSizeGb: reader.integer('osDiskSizeGB', 0, MAX_DISK_GB),
    subnetId: subnetIdField(reader, 'vnetSubnetID'),
    availability: readAvailability(reader),
    ipAddressCount: reader.integer('ipAddressCount', 1, MAX_NIC_ADDRESSES),
    zones: readZones(reader),
    storage: reader.choice('storageProfile', ['ManagedDisks', 'StorageAccount', 'Ephemeral']),
    kubelet: readKubelet(kubernetes, reader.spot),
  };
}

function readVmSize(reader: ObjectReader): Field<string> {
  const size = matching(reader, 'vmSize', 'vm-size', VM_SIZE, 'a size of Azure VMs such as Standard_D2_v3');
  return convert(size, (value, spot) => {
    if (RETIRED_VM_SIZE.test(value)) {
      const message = `vmSize ${value} was retired on 31 August 2024: Azure makes no VM of it, though Azure Stack may; choose another one, such as Standard_A2_v2`;
      reader.report.warning('vm-size', spot, message);
    }
    return value;
  });
}

/** `VMSS` is what the documentation of scale sets for masters calls it. */
function readAvailability(reader: ObjectReader): Field<AvailabilityProfile> {
  const words = ['AvailabilitySet', 'VirtualMachineScaleSets', 'VMSS'] as const;
  return convert<(typeof words)[number], AvailabilityProfile>(
    reader.choice('availabilityProfile', words),
    (value) => (value === 'VMSS' ? 'VirtualMachineScaleSets' : value),
  );
}

/** Azure has zones 1 to 3 wherever it has any. */
function readZones(reader: ObjectReader): Field<readonly string[]> {
  return convert(reader.values<string>('availabilityZones', 'string'), (values) => {
    const zones = values.map(({ value }) => value);
    const wrong = values.find(({ value }, index) => !/^[1-3]$/.test(value) || zones.indexOf(value) !== index);
    if (wrong === undefined) return zones;
    const message = `availabilityZones has ${quoted(wrong.value)}; expected "1", "2" and "3", each once at most`;
    reader.report.error('zones', wrong.spot, message);
    return undefined;
  });
}

function readDisks(reader: ObjectReader): Field<readonly number[]> {
  return convert(reader.values<number>('diskSizesGB', 'number'), (values, spot) => {
    const wrong = values.find(({ value }) => !Number.isInteger(value) || value < 1 || value > MAX_DISK_GB);
    if (values.length > MAX_DATA_DISKS) {
      reader.report.error(
        'out-of-range',
        spot,
        `diskSizesGB has ${values.length} disks; at most ${MAX_DATA_DISKS} are possible`,
      );
      return undefined;
    }
    if (wrong === undefined) return values.map(({ value }) => value);
    reader.report.error(
      'out-of-range',
      wrong.spot,
      `the size of a disk is ${wrong.value}; expected 1 to ${MAX_DISK_GB} GB`,
    );
    return undefined;
  });
}

const MAX_DATA_DISKS = 4;

export function matching(
  reader: ObjectReader,
  name: string,
  code: FindingCode,
  pattern: RegExp,
  expected: string,
): Field<string> {
  return convert(reader.text(name), (value, spot) => {
    if (pattern.test(value)) return value;
    reader.report.error(code, spot, `${name} is ${quoted(value)}; expected ${expected}`);
    return undefined;
  });
}

export function required<T>(reader: ObjectReader, name: string, field: Field<T>, why: string): Field<T> {
  if (field.state === 'absent') reader.missing(name, why, field.spot);
  return field;
}
