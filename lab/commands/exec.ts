/** lab exec: a program in a VM, a pod, the fabric or the internet, on this terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LabError } from '../error.ts';
import { inside } from '../host/anchor.ts';
import type { Lab } from '../lab.ts';
import { type Command, withRunningLab, word } from './command.ts';

export const exec: Command = {
  name: ['exec'],
  words: 'VM|POD|fabric|internet -- PROGRAM ARGUMENT…',
  flags: [],
  help: 'Runs a program there, with this terminal; the exit status is that of the program.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      if (args.program.length === 0) throw new LabError('The command needs a program after "--".');
      const place = word(args, 0, 'a VM or a pod');
      const [program = '', ...rest] = argvFor(lab, place, args.program);
      const child = spawn(program, rest, { stdio: 'inherit', env: environmentFor(lab, place) });
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      return code ?? (signal === null ? 1 : SIGNAL_STATUS);
    }),
};

/** argv that enters the namespaces of a place by its name. */
function argvFor(lab: Lab, name: string, program: readonly string[]): string[] {
  if (name === 'fabric' || name === 'internet') return inside(lab[name].anchor, program);
  const vm = lab.state.vms.find((candidate) => candidate.name === name);
  if (vm !== undefined) return inside(vm.anchor, program);
  const owner = lab.state.vms.find(({ pods }) => pods.some((pod) => pod.name === name));
  if (owner !== undefined) return inside(owner.anchor, ['ip', 'netns', 'exec', name, ...program]);
  throw new LabError(`There is no VM or pod "${name}": \`lab status\` lists them.`);
}

/** In a VM the directories of its plugins are on the PATH, so that `azure-vnet status` can be typed. */
function environmentFor({ state }: Lab, name: string): NodeJS.ProcessEnv {
  const vm = state.vms.find((candidate) => candidate.name === name);
  if (vm === undefined) return process.env;
  const plugins = vm.cniPath.join(':');
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:${plugins}`, CNI_PATH: plugins };
}

/** As shells report a program that a signal has ended. */
const SIGNAL_STATUS = 128;
