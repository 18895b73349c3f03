/** A lab to hold in a process of its own, for tests that end that process: `lab-holder.ts NAME`. */
import { readlinkSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Lab } from '../../lab/lab.ts';

export interface LabOfChild {
  readonly directory: string;
  readonly namespaces: string[];
}

/** The network namespaces of a lab, in the form of /proc/<pid>/ns/net. */
export function namespacesOf(lab: Lab): string[] {
  const anchors = [lab.fabric, lab.internet, ...lab.vms()].map((place) => place.anchor);
  return anchors.map(({ inner }) => readlinkSync(`/proc/${inner.pid}/ns/net`));
}

const [, main = '', name = ''] = process.argv;
if (import.meta.url === pathToFileURL(main).href) {
  const lab = await Lab.create({ name });
  await lab.addVm();
  process.send?.({ directory: lab.directory, namespaces: namespacesOf(lab) } satisfies LabOfChild);
  // A listener on the channel to the parent keeps the process running until it is ended.
  process.on('message', () => undefined);
}
