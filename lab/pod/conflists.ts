/** The network configurations that a pod is attached by. */
import { readdirSync, readFileSync } from 'node:fs';
import type { CacheDocument } from '../../src/cni/runtime/cache.ts';
import type { AttachmentCall } from '../../src/cni/runtime/call.ts';
import { type ConfList, chooseConfList, parseConfList } from '../../src/cni/runtime/conflist.ts';
import { LabError } from '../error.ts';
import type { Place } from '../place.ts';

/** The first usable file of /etc/cni/net.d in the VM. */
export function readConfList(vm: Place): ConfList {
  const directory = vm.path('/etc/cni/net.d');
  const files = readdirSync(directory).map((name) => ({
    name,
    text: readFileSync(`${directory}/${name}`, 'utf8'),
  }));
  const chosen = chooseConfList(files);
  if (!chosen.ok) throw new LabError(`/etc/cni/net.d of ${vm.name}: ${chosen.error}`);
  return chosen.value.list;
}

export function conflistOf(text: string): ConfList {
  const list = parseConfList(text);
  if (!list.ok) throw new LabError(`The network configuration cannot be used: ${list.error}`);
  return list.value;
}

export function cachedList(cache: CacheDocument): ConfList {
  return conflistOf(Buffer.from(cache.config, 'base64').toString('utf8'));
}

/** Runtimes run this plugin besides the network's; it brings `lo` up. */
export function loopbackCall(call: AttachmentCall): AttachmentCall {
  const { path, containerId, netns } = call;
  return { list: conflistOf(LOOPBACK_CONFLIST), path, containerId, netns, ifname: 'lo' };
}

const LOOPBACK_CONFLIST = '{"cniVersion":"0.3.1","name":"cni-loopback","plugins":[{"type":"loopback"}]}';
