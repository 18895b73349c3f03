/** azure-vnet docker: containers of Docker in the VNet. scripts/docker-run.sh and its kin call it. */
import {
  type Call,
  CNI_PATH_FLAG,
  CONFLIST_FLAG,
  type Command,
  DRY_RUN_FLAG,
  JSON_FLAG,
} from '../command.ts';
import { del } from './del.ts';
import { list } from './list.ts';
import { repair } from './repair.ts';
import { run } from './run.ts';

const ACTIONS = { run, del, repair, list } as const;
const MAX_REFERENCES = 1000;

export const dockerCommand: Command = {
  name: 'docker',
  summary: 'runs Docker containers with addresses of the VNet, and follows their restarts',
  actions: Object.keys(ACTIONS),
  words: {
    run: { shown: 'NAME NAMESPACE IMAGE', least: 3, most: 3, tail: 'COMMAND ...' },
    del: { shown: 'NAME NAMESPACE', least: 2, most: 2 },
    repair: { shown: '[CONTAINER ...]', least: 0, most: MAX_REFERENCES },
  },
  flags: [
    {
      name: 'publish',
      short: 'p',
      value: '[IP:]PORT:PORT[/PROTOCOL]',
      help: "A port of the node that leads to one of the container, as docker's -p.",
      repeats: true,
      only: ['run'],
    },
    { ...DRY_RUN_FLAG, only: ['repair'] },
    { ...JSON_FLAG, only: ['run', 'list'] },
    CONFLIST_FLAG,
    CNI_PATH_FLAG,
  ],
  details: [
    'run     makes a container, starts it with the command of its image and attaches it: address, ports, names.\n' +
      '        When something fails, nothing is left of it.\n' +
      'del     takes it off the network and removes it; fine when it is gone already\n' +
      'repair  attaches containers that have started again, with the address that they had where it is free;\n' +
      '        takes back what stopped and removed ones hold; all of ours, or those that are named\n' +
      'list    shows containers, addresses, ports and where they stand',
    'A container is ours when it has the label azure-vnet.namespace: one that was made otherwise, with\n' +
      '--network none and that label, gets its address from repair. $DOCKER_HOST is honoured.',
  ],
  needsRoot: true,
  changes: ['run', 'del', 'repair'],
  run: (call: Call) => ACTIONS[call.given.action as keyof typeof ACTIONS](call),
};
