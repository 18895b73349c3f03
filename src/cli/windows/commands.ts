/** The commands of the tool on Windows, in the order of the help. */
import type { Command } from '../command.ts';
import { dockerExecCommand } from './docker-exec.ts';
import { windowsGcCommand } from './gc.ts';
import { installCommand } from './install.ts';
import { windowsSnatCommand } from './snat.ts';
import { windowsStatusCommand } from './status.ts';
import { uninstallCommand } from './uninstall.ts';

export const WINDOWS_COMMANDS: readonly Command[] = [
  windowsStatusCommand,
  windowsGcCommand,
  windowsSnatCommand,
  dockerExecCommand,
  installCommand,
  uninstallCommand,
];
