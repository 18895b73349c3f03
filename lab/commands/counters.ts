/** lab counters. */
import { COUNTER_KINDS } from '../fabric/filter.ts';
import { type Command, withRunningLab } from './command.ts';
import { table } from './table.ts';

export const counters: Command = {
  name: ['counters'],
  words: '',
  flags: ['json'],
  help: 'Frames that the fabric got from each NIC: passed, and dropped by reason.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const read = await lab.counters();
      if (args.flags.json === true) {
        process.stdout.write(`${JSON.stringify(read, null, 2)}\n`);
        return 0;
      }
      const rows = Object.entries(read.ports).map(([port, counts]) => [
        port,
        ...COUNTER_KINDS.map((kind) => String(counts[kind])),
      ]);
      process.stdout.write(table([['NIC', ...COUNTER_KINDS], ...rows]));
      process.stdout.write(`Packets for addresses that no NIC has: ${read.unassigned}\n`);
      return 0;
    }),
};
