/** lab cluster up: a cluster definition, from the plan of its addresses to pings between its pods. */
import { loadCluster, upCluster } from '../cluster/up.ts';
import { Printer, wantsColour } from '../demo/print.ts';
import { Lab } from '../lab.ts';
import { type Command, countFlag, labName, textFlags, word } from './command.ts';

export const clusterUp: Command = {
  name: ['cluster', 'up'],
  words: 'FILE',
  flags: ['pods', 'subnet'],
  help:
    'Starts a lab with the nodes of a cluster definition, their planned addresses and generated files, and pods on\n' +
    '      each (2), and tries who reaches whom; it stays until `lab down`.\n' +
    '      --subnet NAME=CIDR tells the range of a subnet that the definition only names.',
  async run(args) {
    const file = word(args, 0, 'the file of a cluster definition');
    const cluster = loadCluster(file, textFlags(args, 'subnet'));
    const lab = await Lab.create({ name: labName(args), tied: false });
    const out = new Printer((text) => process.stdout.write(text), wantsColour(process.stdout));
    try {
      await upCluster(lab, cluster, countFlag(args, 'pods') ?? 2, out);
    } catch (error) {
      await lab.close();
      throw error;
    }
    lab.disconnect();
    const verdict = out.failures === 0 ? 'all passed' : `${out.failures} FAILED`;
    out.heading(`${out.total} checks, ${verdict}`);
    const down = lab.name === 'default' ? 'lab down' : `lab down --name ${lab.name}`;
    out.line(`The cluster stays up: \`lab exec NODE -- ip addr\` looks at it, \`${down}\` removes it.`);
    return out.failures === 0 ? 0 : 1;
  },
};
