/**
 * The rules that give packets to the internet the address of the node, as iptables takes and prints them.
 *
 * For one range it is the rule of the deployment page. `! -d` takes one range only, and several such rules would
 * each masquerade what another one excludes; for several ranges it is therefore a chain that returns for each.
 */
import { type Cidr, formatCidr, parseCidr } from '../../net/cidr.ts';

/** At most 28 characters (XT_EXTENSION_MAXNAMELEN). */
export const CHAIN = 'AZURE-VNET-SNAT';

/** Health probes, DNS and DHCP of Azure: it sees the pod itself, and answers only to that. */
const WIRESERVER = '168.63.129.16';

const JUMP = `-A POSTROUTING -j ${CHAIN}`;

/** The rule of the page, as arguments after `-A POSTROUTING`. */
export function ruleFor(range: Cidr): string {
  return (
    `-m iprange ! --dst-range ${WIRESERVER} -m addrtype ! --dst-type local ` +
    `! -d ${formatCidr(range)} -j MASQUERADE`
  );
}

/** The rules of the chain in their order, spelled as iptables -S does. */
export function chainFor(ranges: readonly Cidr[]): string[] {
  return [
    `-A ${CHAIN} -d ${WIRESERVER}/32 -j RETURN`,
    `-A ${CHAIN} -m addrtype --dst-type LOCAL -j RETURN`,
    ...ranges.map((range) => `-A ${CHAIN} -d ${formatCidr(range)} -j RETURN`),
    `-A ${CHAIN} -j MASQUERADE`,
  ];
}

/** What is ours in a nat table. */
export interface Present {
  /** Rules of the page's form, each with the line that iptables printed. */
  readonly rules: readonly { readonly range: Cidr; readonly line: string }[];
  /** How often POSTROUTING goes to the chain. */
  readonly jumps: number;
  /** Lines of the chain; undefined when there is none. */
  readonly chain?: readonly string[];
}

/** Reads the output of `iptables -t nat -S`. */
export function readPresent(text: string): Present {
  const lines = text.split('\n').map((line) => line.trim());
  const rules = lines.flatMap((line) => {
    const range = rangeOf(line);
    return range === undefined ? [] : [{ range, line }];
  });
  const jumps = lines.filter((line) => line === JUMP).length;
  if (!lines.includes(`-N ${CHAIN}`)) return { rules, jumps };
  return { rules, jumps, chain: lines.filter((line) => line.startsWith(`-A ${CHAIN} `)) };
}

/** The ranges of a chain as chainFor() makes it; undefined for another one. */
export function rangesOfChain(chain: readonly string[]): Cidr[] | undefined {
  const ranges = chain.slice(2, -1).flatMap((line) => {
    const range = parseCidr(/ -d (\S+) -j RETURN$/.exec(line)?.[1] ?? '');
    return range === undefined ? [] : [range];
  });
  return chainFor(ranges).join('\n') === chain.join('\n') ? ranges : undefined;
}

/**
 * The range of a rule in the form of the page, in whatever order its matches are printed; undefined for any
 * other rule.
 */
function rangeOf(line: string): Cidr | undefined {
  const words = line.split(' ');
  if (words[0] !== '-A' || words[1] !== 'POSTROUTING') return undefined;
  const found = new Map<string, string>();
  for (let i = 2; i < words.length; i += 2) {
    let option = words[i] ?? '';
    if (option === '!') option = `! ${words[++i]}`;
    if (option === '-m') continue;
    if (found.has(option)) return undefined;
    found.set(option, words[i + 1] ?? '');
  }
  const isWireserver = /^168\.63\.129\.16(-168\.63\.129\.16)?$/.test(found.get('! --dst-range') ?? '');
  const isLocal = found.get('! --dst-type')?.toLowerCase() === 'local';
  if (!isWireserver || !isLocal || found.get('-j') !== 'MASQUERADE' || found.size !== 4) return undefined;
  const destination = found.get('! -d') ?? '';
  return parseCidr(destination.includes('/') ? destination : `${destination}/32`);
}
