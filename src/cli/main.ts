/** Entry of the command-line image, which the executable loads when it is called without CNI_COMMAND. */
import { hostSys } from '../sys/quickjs.ts';
import { COMMANDS } from './commands.ts';
import { runTool } from './tool.ts';

/** `v0.1.0`, set by the build from package.json. */
declare const VERSION: string;

const sys = hostSys();
sys.exit(runTool(sys, VERSION, COMMANDS));
