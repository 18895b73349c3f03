/** lab ipconfig add, lab ipconfig remove. */
import { LabError } from '../error.ts';
import { type Command, textFlag, withRunningLab, word } from './command.ts';

export const ipconfigAdd: Command = {
  name: ['ipconfig', 'add'],
  words: 'VM COUNT|ADDRESS…',
  flags: ['nic'],
  help: 'Adds secondary ipconfigs to a NIC (eth0): the next free ones, or these.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const vm = word(args, 0, 'the name of a VM');
      const first = word(args, 1, 'a count or addresses');
      const wanted = /^\d+$/.test(first) ? Number(first) : args.words.slice(1);
      const added = await lab.addIpconfigs(vm, wanted, textFlag(args, 'nic'));
      process.stdout.write(`${added.join('\n')}\n`);
      return 0;
    }),
};

export const ipconfigRemove: Command = {
  name: ['ipconfig', 'remove'],
  words: 'VM ADDRESS…',
  flags: ['nic'],
  help: 'Removes secondary ipconfigs: the fabric stops delivering and accepting them at once.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const vm = word(args, 0, 'the name of a VM');
      const addresses = args.words.slice(1);
      if (addresses.length === 0) throw new LabError('The command needs addresses: see `lab help`.');
      await lab.removeIpconfigs(vm, addresses, textFlag(args, 'nic'));
      return 0;
    }),
};
