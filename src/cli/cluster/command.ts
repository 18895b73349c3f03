/** azure-vnet cluster: from a cluster definition to addresses and a template. */
import { type Command, JSON_FLAG } from '../command.ts';
import { FLAGS, SUBNET_FLAG } from './flags.ts';
import { runCluster } from './run.ts';

const FILE = { shown: 'FILE', least: 1, most: 1 };

export const clusterCommand: Command = {
  name: 'cluster',
  summary: 'checks a cluster definition, plans its addresses and makes a template of it',
  actions: ['validate', 'plan', 'generate'],
  words: { validate: FILE, plan: FILE, generate: FILE },
  flags: [...FLAGS, JSON_FLAG, SUBNET_FLAG],
  details: [
    'validate  says all that is wrong with the definition, with line and column\n' +
      'plan      prints which address every NIC of every node gets, and what is left\n' +
      'generate  writes a template for Azure Resource Manager, its parameters, and the files of every node',
    'FILE is a definition as acs-engine reads it ("apiVersion": "vlabs"), - is stdin. Comments are possible, and so\n' +
      'are remarks and placeholders of printed examples: what is not filled in is named, and planned all the same where\n' +
      'no address depends on it. Nothing is asked or changed in Azure. Findings are on stdout with validate, and on\n' +
      'stderr with plan and generate.',
    'No secret is written: the parameters refer to a key vault, or wait for a value given at the deployment.',
  ],
  statuses:
    'Exit status: 0 no errors, 1 warnings with --strict or nothing read or written, 2 errors in FILE or wrong usage.',
  needsRoot: false,
  changes: false,
  run: runCluster,
};
