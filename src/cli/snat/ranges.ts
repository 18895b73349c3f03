/** The ranges that are not the internet: traffic to them keeps the address of the pod. */
import { type Cidr, cidrContains, formatCidr, networkOf, parseIpv4Net } from '../../net/cidr.ts';
import { parseIpv4 } from '../../net/ipv4.ts';
import { parseIpv6 } from '../../net/ipv6.ts';
import { err, ok, type Result } from '../../sys/result.ts';

/** Every range is one rule that packets to the internet pass. */
export const MAX_RANGES = 64;

/**
 * Reads ranges separated by commas. The result is sorted and has no range that lies in another one. An error is
 * one line that names the value.
 */
export function parseRanges(text: string): Result<readonly Cidr[], string> {
  const ranges: Cidr[] = [];
  for (const part of text.split(',')) {
    const range = parseRange(part);
    if (!range.ok) return range;
    ranges.push(range.value);
  }
  if (ranges.length > MAX_RANGES) {
    return err(`--cidr is given ${ranges.length} ranges; at most ${MAX_RANGES} are possible`);
  }
  return ok(withoutContained(ranges));
}

function parseRange(text: string): Result<Cidr, string> {
  const [address = '', bits] = text.split('/');
  if (parseIpv6(address) !== undefined) {
    return err(`--cidr ${text} is IPv6; pods have IPv4 addresses only`);
  }
  if (bits === undefined && parseIpv4(address) !== undefined) {
    return err(`--cidr ${text} has no prefix length; a single address is ${text}/32`);
  }
  const net = parseIpv4Net(text);
  if (net === undefined) return err(`--cidr "${text}" is no IPv4 range; expected one such as 10.0.0.0/8`);
  const range = networkOf(net);
  if (range.base !== net.address) {
    return err(`--cidr ${text} has host bits set; did you mean ${formatCidr(range)}?`);
  }
  if (range.prefixBits === 0) {
    return err(`--cidr ${text} is everything: no traffic would get the address of the node`);
  }
  return ok(range);
}

function withoutContained(ranges: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = [];
  for (const range of [...ranges].sort((a, b) => a.prefixBits - b.prefixBits || a.base - b.base)) {
    if (!kept.some((wider) => cidrContains(wider, range.base))) kept.push(range);
  }
  return kept.sort((a, b) => a.base - b.base);
}
