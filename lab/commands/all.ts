/** All commands, in the order of the help. */
import { clusterUp } from './cluster.ts';
import type { Command } from './command.ts';
import { counters } from './counters.ts';
import { exec } from './exec.ts';
import { ipconfigAdd, ipconfigRemove } from './ipconfig.ts';
import { podAdd, podDel, podList } from './pod.ts';
import { probe } from './probe.ts';
import { clusterDown, down, status, up } from './updown.ts';
import { vmAdd, vmRemove } from './vm.ts';
import { wireserverLog, wireserverMode } from './wireserver.ts';

export const COMMANDS: readonly Command[] = [
  up,
  status,
  vmAdd,
  vmRemove,
  podAdd,
  podDel,
  podList,
  exec,
  ipconfigAdd,
  ipconfigRemove,
  wireserverMode,
  wireserverLog,
  probe,
  counters,
  clusterUp,
  clusterDown,
  down,
];
