/** lab pod add, lab pod del, lab pod list. */
import { LabError } from '../error.ts';
import type { Lab } from '../lab.ts';
import type { PortMapping } from '../model.ts';
import type { PluginRun } from '../pod/plugins.ts';
import type { Pod } from '../pod/pod.ts';
import { type Command, textFlags, withRunningLab, word } from './command.ts';
import { podTable } from './status.ts';
import { table } from './table.ts';

export const podAdd: Command = {
  name: ['pod', 'add'],
  words: 'VM POD',
  flags: ['port'],
  help: 'Adds a pod through loopback and the plugins of /etc/cni/net.d, and says how long each took.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      const vm = lab.vm(word(args, 0, 'the name of a VM'));
      const ports = textFlags(args, 'port').map(parsePort);
      const pod = await vm.addPod(word(args, 1, 'a name for the pod'), { ports });
      process.stdout.write(`${pod.name} on ${vm.name}: ${pod.address}\n${timesText(pod.added)}`);
      return 0;
    }),
};

export const podDel: Command = {
  name: ['pod', 'del'],
  words: 'POD',
  flags: [],
  help: 'Removes a pod through the plugins.',
  run: (args) =>
    withRunningLab(args, async (lab) => {
      process.stdout.write(timesText(await findPod(lab, word(args, 0, 'the name of a pod')).remove()));
      return 0;
    }),
};

export const podList: Command = {
  name: ['pod', 'list'],
  words: '',
  flags: [],
  help: 'Lists the pods with their addresses and host ports.',
  run: (args) =>
    withRunningLab(args, async ({ state }) => {
      process.stdout.write(podTable(state));
      return 0;
    }),
};

function findPod(lab: Lab, name: string): Pod {
  const pod = lab
    .vms()
    .flatMap((vm) => vm.pods())
    .find((candidate) => candidate.name === name);
  if (pod === undefined) throw new LabError(`There is no pod "${name}": \`lab pod list\` lists them.`);
  return pod;
}

function parsePort(text: string): PortMapping {
  const match = /^(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const [hostPort, containerPort] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || !isPort(hostPort) || !isPort(containerPort)) {
    throw new LabError(
      `--port ${text} is not HOST:POD with ports from 1 to 65535, such as 8080:80 or 53:53/udp.`,
    );
  }
  return { hostPort, containerPort, protocol: match[3] === 'udp' ? 'udp' : 'tcp' };
}

function isPort(value: number): boolean {
  return value >= 1 && value <= 65_535;
}

function timesText(runs: readonly PluginRun[]): string {
  const rows = runs.map(({ command, plugin, durationUs }) => [
    `  ${command}`,
    plugin,
    `${(durationUs / 1000).toFixed(1)} ms`,
  ]);
  return table(rows);
}
