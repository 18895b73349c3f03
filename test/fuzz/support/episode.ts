/** One machine and a row of calls on it, with the world changing between them. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/cni/types.ts';
import { STATE_ROOT } from '../../../src/state/paths.ts';
import type { SpawnRequest, SpawnResult } from '../../../src/sys/sys.ts';
import { type FuzzCall, makeCall, type Scene } from './calls.ts';
import { hostileValue } from './hostile.ts';
import { exited, type Faults, FuzzMachine, type Ran, WIRESERVER_XML } from './machine.ts';
import { mutateText, mutateValue, utf8 } from './mutate.ts';
import type { Random } from './random.ts';
import { codeOf, codeRequired, FOREIGN, isRefusal } from './verdict.ts';

/** DELEGATE_TIMEOUT_MS, the wireserver and the lock together. */
const MAX_WAIT_MS = 120_000;

/** Makes `count` calls; `report` gets the summary of each. Throws for the first that is answered wrongly. */
export function runEpisode(random: Random, count: number, report: (summary: string) => void): void {
  const machine = new FuzzMachine();
  for (let i = 0; i < count; i++) {
    const call = makeCall(random, machine.scene);
    const faults = makeFaults(random);
    disturb(random, machine);
    machine.ipam = (request) => foreignIpam(random, request);
    const ran = machine.run(call, faults);
    report(judge(call, faults, ran));
    if (ran.status !== 0) continue;
    rememberAttachment(machine.scene, call, ran.stdout);
    if (call.env.CNI_COMMAND !== 'ADD' || !random.oneIn(3)) continue;
    // As runtimes do, and before the world changes: most of the others find something changed.
    const check = checkAfter(call, ran.stdout);
    report(judge(check, NO_FAULTS, machine.run(check, NO_FAULTS)));
  }
}

/** CHECK of what this ADD has answered. */
function checkAfter({ plugin, env, stdin }: FuzzCall, result: string): FuzzCall {
  const config = { ...objectOf(Buffer.from(stdin).toString()), prevResult: objectOf(result) };
  return { plugin, env: { ...env, CNI_COMMAND: 'CHECK' }, stdin: utf8(JSON.stringify(config)) };
}

/** A summary such as `ADD code 7`. */
function judge(call: FuzzCall, faults: Faults, ran: Ran): string {
  try {
    assert.equal(ran.exception, undefined);
    const code = codeOf(call, ran);
    const required = codeRequired(call);
    if (required !== undefined && faults.at === 0) assert.equal(code, required, 'the code that is required');
    // A look into the namespace is no change, where a fault made our own IPAM another one for a moment.
    const changes = ran.changes.filter((change) => faults.at === 0 || !change.startsWith('setNetns'));
    if (isRefusal(code) && !ran.delegated) assert.deepEqual(changes, [], 'a refused call changes nothing');
    assert.ok(ran.waitedMs <= MAX_WAIT_MS, `waited ${ran.waitedMs} ms`);
    const { CNI_COMMAND: command = '' } = call.env;
    const known = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'].includes(command) ? command : 'other';
    return `${known} ${code === 0 ? 'ok' : `code ${code}`}`;
  } catch (error) {
    const stdin = Buffer.from(call.stdin).toString('latin1').slice(0, 4000);
    const shown = {
      plugin: call.plugin,
      env: call.env,
      stdin,
      faults,
      stdout: ran.stdout.slice(0, 4000),
      changes: ran.changes,
    };
    throw new Error(`A call was answered wrongly:\n${JSON.stringify(shown, null, 2)}`, { cause: error });
  }
}

/** What later calls are about: call it for each that has succeeded. */
export function rememberAttachment({ attached }: Scene, call: FuzzCall, stdout: string): void {
  const { CNI_COMMAND: command, CNI_CONTAINERID: containerId = '', CNI_IFNAME: ifname = '' } = call.env;
  if (call.plugin !== 'azure-vnet') return;
  if (command === 'DEL') attached.delete(containerId);
  if (command !== 'ADD') return;
  attached.set(containerId, { ifname, network: networkOf(call), result: objectOf(stdout) });
}

/** Empty for what is not a configuration. */
function networkOf({ stdin }: FuzzCall): string {
  const { name } = objectOf(Buffer.from(stdin).toString());
  return typeof name === 'string' ? name : '';
}

/** One call in twelve meets a system that refuses something. */
function makeFaults(random: Random): Faults {
  if (!random.oneIn(12)) return NO_FAULTS;
  return { at: 1 + random.below(random.pick([10, 60, 150])), errno: random.pick(ERRNOS) };
}

const NO_FAULTS: Faults = { at: 0, errno: '' };

const ERRNOS = [
  'EIO',
  'ENOSPC',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENOMEM',
  'EROFS',
  'ENOBUFS',
  'ENOENT',
  'EINTR',
] as const;

/** EPERM, ENOENT, EEXIST, ENODEV, EINVAL, ENOBUFS, and one without a name. */
const KERNEL_ERRNOS = [1, 2, 17, 19, 22, 105, 4000] as const;

/** What other programs, people and time do between two calls. */
function disturb(random: Random, machine: FuzzMachine): void {
  const { world } = machine;
  world.nowMs += random.pick([1, 100, 3000, 60_000]);
  machine.kernel.refusal = random.oneIn(10)
    ? { after: random.below(20), errno: random.pick(KERNEL_ERRNOS) }
    : undefined;
  machine.nft.refuseAll = random.oneIn(20) ? random.pick(KERNEL_ERRNOS) : undefined;
  if (random.oneIn(2)) machine.endChildren();
  if (!random.oneIn(6)) return;
  switch (random.below(5)) {
    case 0:
      machine.answerWith(random.oneIn(3) ? undefined : mutateText(random, WIRESERVER_XML));
      break;
    case 1:
      machine.answerWith(WIRESERVER_XML);
      break;
    case 2:
      machine.nft.flush();
      break;
    case 3:
      for (const name of machine.kernel.hostVeths.slice(0, 1)) machine.kernel.deleteLink(name);
      break;
    default:
      damageRecord(random, machine);
  }
}

/** Changes one file of the state. */
function damageRecord(random: Random, { world }: FuzzMachine): void {
  const directories = ['networks', 'endpoints', 'hosts', 'journal', 'ipam/leases', 'ipam/sources'];
  const files = directories.flatMap((directory) => {
    const path = `${STATE_ROOT}/${directory}`;
    return world.list(path).map((name) => `${path}/${name}`);
  });
  if (files.length === 0) return;
  const path = random.pick(files);
  const text = world.read(path);
  if (random.oneIn(4)) world.files.unlink(path);
  else if (random.oneIn(2)) world.write(path, mutateText(random, text));
  else world.write(path, JSON.stringify(mutateValue(random, objectOf(text))));
}

/** An empty object for what is none, such as a record that was damaged before; deep ones cannot be written. */
function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    JSON.stringify(value);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

/** host-local, or what may stand in its place. */
function foreignIpam(random: Random, request: SpawnRequest): SpawnResult {
  const isAdd = request.env.CNI_COMMAND === 'ADD';
  const result = isAdd ? JSON.stringify(FOREIGN_RESULT) : '';
  switch (random.weighted({ good: 6, changed: 3, text: 2, error: 2, ending: 1 })) {
    case 'good':
      return exited(0, result);
    case 'changed':
      return exited(0, JSON.stringify(mutateValue(random, FOREIGN_RESULT)));
    case 'text':
      return exited(random.below(3), Buffer.from(mutateText(random, result)).toString());
    case 'error': {
      const code = random.oneIn(2) ? random.pick([1, 7, 11, 100, 999]) : hostileValue(random);
      return exited(
        1,
        JSON.stringify({ cniVersion: '1.1.0', code, msg: FOREIGN, details: hostileValue(random) }),
      );
    }
    default:
      return { ...exited(-1, result), signal: 9, timedOut: random.oneIn(2), truncated: random.oneIn(2) };
  }
}

const FOREIGN_RESULT: JsonObject = {
  cniVersion: '1.1.0',
  ips: [{ address: '10.240.0.12/16', gateway: '10.240.0.1' }],
  routes: [{ dst: '0.0.0.0/0' }],
  dns: {},
};
