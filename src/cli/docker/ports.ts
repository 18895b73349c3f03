/** Ports of the node that lead to a container, in docker's spelling: `[IP:]PORT:PORT[/PROTOCOL]`, also with ranges. */
import type { JsonObject } from '../../cni/types.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../net/ipv4.ts';
import { err, ok, type Result } from '../../sys/result.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface PortMapping {
  /** Absent: on every address of the node. */
  readonly hostIp?: Ipv4;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
}

/** All mappings of one container: each is some rules of iptables. */
const MAX_MAPPINGS = 256;

/** Reads mappings with commas between them; the error is one line. Empty text is no mapping. */
export function parsePorts(text: string): Result<readonly PortMapping[], string> {
  const mappings: PortMapping[] = [];
  for (const spec of text === '' ? [] : text.split(',')) {
    const parsed = parseSpec(spec);
    if (!parsed.ok) return parsed;
    for (const mapping of parsed.value) {
      const twice = mappings.some((other) => collide(mapping, other));
      if (twice) return err(`port ${formatHostPort(mapping)} is given twice`);
      mappings.push(mapping);
    }
    if (mappings.length > MAX_MAPPINGS) return err(`more than ${MAX_MAPPINGS} ports for one container`);
  }
  return ok(mappings);
}

/** True when a packet could be meant for either. */
export function collide(a: PortMapping, b: PortMapping): boolean {
  const sameIp = a.hostIp === undefined || b.hostIp === undefined || a.hostIp === b.hostIp;
  return sameIp && a.hostPort === b.hostPort && a.protocol === b.protocol;
}

/** `8080:80/tcp`, as it is typed. */
export function formatMapping(mapping: PortMapping): string {
  const { containerPort, protocol } = mapping;
  return `${formatHostPort({ ...mapping, protocol: undefined })}:${containerPort}/${protocol}`;
}

/** `8080/tcp`, `10.240.0.4:8080/udp`. */
export function formatHostPort({
  hostIp,
  hostPort,
  protocol,
}: {
  readonly hostIp?: Ipv4 | undefined;
  readonly hostPort: number;
  readonly protocol?: Protocol | undefined;
}): string {
  const ip = hostIp === undefined ? '' : `${formatIpv4(hostIp)}:`;
  return `${ip}${hostPort}${protocol === undefined ? '' : `/${protocol}`}`;
}

/** The capability `portMappings` (CONVENTIONS.md, "Dynamic Plugin specific fields"). */
export function portCapability(mappings: readonly PortMapping[]): JsonObject {
  return {
    portMappings: mappings.map(({ hostIp, hostPort, containerPort, protocol }) => ({
      hostPort,
      containerPort,
      protocol,
      ...(hostIp === undefined ? {} : { hostIP: formatIpv4(hostIp) }),
    })),
  };
}

const SPEC = /^(?:(.*):)?(\d{1,5})(?:-(\d{1,5}))?:(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/;

function parseSpec(spec: string): Result<PortMapping[], string> {
  const [whole, ip, ...rest] = SPEC.exec(spec) ?? [];
  if (whole === undefined) {
    const hint = /^\d+(\/\w+)?$/.test(spec) ? '; name the port of the node too' : '';
    return err(`port "${spec}": expected [IP:]PORT:PORT[/tcp|udp|sctp], such as 8080:80/tcp${hint}`);
  }
  const hostIp = ip === undefined ? undefined : parseIpv4(ip);
  if (ip !== undefined && hostIp === undefined) return err(`port "${spec}": "${ip}" is no IPv4 address`);
  const [first = 0, last = first, inner = 0, innerLast = inner] = rest.slice(0, 4).map(numberOrNothing);
  if (![first, last, inner, innerLast].every((port) => port >= 1 && port <= 65_535)) {
    return err(`port "${spec}": ports are 1 to 65535`);
  }
  const count = last - first + 1;
  if (count < 1 || innerLast - inner + 1 !== count)
    return err(`port "${spec}": the two ranges differ in length`);
  if (count > MAX_MAPPINGS) return err(`port "${spec}": more than ${MAX_MAPPINGS} ports for one container`);
  const protocol = (rest[4] ?? 'tcp') as Protocol;
  const mappings = Array.from({ length: count }, (_, i) => ({
    hostPort: first + i,
    containerPort: inner + i,
    protocol,
    // 0.0.0.0 is every address, as without one.
    ...(hostIp === undefined || hostIp === 0 ? {} : { hostIp }),
  }));
  return ok(mappings);
}

function numberOrNothing(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
