/**
 * systemd-networkd. When it starts again, after an update of its package or `netplan apply`, it takes a NIC that it knows out
 * of a bridge that it does not know, and asks DHCP for its address: node and pods are off the network. So it finds our
 * links declared as none of its business, in a file under /run, which is empty after a start of the machine, as the links
 * are gone then. It is not told to read it: one that runs leaves a NIC in peace that became a port. systemd.network(5)
 */
import type { PluginContext } from '../cni/types.ts';
import { replaceFile } from '../state/records.ts';
import { exists } from '../sys/exists.ts';
import { SysError } from '../sys/sys.ts';

/** There since it has run. */
const RUNTIME = '/run/systemd/netif';
export const NETWORKD_DIRECTORY = '/run/systemd/network';

/** The declaration about a bridge. Its name sorts before those of netplan, 10-…: the first that matches counts. */
export function networkdFile(bridge: string): string {
  return `${NETWORKD_DIRECTORY}/05-azure-vnet-${bridge}.network`;
}

/** Declares NIC, bridge and host veths unmanaged. What cannot be written is noted: the network works without. */
export function keepNetworkdOff({ sys, log }: PluginContext, nic: string, bridge: string): void {
  try {
    if (!exists(sys, RUNTIME)) return;
    if (!exists(sys, NETWORKD_DIRECTORY)) sys.mkdir(NETWORKD_DIRECTORY, 0o755);
    const text = `[Match]\nName=${nic} ${bridge} azv*\n[Link]\nUnmanaged=yes\n`;
    // It is read by a user of its own.
    replaceFile(sys, networkdFile(bridge), sys.encodeUtf8(text), 0o644);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    log.note('warn', `systemd-networkd may take ${nic} out of ${bridge}: ${error.message}`);
  }
}
