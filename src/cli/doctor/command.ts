/** azure-vnet doctor: what is wrong with this node, why it matters and what mends it. */
import { formatTime } from '../age.ts';
import {
  type Call,
  CNI_PATH_FLAG,
  CONFLIST_FLAG,
  type Command,
  cniPath,
  conflistDirectory,
  type Flag,
  JSON_FLAG,
  STATUS_OK,
  STATUS_PROBLEMS,
} from '../command.ts';
import { isSerious } from '../node/problem.ts';
import { examine } from './examine.ts';
import { renderExamination } from './render.ts';

const MAX_PODS_FLAG: Flag = {
  name: 'max-pods',
  value: 'N',
  help: 'Pods that the pool has to be enough for; what kubelet allows when absent.',
  accepts: { test: (text) => /^[1-9]\d{0,4}$/.test(text), expected: 'a number from 1 to 99999' },
};

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'examines kernel, firewall, configuration, plugins, pool and state; says what mends each finding',
  flags: [JSON_FLAG, CONFLIST_FLAG, CNI_PATH_FLAG, MAX_PODS_FLAG],
  details: [
    'Changes nothing. Asks the address source once, iptables for its rules and each plugin of the configuration\n' +
      'for its version. Findings are errors (pods do not work), warnings (something does not, or will not) and\n' +
      'notes, which do not count for the exit status.',
  ],
  needsRoot: false,
  changes: false,
  run: doctor,
};

function doctor(call: Call): number {
  const { sys, log, out, given, version } = call;
  const maxPods = given.values.get(MAX_PODS_FLAG.name);
  const checks = examine(
    { sys, log },
    {
      conflistDirectory: conflistDirectory(call),
      cniPath: cniPath(call),
      ...(maxPods === undefined ? {} : { maxPods: Number(maxPods) }),
    },
  );
  const healthy = !checks.some(({ findings }) => findings.some(isSerious));
  if (given.switches.has(JSON_FLAG.name)) {
    out.printJson({ version, time: formatTime(sys.realtimeMs()), healthy, checks });
  } else out.print(renderExamination(checks, out.style));
  return healthy ? STATUS_OK : STATUS_PROBLEMS;
}
