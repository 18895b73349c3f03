/** Fields with a syntax of their own. */
import {
  type Cidr,
  formatCidr,
  formatIpv4Net,
  type Ipv4Net,
  networkOf,
  parseIpv4Net,
} from '../../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../../net/ipv4.ts';
import { isPlaceholder, parseSubnetId, type SubnetId } from '../subnet-id.ts';
import { convert, type Field } from './field.ts';
import type { ObjectReader } from './object.ts';
import { quoted } from './source.ts';

export function addressField(reader: ObjectReader, name: string): Field<Ipv4> {
  return convert(reader.text(name), (text, spot) => {
    const address = parseIpv4(text);
    if (address === undefined) {
      reader.report.error(
        'bad-address',
        spot,
        `${name} is ${quoted(text)}; expected an IPv4 address such as 10.0.1.50`,
      );
    }
    return address;
  });
}

/** An address with the length of its prefix, as Docker wants that of its bridge. */
export function addressWithPrefixField(reader: ObjectReader, name: string): Field<Ipv4Net> {
  return convert(reader.text(name), (text, spot) => {
    const net = parseIpv4Net(text);
    if (net === undefined) {
      reader.report.error('bad-cidr', spot, `${name} is ${quoted(text)}; expected ${expected(text)}`);
    }
    return net;
  });
}

/** A range; host bits are taken for zero, as acs-engine does, and a warning says so. */
export function rangeField(reader: ObjectReader, name: string): Field<Cidr> {
  return convert(addressWithPrefixField(reader, name), (net, spot) => {
    const range = networkOf(net);
    if (range.base !== net.address) {
      const message = `${name} ${formatIpv4Net(net)} is no beginning of a range; it is taken for ${formatCidr(range)}`;
      reader.report.warning('host-bits', spot, message);
    }
    return range;
  });
}

/** Of an id that is filled in up to the names of subscription, group and VNet, the subnet is known. */
export function subnetIdField(reader: ObjectReader, name: string): Field<SubnetId> {
  const field = reader.text(name);
  const unfilled = parseSubnetId(reader.unfilledText(name) ?? '');
  if (unfilled !== undefined && !isPlaceholder(unfilled.subnet))
    return { state: 'given', value: unfilled, spot: field.spot };
  return convert(field, (text, spot) => {
    const id = parseSubnetId(text);
    if (id === undefined) {
      const message =
        `${name} is no id of a subnet; expected /subscriptions/SUBSCRIPTION/resourceGroups/GROUP` +
        '/providers/Microsoft.Network/virtualNetworks/VNET/subnets/SUBNET, no part of it empty or with control characters';
      reader.report.error('bad-subnet-id', spot, message);
    }
    return id;
  });
}

function expected(text: string): string {
  if (text.includes(':')) return 'an IPv4 range: IPv6 is not supported';
  if (text.includes(',')) return 'one range';
  return text.includes('/')
    ? 'an IPv4 range such as 10.0.0.0/20'
    : 'a range with the length of its prefix, such as 10.0.0.0/20';
}
