/**
 * make bench-datapath: frames from the fabric into a pod, through the bridge with the plugin's nf_tables rules
 * and with the ebtables rules of the original, in the same namespaces, in turn. docs/benchmark.md says how.
 */
import type { Lab } from '../../lab/lab.ts';
import { keepBuilt } from '../contestants.ts';
import { compileHelper } from '../helpers.ts';
import { PodHost } from '../pod-host.ts';
import { runBenchmark } from '../run.ts';
import { measureDatapath } from './measure.ts';
import { type DatapathOptions, readDatapathOptions, USAGE } from './options.ts';
import { datapathFigures, datapathTargets, datapathText } from './report.ts';

await runBenchmark({ name: 'bench-datapath', usage: USAGE, readOptions: readDatapathOptions, bench });

/** Measures and prints; true when every target is reached. */
async function bench(lab: Lab, { pods, rounds, windowMs, pod, json }: DatapathOptions): Promise<boolean> {
  keepBuilt();
  await Promise.all([compileHelper('timed-exec'), compileHelper('traffic')]);
  const hosts: PodHost[] = [];
  for (const count of pods) hosts.push(await PodHost.start(lab, { pods: count }));
  const series = await measureDatapath(lab, hosts, { rounds, windowMs, pod });
  for (const host of hosts) host.close();
  const figures = datapathFigures(series);
  const targets = datapathTargets(figures);
  if (json) {
    process.stdout.write(`${JSON.stringify({ rounds, windowMs, pod, figures, targets }, null, 2)}\n`);
  } else {
    process.stdout.write(
      `best of ${rounds} rounds of ${windowMs} ms, to the ${pod} pod\n\n${datapathText(figures)}`,
    );
  }
  return targets.every(({ reached }) => reached);
}
