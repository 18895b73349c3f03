/** What `nic plan` prints in each format. */
import { armTemplate } from './arm.ts';
import { MAX_ADDRESSES_PER_NIC, type NicPlan } from './plan.ts';
import { azureCli, powershell } from './scripts.ts';

export const FORMATS = ['cli', 'powershell', 'arm', 'portal'] as const;
export type Format = (typeof FORMATS)[number];

export interface Rendered {
  /** For stdout: complete in itself. */
  readonly text: string;
  /** For people, where the text has no room for it. */
  readonly aside: string;
}

export function render(plan: NicPlan, format: Format): Rendered {
  const notes = [...summary(plan), ...WARNINGS[format], ...AFTERWARDS];
  const script = (body: string, first = ''): Rendered => ({
    text: `${first}${comment([...notes, ...plan.remarks])}${body}`,
    aside: '',
  });
  if (format === 'cli') return script(azureCli(plan), '#!/bin/sh\n');
  if (format === 'powershell') return script(powershell(plan));
  if (format === 'portal')
    return { text: lines([...portal(plan), '', ...notes, ...plan.remarks]), aside: '' };
  const deploy = `az deployment group create -g '${plan.resourceGroup}' --template-file FILE -p subnetId=/subscriptions/...`;
  return {
    text: `${JSON.stringify(armTemplate(plan), null, 2)}\n`,
    aside: lines([...notes, ...plan.remarks, `Deploy it with: ${deploy}`]),
  };
}

function summary({ nic, resourceGroup, secondaries }: NicPlan): string[] {
  const [first, last] = [secondaries[0], secondaries.at(-1)];
  const addresses =
    first?.address === undefined
      ? 'Azure chooses the addresses'
      : `static addresses ${first.address} to ${last?.address}`;
  return [
    `NIC ${nic} in ${resourceGroup}: ${secondaries.length} ipconfigs beside the primary one; ${addresses}.`,
    `That makes ${secondaries.length + 1} of at most ${MAX_ADDRESSES_PER_NIC} addresses of a NIC.`,
  ];
}

const REPLACES = 'whatever else changes the NIC at the same time is lost or undoes this';
const WARNINGS: Readonly<Record<Format, readonly string[]>> = {
  cli: [`Each line reads the NIC, adds one ipconfig and writes the NIC back: ${REPLACES}.`],
  powershell: [`Reads the NIC, adds the ipconfigs and writes the NIC back: ${REPLACES}.`],
  arm: [
    'Deploying it REPLACES the NIC: ipconfigs, DNS servers, load balancer pools and public addresses that are not in the',
    'template are taken off. It is for a new NIC; for an existing one use --format cli or powershell.',
  ],
  portal: [`The portal writes the whole NIC each time: ${REPLACES}.`],
};

const AFTERWARDS = [
  'Do not configure the addresses in the operating system: they are for pods, and those on the host are given to none.',
  'Where cloud-init does so, see docs/kubernetes.md. Afterwards, on the VM: azure-vnet doctor',
];

function portal({ nic, resourceGroup, secondaries }: NicPlan): string[] {
  const [first] = secondaries;
  return [
    `1. Open https://portal.azure.com, resource group ${resourceGroup}, network interface ${nic}.`,
    '2. Settings, IP configurations. Leave the primary one as it is, and do not enable IP forwarding.',
    first?.address === undefined
      ? '3. For each name below: + Add, IPv4, allocation Dynamic, no public address, Add; wait until it is saved.'
      : '3. For each line below: + Add, IPv4, allocation Static with the address, no public address, Add; wait until it is saved.',
    ...(first?.address === undefined
      ? [`   ${first?.name} to ${secondaries.at(-1)?.name}`]
      : secondaries.map(({ name, address }) => `   ${name}  ${address}`)),
    `4. The list has ${secondaries.length + 1} entries. By hand that takes a while; --format cli or powershell does the same.`,
  ];
}

function comment(texts: readonly string[]): string {
  return lines(texts.map((text) => `# ${text}`));
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
