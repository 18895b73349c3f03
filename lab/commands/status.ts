/** A lab in a few lines. */
import { gatewayText } from '../addresses.ts';
import { INTERNET_ADDRESS, type LabState, WIRESERVER_ADDRESS } from '../model.ts';
import { table } from './table.ts';

export function statusText(state: LabState): string {
  const nics = state.vms.flatMap((vm) =>
    vm.nics.map((nic) => [
      nic.name === 'eth0' ? vm.name : '',
      nic.name,
      nic.mac,
      `mtu ${nic.mtu}`,
      `${nic.primary} of ${nic.subnet}, gateway ${gatewayText(nic.subnet)}`,
      `ipconfigs: ${ranges(nic.secondaries)}`,
    ]),
  );
  const head = [
    `lab "${state.name}"`,
    `wireserver ${WIRESERVER_ADDRESS} (${state.wireserver})`,
    `internet ${INTERNET_ADDRESS}`,
  ];
  return `${head.join(', ')}\n${table(nics)}${podTable(state)}`;
}

/** Consecutive addresses as "10.240.0.5-12". */
function ranges(addresses: readonly string[]): string {
  const parts: { first: string; last: string; end: number }[] = [];
  for (const address of addresses) {
    const cut = address.lastIndexOf('.');
    const host = Number(address.slice(cut + 1));
    const open = parts.at(-1);
    const follows = open?.end === host - 1 && open.first.startsWith(address.slice(0, cut + 1));
    if (open !== undefined && follows) {
      open.end = host;
      open.last = String(host);
    } else parts.push({ first: address, last: '', end: host });
  }
  return parts.map(({ first, last }) => (last === '' ? first : `${first}-${last}`)).join(', ') || 'none';
}

export function podTable(state: LabState): string {
  const pods = state.vms.flatMap((vm) =>
    vm.pods.map((pod) => [
      pod.name,
      `on ${vm.name}`,
      pod.addresses.join(', '),
      pod.ports
        .map(({ hostPort, containerPort, protocol }) => `${hostPort}:${containerPort}/${protocol}`)
        .join(' '),
      pod.containerId.slice(0, 12),
    ]),
  );
  return table(pods);
}
