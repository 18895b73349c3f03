/** How pods and containers are called in texts. */
import type { Attachment } from '../../cni/types.ts';

/** As long as docker and crictl show it. */
const SHORT_ID_CHARACTERS = 12;

export function shortId(containerId: string): string {
  return /^[0-9a-f]{32,}$/.test(containerId) ? containerId.slice(0, SHORT_ID_CHARACTERS) : containerId;
}

/** "default/web", "web" without a namespace, empty when unknown. */
export function podLabel(pod: { readonly podName?: string; readonly podNamespace?: string }): string {
  const { podName = '', podNamespace = '' } = pod;
  return podName === '' || podNamespace === '' ? podName : `${podNamespace}/${podName}`;
}

/** "pod default/web, container 4f6c9e1d2a3b eth0" */
export function ownerText(
  owner: Attachment & { readonly podName?: string; readonly podNamespace?: string },
): string {
  const pod = podLabel(owner);
  const container = `container ${shortId(owner.containerId)} ${owner.ifname}`;
  return pod === '' ? container : `pod ${pod}, ${container}`;
}
