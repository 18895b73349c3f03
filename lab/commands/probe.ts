/** lab probe. */
import { isIPv4 } from 'node:net';
import { LabError } from '../error.ts';
import { PROBE_PROTOCOLS } from '../probe.ts';
import { type Command, given, withRunningLab, word } from './command.ts';

export const probe: Command = {
  name: ['probe'],
  words: `${PROBE_PROTOCOLS.join('|')} ADDRESS PORT [PATH]`,
  flags: [],
  help: 'Sends the probe of a load balancer, from 168.63.129.16; exit status 1 when it would get no traffic.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const name = word(args, 0, PROBE_PROTOCOLS.join(' or '));
      const protocol = PROBE_PROTOCOLS.find((candidate) => candidate === name);
      if (protocol === undefined) throw new LabError(`"${name}" is none of ${PROBE_PROTOCOLS.join(', ')}.`);
      const address = word(args, 1, 'an address');
      if (!isIPv4(address)) throw new LabError(`"${address}" is no IPv4 address.`);
      const port = Number(word(args, 2, 'a port'));
      if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
        throw new LabError(`"${args.words[2]}" is no port from 1 to 65535.`);
      }
      const result = await lab.probe({ protocol, address, port, ...given({ path: args.words[3] }) });
      process.stdout.write(`${result.healthy ? 'healthy' : 'not healthy'}: ${result.seen}\n`);
      return result.healthy ? 0 : 1;
    }),
};
