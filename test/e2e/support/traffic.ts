/** Traffic between places of the lab, and the fabric's verdict on it. */
import assert from 'node:assert/strict';
import { DEFECT_KINDS } from '../../../lab/fabric/counters.ts';
import type { Lab } from '../../../lab/lab.ts';

/** Whoever answers does so at once, but on a machine that pauses; a request or an answer that is lost does not come. */
export const ANSWER_LIMIT_S = 15;
/** retrans_time_ms of a neighbour table. */
const ARP_RETRY_MS = 1000;

/** A place in which programs can be run. */
export interface Place {
  exec(argv: readonly string[]): Promise<{
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

/** An answer to the one echo request that is sent, with `bytes` of IP packet when given (not fragmented). */
export async function assertAnswered(place: Place, target: string, bytes?: number): Promise<void> {
  const { status, stdout, stderr } = await place.exec(pingArgv(target, ANSWER_LIMIT_S, bytes));
  assert.equal(status, 0, `${target} answers: ${stdout}${stderr}`);
}

/** No answer within half a second. */
export async function assertSilent(place: Place, target: string): Promise<void> {
  const { status, stdout } = await place.exec(pingArgv(target, 0.5));
  assert.equal(status, 1, `${target} does not answer: ${stdout}`);
}

/** The body of the answer to GET. */
export async function get(place: Place, url: string): Promise<string> {
  // timeout(1): the static busybox crashes in its own -T.
  const { status, stdout, stderr } = await place.exec(['timeout', '30', 'busybox', 'wget', '-qO-', url]);
  assert.equal(status, 0, `GET ${url}: ${stderr}`);
  return stdout.trim();
}

export interface Pings {
  readonly sent: number;
  readonly received: number;
  /** The longest that an answer took; 0 when there was none. */
  readonly slowestMs: number;
}

/** `count` pings, 5 ms apart. */
export async function pingsEvery5Ms(place: Place, target: string, count: number): Promise<Pings> {
  const { stdout } = await place.exec([
    'ping',
    '-n',
    '-q',
    '-i',
    '0.005',
    '-c',
    String(count),
    '-W',
    '1',
    target,
  ]);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  const [, slowestMs = 0] = /^rtt [^=]*= [\d.]+\/[\d.]+\/([\d.]+)\//m.exec(stdout) ?? [];
  return { sent: Number(sent), received: Number(received), slowestMs: Number(slowestMs) };
}

/** What is wrong with pings of which `most` may be lost. */
export function lost(what: string, { sent, received }: Pings, count: number, most = 0): string[] {
  assert.equal(sent, count, `pings ${what}`);
  return sent - received <= most ? [] : [`${sent - received} of ${sent} pings ${what} were lost`];
}

/** What is wrong with pings none of which may have waited for ARP to ask a second time, after a second. */
export function slow(what: string, { slowestMs }: Pings): string[] {
  return slowestMs < ARP_RETRY_MS / 2 ? [] : [`a ping ${what} took ${slowestMs} ms`];
}

/** Nothing that a VM sent so far was such that Azure would have dropped it. */
export async function assertNothingDropped(lab: Lab): Promise<void> {
  const { ports } = await lab.counters();
  const dropped = Object.entries(ports).flatMap(([port, counts]) =>
    DEFECT_KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${port} ${kind} ${counts[kind]}`),
  );
  assert.deepEqual(dropped, [], 'frames that the fabric dropped');
}

function pingArgv(target: string, waitS: number, bytes?: number): string[] {
  // 20 bytes of IP header and 8 of ICMP are not counted by -s.
  const size = bytes === undefined ? [] : ['-M', 'do', '-s', String(bytes - 28)];
  return ['ping', '-n', '-c', '1', '-W', String(waitS), ...size, target];
}
