/** azure-vnet snat on Windows: there is nothing to set, and this says so. */
import { NO_CUSTOM_RANGES } from '../../windows/config.ts';
import { type Call, type Command, DRY_RUN_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';

export const windowsSnatCommand: Command = {
  name: 'snat',
  summary: 'says what Windows does with packets of pods to the internet',
  actions: ['apply', 'verify', 'remove'],
  flags: [
    { name: 'cidr', value: 'RANGE', help: 'Refused: ranges cannot be chosen on Windows.', repeats: true },
    { name: 'persist', help: 'Refused: there is nothing to keep.' },
    DRY_RUN_FLAG,
  ],
  details: [
    `${NO_CUSTOM_RANGES}. Every endpoint of azure-vnet gets the policy OutBoundNAT with its subnet as the exception.`,
  ],
  needsRoot: false,
  changes: false,
  run: snat,
};

function snat({ out, given }: Call): number {
  const asksForMore = given.values.has('cidr') || given.switches.has('persist') || given.action === 'apply';
  if (asksForMore) {
    out.complain(`azure-vnet: ${NO_CUSTOM_RANGES}\n`);
    return STATUS_PROBLEMS;
  }
  out.print(`${NO_CUSTOM_RANGES}; there is nothing to ${given.action}\n`);
  return STATUS_OK;
}
