/**
 * azure-vnet uninstall: the configuration first, so that no runtime calls a plugin that is going; then the network in
 * HNS, the state, the programs. Refused while containers are connected.
 */
import { failureOf } from '../../sys/failure.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { SysError } from '../../sys/sys.ts';
import type { WindowsSys } from '../../sys/windows.ts';
import { DEFAULT_HNS_TIMEOUT_MS, HnsCalls } from '../../windows/hns-calls.ts';
import { HnsV1 } from '../../windows/hns-v1.ts';
import {
  ENDPOINTS_DIR,
  listEndpoints,
  listNetworks,
  type NetworkRecord,
  UNFINISHED_DIR,
} from '../../windows/records.ts';
import { type Call, type Command, DRY_RUN_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { statIfAny } from '../files.ts';
import { removeState } from '../uninstall/state.ts';
import { readBytesIfAny, removeIfPossible, sameBytes } from './files.ts';
import { INSTALLED_CONFLIST, PROGRAMS, removeOld } from './install.ts';
import { BIN_DIR_FLAG, binDir, CONF_DIR_FLAG, CONFLIST, confDir, shownPath } from './paths.ts';

export const uninstallCommand: Command = {
  name: 'uninstall',
  summary: 'removes the network in HNS, the state, and what install has put there',
  flags: [
    BIN_DIR_FLAG,
    CONF_DIR_FLAG,
    { name: 'force', help: 'Also while containers are connected: their network ends.' },
    DRY_RUN_FLAG,
  ],
  details: [
    'Drain the node first. An edited network configuration is kept as 10-azure.conflist.saved. This executable cannot\n' +
      'remove itself while it runs: scripts\\install-cni-plugin.ps1 -Uninstall runs a copy of it.',
  ],
  needsRoot: false,
  changes: true,
  run: uninstall,
};

function uninstall(call: Call): number {
  const sys = call.sys as WindowsSys;
  const endpoints = ([ENDPOINTS_DIR, UNFINISHED_DIR] as const).flatMap((directory) =>
    listEndpoints(sys, call.log, directory),
  );
  if (endpoints.length > 0 && !call.given.switches.has('force')) {
    const who = endpoints.slice(0, 5).map(({ containerId }) => containerId.slice(0, 12));
    return complain(
      call,
      `${endpoints.length} containers are connected (${who.join(', ')}); drain the node, or use --force`,
    );
  }
  const networks = listNetworks(sys, call.log);
  if (call.given.switches.has(DRY_RUN_FLAG.name)) {
    const names = networks.map(({ name }) => `network ${name} of HNS, `).join('');
    const files = `${shownPath(confDir(call))}\\${CONFLIST}, ${PROGRAMS.map((name) => `${shownPath(binDir(call))}\\${name}`).join(', ')}`;
    call.out.print(`would remove ${names}the state, ${files}\n`);
    return STATUS_OK;
  }
  try {
    const lines = [removeConflist(sys, binDir(call), confDir(call))];
    const removed = removeNetworks(call, sys, networks);
    if (!removed.ok) return complain(call, removed.error);
    lines.push(...removed.value);
    removeState(sys);
    lines.push('the state is removed', ...removePrograms(sys, binDir(call)));
    call.out.print(lines.map((line) => `${line}\n`).join(''));
    return STATUS_OK;
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return complain(call, refused.message);
  }
}

function removeConflist(sys: WindowsSys, bin: string, conf: string): string {
  const path = `${conf}/${CONFLIST}`;
  const present = readBytesIfAny(sys, path);
  if (present === undefined) return `${shownPath(path)} is not there`;
  if (sameBytes(present, readBytesIfAny(sys, `${bin}/${INSTALLED_CONFLIST}`))) {
    sys.unlink(path);
    return `${shownPath(path)} is removed`;
  }
  sys.rename(path, `${path}.saved`);
  return `${shownPath(path)} was edited, or is not of this program, and is kept as ${shownPath(path)}.saved`;
}

/** A network goes with its endpoints; one that is gone is fine. HNS of version 1 knows those of version 2. */
function removeNetworks(
  { log }: Call,
  sys: WindowsSys,
  networks: readonly NetworkRecord[],
): Result<readonly string[], string> {
  const hns = new HnsV1(new HnsCalls(sys, log, DEFAULT_HNS_TIMEOUT_MS));
  const lines: string[] = [];
  for (const { name, hnsId } of networks) {
    const endpoints = hns.endpointsOf(hnsId);
    for (const { id } of endpoints.ok ? endpoints.value : []) hns.deleteEndpoint(id);
    const deleted = hns.deleteNetwork(hnsId);
    if (!deleted.ok) {
      return err(`network ${name} of HNS stays: ${deleted.error.message}`);
    }
    lines.push(`network ${name} of HNS is removed`);
  }
  return ok(lines);
}

function removePrograms(sys: WindowsSys, bin: string): string[] {
  removeIfPossible(sys, `${bin}/${INSTALLED_CONFLIST}`);
  const lines: string[] = [];
  for (const name of PROGRAMS) {
    const path = `${bin}/${name}`;
    if (statIfAny(sys, path) === undefined) continue;
    if (removeIfPossible(sys, path)) lines.push(`${shownPath(path)} is removed`);
    else lines.push(renameAway(sys, path));
  }
  removeOld(sys, bin);
  return lines;
}

/** It runs: this is it, or a runtime is calling it. */
function renameAway(sys: WindowsSys, path: string): string {
  const away = `${path}.old-${sys.realtimeMs()}`;
  try {
    sys.rename(path, away);
    return `${shownPath(path)} runs and is ${shownPath(away)} now; delete it when it has ended`;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return `${shownPath(path)} stays: ${error.message}`;
  }
}

function complain({ out, log }: Call, text: string): number {
  log.set('error', text);
  out.complain(`azure-vnet: ${text}\n`);
  return STATUS_PROBLEMS;
}
