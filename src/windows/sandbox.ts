/** What CNI_NETNS means on Windows, and the names that follow from it. */
import type { Attachment } from '../cni/types.ts';

export type Sandbox =
  /** A GUID: the namespace of containerd and its like; HNS version 2. */
  | { readonly kind: 'namespace'; readonly id: string }
  /** `none` or anything else: the container itself; HNS version 1. */
  | { readonly kind: 'container' }
  /** `container:<id>`: a container that shares the endpoint of its pod's infra container; version 1. */
  | { readonly kind: 'shared'; readonly infraId: string };

export function sandboxOf(netns: string): Sandbox {
  const guid = GUID.exec(netns)?.[1];
  if (guid !== undefined) return { kind: 'namespace', id: guid.toLowerCase() };
  const [, infraId, ...more] = netns.split(':');
  return infraId === undefined || infraId === '' || more.length > 0
    ? { kind: 'container' }
    : { kind: 'shared', infraId };
}

/** What an endpoint is attached to: the namespace, or the container itself. */
export function targetOf(sandbox: Sandbox, { containerId }: Attachment): string {
  return sandbox.kind === 'namespace' ? sandbox.id : containerId;
}

/** Name of the endpoint in HNS: the first 8 characters of the container's id, and the interface. */
export function endpointName({ containerId, ifname }: Attachment): string {
  return `${containerId.slice(0, 8)}-${ifname}`;
}

const GUID = /^\{?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\}?$/i;
