/** kubelet's flags, from the environment file that its unit reads. */
import { LabError } from '../error.ts';

/** A piece of a word of a command line for systemd: in quotes, or not; a backslash goes before any character. */
const PIECE = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|((?:\\.|[^\s'"\\])+)/g;
const WORD = new RegExp(`(?:${PIECE.source})+`, 'g');

/** Flags by their name with the dashes. Splits as systemd does (systemd.service(5), "Command lines"). */
export function parseKubeletFlags(text: string): Map<string, string> {
  const quoted = /^KUBELET_EXTRA_ARGS="((?:[^"\\]|\\.)*)"\n$/.exec(text)?.[1];
  if (quoted === undefined) throw new LabError('/etc/default/kubelet does not set KUBELET_EXTRA_ARGS.');
  const words = quoted.replace(/\\(.)/g, '$1').match(WORD) ?? [];
  return new Map(
    words.map((raw) => {
      const word = raw.replace(PIECE, '$1$2$3').replace(/\\(.)/g, '$1');
      const [, name, value] = /^(--[a-z0-9-]+)=(.*)$/.exec(word) ?? [];
      if (name === undefined || value === undefined) throw new LabError(`"${word}" is no flag of kubelet.`);
      return [name, value];
    }),
  );
}
