/** azure-vnet nic plan: what to run so that a NIC has an address for each pod. Asks Azure nothing. */
import { parseCidr } from '../../net/cidr.ts';
import { parseIpv4 } from '../../net/ipv4.ts';
import { type Call, type Command, STATUS_OK, STATUS_USAGE } from '../command.ts';
import { DEFAULT_COUNT, MAX_PODS, planNic } from './plan.ts';
import { FORMATS, type Format, render } from './render.ts';

/** Rules of Azure for names of resources and resource groups: nothing in them means something to a shell. */
const NIC_NAME = /^[A-Za-z0-9](?:[\w.-]{0,78}\w)?$/;
const GROUP_NAME = /^[\w().-]{0,89}[\w()-]$/;

export const nicCommand: Command = {
  name: 'nic',
  summary: 'tells what to run so that a NIC has an address for each pod',
  actions: ['plan'],
  flags: [
    {
      name: 'nic',
      value: 'NAME',
      help: 'Name of the NIC in Azure.',
      required: true,
      accepts: { test: (text) => NIC_NAME.test(text), expected: 'up to 80 of A-Z, a-z, 0-9, _ . and -' },
    },
    {
      name: 'resource-group',
      value: 'RG',
      help: 'Resource group of the NIC.',
      required: true,
      accepts: {
        test: (text) => GROUP_NAME.test(text),
        expected: 'up to 90 of A-Z, a-z, 0-9, _ . - and ( )',
      },
    },
    {
      name: 'count',
      value: 'N',
      help: `Pods that need an address; ${DEFAULT_COUNT} when absent, Azure supports ${MAX_PODS}.`,
      accepts: { test: (text) => /^[1-9]\d{0,4}$/.test(text), expected: 'a number of pods, at least 1' },
    },
    {
      name: 'start',
      value: 'IP',
      help: 'Static addresses from this one on; Azure chooses when absent.',
      accepts: { test: (text) => parseIpv4(text) !== undefined, expected: 'an IPv4 address' },
    },
    {
      name: 'subnet',
      value: 'CIDR',
      help: 'Subnet of the NIC: checks that it holds them.',
      accepts: {
        test: (text) => parseCidr(text) !== undefined,
        expected: 'an IPv4 network such as 10.240.0.0/16',
      },
    },
    {
      name: 'format',
      value: FORMATS.join('|'),
      help: 'Azure CLI (the default), PowerShell, an ARM template, or steps in the portal.',
      accepts: { test: isFormat, expected: FORMATS.join(', ') },
    },
  ],
  details: [
    'plan  prints a script, a template or steps that add ipconfigs to the NIC, one for each pod',
    'It asks Azure nothing and changes nothing: read what it prints, then run it where you are logged in.',
  ],
  needsRoot: false,
  changes: false,
  run: plan,
};

function plan({ given: { values }, out }: Call): number {
  const start = parseIpv4(values.get('start') ?? '');
  const subnet = parseCidr(values.get('subnet') ?? '');
  const format = values.get('format') ?? 'cli';
  const planned = planNic({
    nic: values.get('nic') ?? '',
    resourceGroup: values.get('resource-group') ?? '',
    count: Number(values.get('count') ?? DEFAULT_COUNT),
    ...(start !== undefined && { start }),
    ...(subnet !== undefined && { subnet }),
  });
  if (!planned.ok) {
    out.complain(`azure-vnet: ${planned.error}\n`);
    return STATUS_USAGE;
  }
  const { text, aside } = render(planned.value, isFormat(format) ? format : 'cli');
  out.print(text);
  if (aside !== '') out.complain(aside);
  return STATUS_OK;
}

function isFormat(text: string): text is Format {
  return FORMATS.some((format) => format === text);
}
