/** azure-vnet status: what there is, who has which address, and what is wrong. */
import { type Call, type Command, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { collectNode } from '../node/collect.ts';
import { isSerious } from '../node/problem.ts';
import { nodeProblems } from '../node/problems.ts';
import { renderStatus } from './render.ts';
import { statusReport } from './report.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'shows networks, pools, who has which address, pending work and problems',
  flags: [JSON_FLAG],
  details: [
    'Reads the records and the kernel and compares them. Changes nothing and asks nobody: the pools are those\n' +
      'of the last answer of the address source, with the time of that answer.',
    'A RESTING address was released not long ago; it is given out again when nothing else is free. One that is\n' +
      'ON HOST is on an interface of the node itself, and so for no pod.',
  ],
  needsRoot: true,
  changes: false,
  run: status,
};

function status({ sys, out, given, version }: Call): number {
  const facts = collectNode(sys);
  const report = statusReport(version, facts, nodeProblems(sys, facts));
  if (given.switches.has(JSON_FLAG.name)) out.printJson(report);
  else out.print(renderStatus(report, out.style));
  return report.problems.some(isSerious) ? STATUS_PROBLEMS : STATUS_OK;
}
