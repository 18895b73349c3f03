/** What people and programs do to a node behind the plugin's back. */
import assert from 'node:assert/strict';
import type { Runner } from './kernel.ts';

/** One command of iproute2, without the leading `ip`. */
export function ip(place: Runner, command: string): Promise<string> {
  return place.mustExec(['ip', ...command.split(' ')]);
}

/** Deletes the layer-2 rule of this number (from 1), by its handle. */
export async function deleteRule(place: Runner, number: number): Promise<void> {
  const text = await place.mustExec(['nft', '-a', 'list', 'table', 'bridge', 'azure-vnet']);
  const [, handle = ''] = new RegExp(`rule ${number}" # handle (\\d+)`).exec(text) ?? [];
  assert.notEqual(handle, '', text);
  const chain = number <= 2 ? 'prerouting' : 'postrouting';
  await place.mustExec(['nft', 'delete', 'rule', 'bridge', 'azure-vnet', chain, 'handle', handle]);
}
