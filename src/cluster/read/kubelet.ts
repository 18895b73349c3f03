/** kubeletConfig: flags of kubelet by name, all of them texts. */
import type { KubeletDraft } from './draft.ts';
import type { Field } from './field.ts';
import { kindOf, type ObjectReader } from './object.ts';
import type { Spot } from './report.ts';
import { quoted } from './source.ts';

export const MAX_PODS_LEAST = 1;
/** Pods of a node, https://learn.microsoft.com/azure/virtual-network/container-networking-overview */
export const MAX_PODS_MOST = 250;

const MAX_PODS = '--max-pods';
/** acs-engine sets these itself, whatever the file says. */
const FORCED = [
  '--address',
  '--allow-privileged',
  '--anonymous-auth',
  '--authorization-mode',
  '--cgroups-per-qos',
  '--client-ca-file',
  '--enforce-node-allocatable',
  '--kubeconfig',
  '--network-plugin',
  '--pod-manifest-path',
];
/** A duration as Go reads it. */
const DURATION = /^[-+]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/;

/** `owner` is the kubernetesConfig that the flags are in; undefined: no flags. */
export function readKubelet(owner: ObjectReader | undefined, nowhere: Spot): KubeletDraft {
  const reader = owner?.object('kubeletConfig');
  const flags = new Map<string, string>();
  let maxPods: Field<number> = { state: 'absent', spot: reader?.spot ?? owner?.spot ?? nowhere };
  for (const { name, field, keySpot } of reader?.entries() ?? []) {
    if (reader === undefined || field.state !== 'given') continue;
    const node = field.value;
    if (node.type !== 'string' && node.type !== 'number') {
      reader.report.error(
        'wrong-type',
        field.spot,
        `${name}: expected a text in double quotes, got ${kindOf(node)}`,
      );
      continue;
    }
    if (node.type === 'number') {
      reader.report.warning(
        'letter-case',
        field.spot,
        `acs-engine refuses a number here: write "${node.value}"`,
      );
    }
    const value = String(node.value);
    if (isMaxPods(name)) {
      if (counts(reader, name, keySpot)) maxPods = readMaxPods(reader, value, field.spot);
    } else if (checkFlag(reader, name, value, keySpot, field.spot)) {
      flags.set(name, value);
    }
  }
  return { maxPods, flags };
}

function isMaxPods(name: string): boolean {
  return name.toLowerCase().replaceAll('-', '') === 'maxpods';
}

/** Of several spellings the right one counts, else the last; the others are reported. */
function counts(reader: ObjectReader, name: string, keySpot: Spot): boolean {
  const spellings = reader.entries().filter((entry) => isMaxPods(entry.name));
  const chosen = spellings.find((entry) => entry.name === MAX_PODS) ?? spellings.at(-1);
  if (chosen !== undefined && chosen.name !== name) {
    const message = `${quoted(name)} has no effect beside ${quoted(chosen.name)}, which means the same`;
    reader.report.warning('duplicate-key', keySpot, message, {
      label: 'this one counts',
      spot: chosen.keySpot,
    });
    return false;
  }
  if (name !== MAX_PODS) {
    reader.report.note(
      'max-pods-spelling',
      keySpot,
      `${quoted(name)} is taken for "${MAX_PODS}"; acs-engine hands it to kubelet as it is, which does not know it`,
    );
  }
  return true;
}

function readMaxPods(reader: ObjectReader, value: string, spot: Spot): Field<number> {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= MAX_PODS_LEAST && number <= MAX_PODS_MOST) return { state: 'given', value: number, spot };
  const message = `${MAX_PODS} is ${quoted(value)}; expected ${MAX_PODS_LEAST} to ${MAX_PODS_MOST}, the most pods that Azure supports on a VM`;
  reader.report.error('max-pods', spot, message);
  return { state: 'invalid', spot };
}

/** True when the flag may go on to kubelet. */
function checkFlag(reader: ObjectReader, name: string, value: string, keySpot: Spot, spot: Spot): boolean {
  if (!/^--[a-z0-9][a-z0-9-]*$/.test(name)) {
    reader.report.error(
      'kubelet-flag',
      keySpot,
      `${quoted(name)} is no flag of kubelet; they are written like "--eviction-hard"`,
    );
    return false;
  }
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) {
    reader.report.error(
      'kubelet-flag',
      spot,
      `the value of ${name} has a line break or another control character`,
    );
    return false;
  }
  if (FORCED.includes(name)) {
    reader.report.warning('kubelet-flag', keySpot, `${name} cannot be chosen: it is set by the deployment`);
    return false;
  }
  if (name.endsWith('-frequency') && !DURATION.test(value)) {
    reader.report.error(
      'kubelet-flag',
      spot,
      `${name} is ${quoted(value)}; expected a duration such as "10s"`,
    );
    return false;
  }
  return true;
}
