/** azure-vnet metrics: the numbers, as Prometheus reads them. */
import { LOG_PATH } from '../../state/paths.ts';
import { type Call, type Command, STATUS_OK } from '../command.ts';
import { collectNode } from '../node/collect.ts';
import { nodeProblems } from '../node/problems.ts';
import { exposition } from './exposition.ts';
import { nodeFamilies, operationFamilies } from './families.ts';
import { OperationTotals } from './operations.ts';
import { forEachLine } from './read-log.ts';

export const metricsCommand: Command = {
  name: 'metrics',
  summary: 'prints operations, durations, pools and problems in the text format of Prometheus',
  flags: [],
  details: [
    'For the textfile collector of node_exporter, from a timer. The counters are those of the present log: they\n' +
      'begin anew when the log has reached 8 MiB and is renamed, which Prometheus takes for a restart.',
  ],
  needsRoot: true,
  changes: false,
  run: metrics,
};

function metrics({ sys, out, version }: Call): number {
  const totals = new OperationTotals();
  forEachLine(sys, LOG_PATH, (line) => totals.add(line));
  const facts = collectNode(sys);
  const families = [...nodeFamilies(version, facts, nodeProblems(sys, facts)), ...operationFamilies(totals)];
  out.print(exposition(families));
  return STATUS_OK;
}
