/** Entry of the command-line image for Windows; main.ts is that of Linux. */
import { hostSys } from '../sys/quickjs.ts';
import { makeStateRoot } from '../windows/state-root.ts';
import { runTool } from './tool.ts';
import { WINDOWS_COMMANDS } from './windows/commands.ts';

/** `v0.1.0`, set by the build from package.json. */
declare const VERSION: string;

const sys = hostSys();
const [, word] = sys.args();
if (WINDOWS_COMMANDS.some(({ name, changes }) => name === word && changes)) makeStateRoot(sys);
sys.exit(runTool(sys, VERSION, WINDOWS_COMMANDS));
