/** Entry of the plugin image for Windows; main.ts is that of Linux. */
import { runPlugin } from './cni/dispatch.ts';
import { STDOUT, writeText } from './cni/stdio.ts';
import { writeOperation } from './state/logfile.ts';
import { OperationLog } from './state/oplog.ts';
import { LOG_PATH } from './state/paths.ts';
import { removeAbandoned } from './state/records.ts';
import { begin } from './sys/quickjs.ts';
import type { Sys } from './sys/sys.ts';
import { windowsIpam } from './windows/call.ts';
import { azureVnetWindows } from './windows/plugin.ts';
import { makeStateRoot } from './windows/state-root.ts';

/** `v0.1.0`, set by the build from package.json. */
declare const VERSION: string;

begin(main);

function main(sys: Sys): number {
  const [program = '', argument] = sys.args();
  if (argument === '-v' || argument === '--version') {
    writeText(sys, STDOUT, `Azure CNI Version ${VERSION}\n`);
    return 0;
  }
  const log = new OperationLog(sys);
  const plugin = /(^|[\\/])azure-vnet-ipam(\.exe)?$/i.test(program) ? windowsIpam : azureVnetWindows;
  const status = runPlugin(sys, plugin, log);
  // A question about versions, which some runtimes ask before every call, is no operation.
  if (log.fields.command === 'VERSION') return status;
  makeStateRoot(sys);
  removeAbandoned(sys, log);
  writeOperation(sys, log, LOG_PATH);
  return status;
}
