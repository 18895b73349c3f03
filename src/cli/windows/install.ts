/**
 * azure-vnet install: puts this executable, under both names, and the network configuration beside it to where they
 * belong. scripts/install-cni-plugin.ps1 downloads, verifies and unpacks; everything that replaces is here.
 *
 * A program that runs cannot be overwritten on Windows, but it can be renamed: the old ones get another name, the new
 * ones theirs, and when anything fails all is put back. The configuration comes last.
 */
import { failureOf } from '../../sys/failure.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { WindowsSys } from '../../sys/windows.ts';
import { type Call, type Command, DRY_RUN_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { namesIn, statIfAny } from '../files.ts';
import {
  isSameFile,
  makeDirectories,
  readBytes,
  readBytesIfAny,
  removeIfPossible,
  sameBytes,
  writeNew,
} from './files.ts';
import { BIN_DIR_FLAG, binDir, CONF_DIR_FLAG, CONFLIST, confDir, directoryOf, shownPath } from './paths.ts';
import { tryPlugin } from './try-plugin.ts';

export const PROGRAMS = ['azure-vnet.exe', 'azure-vnet-ipam.exe'] as const;
/** The configuration as it was installed: who edits it is told apart by it. */
export const INSTALLED_CONFLIST = '.azure-vnet-cni.conflist';
/** What was replaced while it was in use; the next install or uninstall removes it. */
const OLD_PROGRAM = /^azure-vnet(-ipam)?\.exe\.old-\d+$/;

export const installCommand: Command = {
  name: 'install',
  summary: 'installs this executable and the network configuration beside it',
  flags: [BIN_DIR_FLAG, CONF_DIR_FLAG, DRY_RUN_FLAG],
  details: [
    'azure-vnet.exe and azure-vnet-ipam.exe become one file with two names. Both have answered before anything is\n' +
      'replaced; when a step fails, what was there is put back. A network configuration that was edited stays, and\n' +
      'the new one is put beside it as 10-azure.conflist.new.',
  ],
  needsRoot: false,
  changes: true,
  run: install,
};

interface Plan {
  readonly bin: string;
  readonly conf: string;
  readonly program: Uint8Array;
  readonly conflist: Uint8Array;
}

function install(call: Call): number {
  const sys = call.sys as WindowsSys;
  const own = sys.executablePath();
  const conflistPath = `${directoryOf(own)}/${CONFLIST}`;
  const conflist = readBytesIfAny(sys, conflistPath);
  if (conflist === undefined) {
    return complain(
      call,
      `there is no ${shownPath(conflistPath)}; unpack the whole archive and run install there`,
    );
  }
  const plan = { bin: binDir(call), conf: confDir(call), program: readBytes(sys, own), conflist };
  if (call.given.switches.has(DRY_RUN_FLAG.name)) {
    call.out.print(
      `would install ${PROGRAMS.join(' ')} to ${shownPath(plan.bin)} and ${CONFLIST} to ${shownPath(plan.conf)}\n`,
    );
    return STATUS_OK;
  }
  const done = carryOut(sys, plan);
  if (!done.ok) return complain(call, `${done.error}; what was there is as it was`);
  call.out.print(done.value.map((line) => `${line}\n`).join(''));
  return STATUS_OK;
}

/** Lines that tell what was done; an error means that nothing was. */
function carryOut(sys: WindowsSys, plan: Plan): Result<readonly string[], string> {
  const undo: (() => void)[] = [];
  try {
    for (const directory of [plan.bin, plan.conf]) {
      const made = makeDirectories(sys, directory);
      undo.push(() => removeEmpty(sys, made));
    }
    const changed = replacePrograms(sys, plan, undo);
    if (!changed.ok) return rollback(undo, changed.error);
    const lines = replaceConflist(sys, plan);
    removeOld(sys, plan.bin);
    const programs = changed.value ? [`installed ${PROGRAMS.join(' ')} to ${shownPath(plan.bin)}`] : [];
    const all = [...programs, ...lines, ...notes(sys, plan.conf)];
    return ok(all.length === 0 ? ['all was there already'] : all);
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return rollback(undo, refused.message);
  }
}

/** True when they were replaced; false when they were these very ones. */
function replacePrograms(
  sys: WindowsSys,
  { bin, program }: Plan,
  undo: (() => void)[],
): Result<boolean, string> {
  const [first, second] = PROGRAMS.map((name) => `${bin}/${name}`) as [string, string];
  if (sameBytes(readBytesIfAny(sys, first), program) && isSameFile(sys, first, second)) return ok(false);
  const staged = `${bin}/azure-vnet-new-${sys.pid()}.exe`;
  undo.push(() => removeIfPossible(sys, staged));
  writeNew(sys, staged, program);
  const tried = tryPlugin(sys, staged);
  if (!tried.ok) return tried;
  const old = `old-${sys.realtimeMs()}`;
  for (const path of [first, second]) {
    if (statIfAny(sys, path) !== undefined) {
      sys.rename(path, `${path}.${old}`);
      undo.push(() => sys.rename(`${path}.${old}`, path));
    }
  }
  sys.rename(staged, first);
  undo.push(() => sys.rename(first, staged));
  sys.link(first, second);
  undo.push(() => removeIfPossible(sys, second));
  const [answered, other] = [tryPlugin(sys, first), tryPlugin(sys, second)];
  return answered.ok ? (other.ok ? ok(true) : other) : answered;
}

/** Replaces the configuration when it is as it was installed, and leaves an edited one alone. */
function replaceConflist(sys: WindowsSys, { bin, conf, conflist }: Plan): string[] {
  const target = `${conf}/${CONFLIST}`;
  const present = readBytesIfAny(sys, target);
  const installed = readBytesIfAny(sys, `${bin}/${INSTALLED_CONFLIST}`);
  const isEdited = present !== undefined && !sameBytes(present, installed) && !sameBytes(present, conflist);
  replace(sys, `${bin}/${INSTALLED_CONFLIST}`, conflist);
  if (sameBytes(present, conflist)) return [];
  replace(sys, isEdited ? `${target}.new` : target, conflist);
  return isEdited
    ? [`${shownPath(target)} was edited and is left as it is; the new one is ${shownPath(target)}.new`]
    : [`installed ${CONFLIST} to ${shownPath(conf)}`];
}

/** Runtimes take the first configuration in this order. */
function notes(sys: WindowsSys, conf: string): string[] {
  return namesIn(sys, conf)
    .filter((name) => /\.(conf|conflist|json)$/i.test(name) && name < CONFLIST)
    .map((name) => `note: runtimes take ${shownPath(`${conf}/${name}`)} before ${CONFLIST}; move it away`);
}

/** By rename, so that a reader has the old or the new one. */
function replace(sys: WindowsSys, path: string, bytes: Uint8Array): void {
  const staged = `${path}.${sys.pid()}`;
  removeIfPossible(sys, staged);
  writeNew(sys, staged, bytes);
  sys.rename(staged, path);
}

/** Programs of earlier installs that are not in use any more. */
export function removeOld(sys: WindowsSys, bin: string): void {
  for (const name of namesIn(sys, bin)) if (OLD_PROGRAM.test(name)) removeIfPossible(sys, `${bin}/${name}`);
}

function rollback(undo: (() => void)[], reason: string): Result<never, string> {
  const failed: string[] = [];
  for (const step of undo.reverse()) {
    try {
      step();
    } catch (error) {
      const refused = failureOf(error);
      if (refused === undefined) throw error;
      failed.push(refused.message);
    }
  }
  return err(failed.length === 0 ? reason : `${reason}; and putting back failed: ${failed.join('; ')}`);
}

function removeEmpty(sys: WindowsSys, directories: readonly string[]): void {
  for (const directory of [...directories].reverse())
    if (namesIn(sys, directory).length === 0) sys.rmdir(directory);
}

function complain({ out, log }: Call, text: string): number {
  log.set('error', text);
  out.complain(`azure-vnet: ${text}\n`);
  return STATUS_PROBLEMS;
}
