/** The command-line tool in a VM, as a person there runs it. */
import assert from 'node:assert/strict';
import type { Vm } from '../../../lab/lab.ts';
import { BUILT } from '../../../scripts/build/paths.ts';
import type { JsonObject } from '../../../src/cni/types.ts';

export const BIN = BUILT;
export const CNI_PATH = `${BIN}:/usr/lib/cni`;
const ENV = { PATH: `${BIN}:/usr/sbin:/usr/bin:/sbin:/bin`, CNI_PATH };

export interface ToolRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `azure-vnet` with these words. */
export async function tool(vm: Vm, ...words: readonly string[]): Promise<ToolRun> {
  const { status, stdout, stderr, timedOut } = await vm.exec([`${BIN}/azure-vnet`, ...words], { env: ENV });
  assert.equal(timedOut, false, `azure-vnet ${words.join(' ')} ended in time`);
  return { status, stdout, stderr };
}

/** Runs it with --json and reads the document. */
export async function toolJson<T = JsonObject>(
  vm: Vm,
  ...words: readonly string[]
): Promise<{ readonly status: number; readonly document: T }> {
  const { status, stdout, stderr } = await tool(vm, ...words, '--json');
  assert.equal(stderr, '');
  return { status, document: JSON.parse(stdout) as T };
}

/** Types a command that the tool has printed into a shell of the VM, where it has to succeed. */
export async function type(vm: Vm, command: string): Promise<void> {
  await vm.mustExec(['sh', '-ec', command], { env: ENV });
}
