/** lab wireserver mode, lab wireserver log. */
import { LabError } from '../error.ts';
import { WIRESERVER_MODES } from '../model.ts';
import { type Command, withRunningLab, word } from './command.ts';
import { table } from './table.ts';

export const wireserverMode: Command = {
  name: ['wireserver', 'mode'],
  words: WIRESERVER_MODES.join('|'),
  flags: [],
  help: 'How the wireserver answers from now on.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const wanted = word(args, 0, 'a mode');
      const mode = WIRESERVER_MODES.find((candidate) => candidate === wanted);
      if (mode === undefined) throw new LabError(`"${wanted}" is none of ${WIRESERVER_MODES.join(', ')}.`);
      await lab.setWireserver(mode);
      return 0;
    }),
};

export const wireserverLog: Command = {
  name: ['wireserver', 'log'],
  words: '',
  flags: [],
  help: 'What the wireserver was asked, and by whom.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const rows = lab
        .wireserverRequests()
        .map(({ at, from, mode, url }) => [new Date(at).toISOString(), from, mode, url]);
      process.stdout.write(table(rows));
      return 0;
    }),
};
