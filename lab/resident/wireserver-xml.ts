/** The answer to getinterfaceinfov1, in the form of Azure's: attributes only, MAC without colons. */
import { formatCidr, parseCidr } from '../../src/net/cidr.ts';
import type { LabState, NicState, VmState } from '../model.ts';

/** The VM that has this address on one of its NICs, as primary or secondary. */
export function vmWithAddress(state: LabState, address: string): VmState | undefined {
  return state.vms.find((vm) =>
    vm.nics.some((nic) => nic.primary === address || nic.secondaries.includes(address)),
  );
}

export function interfacesXml(nics: readonly NicState[]): string {
  return `<Interfaces>\n${nics.map(interfaceXml).join('')}</Interfaces>\n`;
}

function interfaceXml(nic: NicState, index: number): string {
  const subnet = parseCidr(nic.subnet);
  if (subnet === undefined) throw new Error(`Internal error: subnet ${nic.subnet} of ${nic.port}`);
  const mac = nic.mac.replaceAll(':', '').toUpperCase();
  const addresses = [
    `      <IPAddress Address="${nic.primary}" IsPrimary="true"/>\n`,
    ...nic.secondaries.map((address) => `      <IPAddress Address="${address}" IsPrimary="false"/>\n`),
  ];
  return [
    `  <Interface MacAddress="${mac}" IsPrimary="${index === 0}">\n`,
    `    <IPSubnet Prefix="${formatCidr(subnet)}">\n`,
    ...addresses,
    '    </IPSubnet>\n',
    '  </Interface>\n',
  ].join('');
}
