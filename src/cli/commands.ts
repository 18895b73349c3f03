/** The commands of the tool, in the order of the help. */
import { clusterCommand } from './cluster/command.ts';
import type { Command } from './command.ts';
import { dockerCommand } from './docker/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { gcCommand } from './gc/command.ts';
import { metricsCommand } from './metrics/command.ts';
import { nicCommand } from './nic/command.ts';
import { repairCommand } from './repair/command.ts';
import { snatCommand } from './snat/command.ts';
import { statusCommand } from './status/command.ts';
import { uninstallCommand } from './uninstall/command.ts';

export const COMMANDS: readonly Command[] = [
  statusCommand,
  doctorCommand,
  repairCommand,
  gcCommand,
  snatCommand,
  nicCommand,
  dockerCommand,
  clusterCommand,
  uninstallCommand,
  metricsCommand,
];
