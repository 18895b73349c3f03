/** An IPv6 address as its 16 bytes in network order. */
export type Ipv6 = Uint8Array & { readonly __brand: 'Ipv6' };

export interface Ipv6Net {
  readonly address: Ipv6;
  readonly prefixBits: number;
}

/** Reads RFC 4291 §2.2 text, with `::` and an IPv4 tail; no zone. Undefined for anything else. */
export function parseIpv6(text: string): Ipv6 | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    bytes[i * 2] = group >> 8;
    bytes[i * 2 + 1] = group & 255;
  });
  return bytes as Ipv6;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of zero groups shortened. */
export function formatIpv6(address: Ipv6): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((address[i * 2] ?? 0) << 8) | (address[i * 2 + 1] ?? 0),
  );
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) [best, bestLength] = [i, length];
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return best < 0 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`;
}

function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const quad =
      mayEndInIpv4 && i === parts.length - 1
        ? /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)
        : null;
    if (quad !== null) {
      const octets = quad.slice(1).map((octet) => (/^0\d/.test(octet) ? 256 : Number(octet)));
      if (octets.some((octet) => octet > 255)) return undefined;
      groups.push(((octets[0] ?? 0) << 8) | (octets[1] ?? 0), ((octets[2] ?? 0) << 8) | (octets[3] ?? 0));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
