/** The unit of systemd that applies the rules at every start: iptables forgets them. */
import type { Cidr } from '../../net/cidr.ts';
import { formatCidr } from '../../net/cidr.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { exists, readIfAny, replaceFile, statIfAny } from '../files.ts';
import { CHANGE_LIMIT_MS, runProgram } from '../programs.ts';

export const UNIT = 'azure-vnet-snat.service';
const UNIT_DIRECTORY = '/etc/systemd/system';
export const UNIT_PATH = `${UNIT_DIRECTORY}/${UNIT}`;

/** Those that replace all rules when they start or reload: the unit follows them. */
const RULE_LOADERS = ['nftables', 'iptables', 'netfilter-persistent', 'ufw', 'firewalld'];

/** The text of the unit; `program` is the path of this executable. systemd.unit(5), systemd.service(5) */
export function unitText(program: string, ranges: readonly Cidr[]): string {
  const loaders = RULE_LOADERS.map((name) => `${name}.service`).join(' ');
  return `[Unit]
Description=Source NAT of azure-vnet pods to the internet
After=network-pre.target ${loaders}
Before=kubelet.service docker.service
PartOf=${loaders}
ReloadPropagatedFrom=${loaders}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${program} ${wordsFor(ranges)}
ExecReload=${program} ${wordsFor(ranges)}

[Install]
WantedBy=multi-user.target
`;
}

/** The unit that is there; undefined without one. */
export function readUnit(sys: Sys): string | undefined {
  return readIfAny(sys, UNIT_PATH);
}

/** True when there is a unit, and it is for other ranges. */
export function unitDiffers(sys: Sys, ranges: readonly Cidr[]): boolean {
  const commands = (readUnit(sys) ?? '').split('\n').filter((line) => line.startsWith('ExecStart='));
  return commands.some((line) => !line.endsWith(` ${wordsFor(ranges)}`));
}

/** Path of this executable as a unit can name it; an error when there can be no unit. */
export function programForUnit(sys: Sys): Result<string, string> {
  if (statIfAny(sys, UNIT_DIRECTORY)?.type !== 'directory') {
    return err(`--persist writes a unit of systemd, but there is no directory ${UNIT_DIRECTORY}`);
  }
  const path = sys.readlink('/proc/self/exe');
  if (/^\/[\w.+/-]+$/.test(path)) return ok(path);
  return err(`--persist needs a plain path of this program for the unit, but it is "${path}"; install it`);
}

/** Writes the unit as a whole and enables it where systemd runs; returns what was done, one line each. */
export function writeUnit(sys: Sys, text: string): Result<readonly string[], string> {
  const unchanged = readUnit(sys) === text;
  if (!unchanged) replaceFile(sys, UNIT_PATH, text, 0o644);
  const written = `${unchanged ? 'kept' : 'wrote'} ${UNIT_PATH}`;
  if (!systemdRuns(sys)) return ok([written, `enable it where systemd runs: systemctl enable ${UNIT}`]);
  const done = [written];
  for (const argv of [
    ['systemctl', 'daemon-reload'],
    ['systemctl', 'enable', UNIT],
  ]) {
    const ended = runProgram(sys, argv, '', CHANGE_LIMIT_MS);
    if (!ended.ok) return err(ended.error);
    done.push(`ran ${argv.join(' ')}`);
  }
  return ok(done);
}

/** Disables and removes the unit; returns what was done. */
export function removeUnit(sys: Sys): Result<readonly string[], string> {
  if (readUnit(sys) === undefined) return ok([]);
  const done: string[] = [];
  if (systemdRuns(sys)) {
    const disabled = runProgram(sys, ['systemctl', 'disable', UNIT], '', CHANGE_LIMIT_MS);
    if (!disabled.ok) return err(disabled.error);
    done.push(`ran systemctl disable ${UNIT}`);
  }
  sys.unlink(UNIT_PATH);
  return ok([...done, `removed ${UNIT_PATH}`]);
}

function wordsFor(ranges: readonly Cidr[]): string {
  return ['snat', 'apply', ...ranges.map((range) => `--cidr ${formatCidr(range)}`)].join(' ');
}

/** sd_booted(3) */
function systemdRuns(sys: Sys): boolean {
  return exists(sys, '/run/systemd/system');
}
