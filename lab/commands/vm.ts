/** lab vm add, lab vm remove. */

import { type Command, withRunningLab, word } from './command.ts';
import { nicFlags } from './nic-flags.ts';
import { statusText } from './status.ts';

export const vmAdd: Command = {
  name: ['vm', 'add'],
  words: '[VM]',
  flags: ['subnet', 'primary', 'secondaries', 'mac', 'mtu', 'eth1'],
  help: 'Adds a VM; --eth1 gives it a second NIC in that subnet.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const name = args.words[0];
      await lab.addVm({ ...nicFlags(args), ...(name === undefined ? {} : { name }) });
      process.stdout.write(statusText(lab.state));
      return 0;
    }),
};

export const vmRemove: Command = {
  name: ['vm', 'remove'],
  words: 'VM',
  flags: [],
  help: 'Ends a VM like a power cut.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      await lab.removeVm(word(args, 0, 'the name of a VM'));
      return 0;
    }),
};
