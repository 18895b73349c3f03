/**
 * /etc/resolv.conf and /etc/hosts of a container. Docker makes both at every start, before the address and the
 * name servers of the network are known; as files of the node that are mounted there they are written in place.
 */
import type { CniDns } from '../../cni/types.ts';
import { readText, writeAll } from '../../state/files.ts';
import type { Sys } from '../../sys/sys.ts';
import type { DockerContainer } from './container.ts';

const MAX_FILE_BYTES = 64 * 1024;
/** Ends the line of ours in /etc/hosts. */
const MARK = '# azure-vnet';

/** Throws a SysError when a file cannot be read or written. */
export function writeNameFiles(
  sys: Sys,
  container: Pick<DockerContainer, 'resolvConf' | 'hosts' | 'hostname' | 'hasOwnDns'>,
  dns: CniDns,
  addresses: readonly string[],
): void {
  const { resolvConf, hosts, hostname, hasOwnDns } = container;
  // Empty with --network and the like of another tool; what was asked for with --dns stays.
  if (resolvConf !== '' && !hasOwnDns) rewrite(sys, resolvConf, (text) => resolvConfText(text, dns));
  if (hosts !== '' && hostname !== '') rewrite(sys, hosts, (text) => hostsText(text, hostname, addresses));
}

/** resolv.conf(5) with what the network says; what it does not say stays as docker has it. */
export function resolvConfText(before: string, dns: CniDns): string {
  const search = dns.search ?? (dns.domain === undefined ? undefined : [dns.domain]);
  const replaced: readonly (readonly [RegExp, readonly string[] | undefined])[] = [
    [/^\s*(search|domain)\b/, search && [`search ${search.join(' ')}`]],
    [/^\s*nameserver\b/, dns.nameservers?.map((server) => `nameserver ${server}`)],
    [/^\s*options\b/, dns.options && [`options ${dns.options.join(' ')}`]],
  ];
  const stays = (line: string) =>
    !replaced.some(([pattern, lines]) => lines !== undefined && pattern.test(line));
  const kept = before.split('\n').filter((line) => line !== '' && stays(line));
  return linesText([...replaced.flatMap(([, lines]) => lines ?? []), ...kept]);
}

/** hosts(5) with the name of the container, as docker has it on its own networks. */
export function hostsText(before: string, hostname: string, addresses: readonly string[]): string {
  const kept = before.split('\n').filter((line) => line !== '' && !line.endsWith(MARK));
  return linesText([...kept, ...addresses.map((address) => `${address}\t${hostname} ${MARK}`)]);
}

function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function rewrite(sys: Sys, path: string, change: (before: string) => string): void {
  const before = readText(sys, path, MAX_FILE_BYTES);
  const text = change(before);
  if (text === before) return;
  const fd = sys.open(path, { write: true, truncate: true, noFollow: true });
  try {
    writeAll(sys, fd, sys.encodeUtf8(text));
  } finally {
    sys.close(fd);
  }
}
