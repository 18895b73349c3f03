/** Asks the address sources of the configured networks, past their caches, and looks for a kubelet. */
import { parseIpamConfig } from '../../cni/ipam-config.ts';
import type { CniRequest, PluginContext } from '../../cni/types.ts';
import { fileSource } from '../../ipam/file-source.ts';
import { candidatePools, poolsOf } from '../../ipam/pools.ts';
import { readInterfaces } from '../../ipam/source.ts';
import { wireserver } from '../../ipam/wireserver.ts';
import { LocalNetwork } from '../../net/local.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { exists, readIfAny } from '../files.ts';
import type { MaxPodsFacts, SourceFacts } from './pool.ts';
import { processesNamed } from './processes.ts';

/** `request`: one of the network whose addresses are asked for. */
export function askSource(context: PluginContext, request: CniRequest): SourceFacts {
  const { sys, log } = context;
  const config = parseIpamConfig(request);
  if (!config.ok) throw new Error(`Internal error: DEL refused a configuration: ${config.error.message}`);
  const { environment, queryUrl, sourceFile = '' } = config.value;
  const source = environment === 'azure' ? wireserver(queryUrl) : fileSource(sourceFile);
  const local = new LocalNetwork(sys);
  const startedUs = sys.monotonicUs();
  try {
    const raw = source.fetch(sys);
    const durationMs = Math.round((sys.monotonicUs() - startedUs) / 1000);
    const answer = raw.ok ? poolsOf(readInterfaces(raw.value, log), local, [], log) : raw;
    const allowed = answer.ok ? candidatePools(answer.value, config.value) : ok([]);
    const candidates: SourceFacts['candidates'] = allowed.ok ? allowed : err(allowed.error.message);
    return { network: request.networkName, source: source.name, answer, candidates, durationMs };
  } finally {
    local.close();
  }
}

/** Where kubeadm puts it. */
export const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
/** `maxPods` of kubelet.config.k8s.io/v1beta1 when nothing is said. */
const DEFAULT_MAX_PODS = 110;

/** What kubelet is told, by its arguments or its file, YAML or JSON; undefined without a kubelet. */
export function maxPodsOf(sys: Sys): MaxPodsFacts | undefined {
  const [kubelet] = processesNamed(sys, 'kubelet');
  const text = (kubelet ?? []).join(' ');
  const file = /--config[= ](\S+)/.exec(text)?.[1] ?? KUBELET_CONFIG;
  if (kubelet === undefined && !exists(sys, file)) return undefined;
  // Of a flag that is given again the last one counts.
  const argument = numberIn(text, /.*--max-pods[= ](\d+)/);
  if (argument.ok) return { maxPods: argument.value, from: 'kubelet --max-pods' };
  const setting = numberIn(readIfAny(sys, file) ?? '', /(?:^maxPods|"maxPods")\s*:\s*(\d+)/m);
  if (setting.ok) return { maxPods: setting.value, from: file, file };
  return { maxPods: DEFAULT_MAX_PODS, from: 'kubelet by default', file };
}

function numberIn(text: string, pattern: RegExp): Result<number, undefined> {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? err(undefined) : ok(Number(digits));
}
