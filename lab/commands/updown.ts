/** lab up, lab down, lab status. */
import { existsSync } from 'node:fs';
import { checkRequirements } from '../host/requirements.ts';
import { Lab } from '../lab.ts';
import { labDirectory } from '../statefile.ts';
import { takeDown } from '../takedown.ts';
import { type Command, countFlag, given, labName, textFlag, withRunningLab } from './command.ts';
import { nicFlags } from './nic-flags.ts';
import { statusText } from './status.ts';

export const up: Command = {
  name: ['up'],
  words: '',
  flags: ['vms', 'pods', 'subnet', 'secondaries', 'mtu', 'eth1'],
  help: 'Starts a lab with VMs (2 unless told otherwise) and pods on each (0) that stays until `lab down`.',
  async run(args) {
    const subnet = textFlag(args, 'subnet');
    const lab = await Lab.create({ name: labName(args), tied: false, ...given({ subnet }) });
    try {
      for (let left = countFlag(args, 'vms') ?? 2; left > 0; left--) {
        const vm = await lab.addVm(nicFlags(args));
        const pods = countFlag(args, 'pods') ?? 0;
        for (let number = 1; number <= pods; number++) await vm.addPod(`${vm.name}-pod${number}`);
      }
    } catch (error) {
      await lab.close();
      throw error;
    }
    process.stdout.write(statusText(lab.state));
    lab.disconnect();
    return 0;
  },
};

export const down: Command = {
  name: ['down'],
  words: '',
  flags: [],
  help: 'Removes a lab with everything in it, also one that a crash has left.',
  async run(args) {
    checkRequirements();
    const name = labName(args);
    const directory = labDirectory(name);
    const existed = existsSync(directory);
    const { vms, pods, strayProcesses } = await takeDown(directory);
    if (!existed && strayProcesses === 0) {
      process.stdout.write(`There is no lab "${name}", nothing to remove.\n`);
      return 0;
    }
    const strays = strayProcesses > 0 ? `, ${strayProcesses} stray processes` : '';
    const list = vms.length > 0 ? ` (${vms.join(', ')})` : '';
    const what = `the lab "${name}": fabric, internet, ${vms.length} VMs${list}, ${pods} pods${strays}`;
    process.stdout.write(`Removed ${what}, ${directory}\n`);
    return 0;
  },
};

export const clusterDown: Command = {
  ...down,
  name: ['cluster', 'down'],
  help: 'The same as `lab down`: whatever made it, a lab is removed as a whole.',
};

export const status: Command = {
  name: ['status'],
  words: '',
  flags: ['json'],
  help: 'Shows the VMs with their NICs, ipconfigs and pods.',
  run: (args) =>
    withRunningLab(args, async ({ state }) => {
      process.stdout.write(
        args.flags.json === true ? `${JSON.stringify(state, null, 2)}\n` : statusText(state),
      );
      return 0;
    }),
};
