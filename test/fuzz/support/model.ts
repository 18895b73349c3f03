/**
 * What a node must be after any history of calls, in a few lines: a map from containers to addresses. It is
 * compared with everything the machine in memory has: leases, records, links, elements.
 */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/cni/types.ts';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { parseIpv4 } from '../../../src/net/ipv4.ts';
import { STATE_ROOT } from '../../../src/state/paths.ts';
import type { FuzzCall } from './calls.ts';
import { ADDRESSES, FuzzMachine } from './machine.ts';
import type { Random } from './random.ts';

/** More than there are addresses, so that the pool runs dry now and then. */
const CONTAINERS = ADDRESSES.length + 2;
/** A call of any kind makes fewer calls of Sys. */
const MAX_KILL_POINT = 300;
const POOL_EXHAUSTED = 11;

export class ModelledMachine {
  readonly #machine = new FuzzMachine(CONTAINERS);
  /** Container → its address, and the result of its ADD. */
  readonly #attached = new Map<string, { readonly address: string; readonly result: JsonObject }>();

  /** One random operation, and a look at everything; the name of the operation. */
  step(random: Random): string {
    this.#machine.world.nowMs += random.pick([1, 20, 400, 3000, 40_000]);
    if (random.oneIn(3)) this.#machine.endChildren();
    const container = `c${random.below(CONTAINERS)}`;
    const operation = random.weighted({ add: 8, del: 6, check: 3, gc: 1, status: 1, version: 1, killed: 3 });
    this[operation](container, random);
    this.#compare();
    return operation;
  }

  /** Ends everything: nothing may be left. */
  end(): void {
    for (const container of [...this.#attached.keys()]) this.del(container);
    this.#machine.endChildren();
    this.#compare();
    assert.deepEqual(this.#machine.kernel.hostVeths, []);
  }

  private add(container: string): void {
    const { status, document } = this.#run('ADD', container);
    const before = this.#attached.get(container);
    if (status !== 0) {
      assert.equal(document?.code, POOL_EXHAUSTED, JSON.stringify(document));
      assert.equal(this.#attached.size, ADDRESSES.length, 'only a pool that is exhausted refuses');
      assert.equal(before, undefined);
      return;
    }
    const [ip] = (document?.ips ?? []) as { address: string }[];
    const address = ip?.address.replace(/\/.*/, '') ?? '';
    assert.ok(ADDRESSES.includes(address), `${address} is in the pool`);
    for (const [other, { address: taken }] of this.#attached) {
      assert.equal(taken === address, other === container, `${address} is that of ${other}`);
    }
    this.#attached.set(container, { address, result: document ?? {} });
  }

  private del(container: string): void {
    assert.deepEqual(this.#run('DEL', container), { status: 0, document: undefined });
    this.#attached.delete(container);
  }

  private check(container: string): void {
    const attached = this.#attached.get(container);
    const { status } = this.#run('CHECK', container, attached && { prevResult: attached.result });
    assert.equal(status === 0, attached !== undefined, `CHECK of ${container}`);
  }

  /** Keeps a random part of the attachments. */
  private gc(_: string, random: Random): void {
    const valid = [...this.#attached.keys()].filter(() => !random.oneIn(4));
    const attachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }));
    const ran = this.#run('GC', '', { 'cni.dev/valid-attachments': attachments });
    assert.deepEqual(ran, { status: 0, document: undefined });
    for (const container of [...this.#attached.keys()]) {
      if (!valid.includes(container)) this.#attached.delete(container);
    }
  }

  private status(): void {
    const { status } = this.#run('STATUS', '');
    if (this.#attached.size < ADDRESSES.length) assert.equal(status, 0);
  }

  private version(): void {
    assert.equal(this.#run('VERSION', '').status, 0);
  }

  /** An ADD or DEL that is killed, and the DEL that a runtime makes then. */
  private killed(container: string, random: Random): void {
    const command = this.#attached.has(container) ? 'DEL' : 'ADD';
    this.#machine.kill(callOf(command, container), 1 + random.below(MAX_KILL_POINT));
    this.del(container);
  }

  #run(command: string, container: string, more: JsonObject = {}) {
    const { status, stdout, exception } = this.#machine.run(callOf(command, container, more));
    assert.equal(exception, undefined);
    const document = stdout === '' ? undefined : (JSON.parse(stdout) as JsonObject);
    return { status, document };
  }

  /** Everything that the machine has, against the map. */
  #compare(): void {
    const { world, nft, kernel } = this.#machine;
    const wanted = [...this.#attached].map(([container, { address }]) => [container, address] as const);
    const leased = world.list(LEASES_DIR).filter((name) => !name.startsWith('~'));
    assert.deepEqual(
      leased.sort(),
      wanted.map(([container, address]) => `${address}@${container}@eth0`).sort(),
      'leases',
    );
    const records = world.list(`${STATE_ROOT}/endpoints`);
    assert.deepEqual(
      records.sort(),
      wanted.map(([container]) => `azure@${container}@eth0`).sort(),
      'records',
    );
    const keys = wanted.map(([, address]) => (parseIpv4(address) ?? 0).toString(16).padStart(8, '0'));
    assert.deepEqual(nft.exists ? nft.keys('pod_macs').sort() : [], keys.sort(), 'elements');
    const pending = world
      .list(`${STATE_ROOT}/pending`)
      .map((name) => hostVethIn(world.read(`${STATE_ROOT}/pending/${name}`)));
    const live = kernel.hostVeths.filter((name) => !pending.includes(name));
    assert.equal(live.length, wanted.length, `host veths ${live.join()}`);
    // In memory there is no /proc that tells which process a file in tmp/ is of.
    for (const directory of ['journal', 'quarantine']) {
      assert.deepEqual(world.list(`${STATE_ROOT}/${directory}`), [], directory);
    }
  }
}

function hostVethIn(record: string): string {
  return (JSON.parse(record) as { hostVeth: string }).hostVeth;
}

function callOf(command: string, container: string, more: JsonObject = {}): FuzzCall {
  const config = {
    cniVersion: '1.1.0',
    name: 'azure',
    type: 'azure-vnet',
    bridge: 'azure0',
    ipam: { type: 'azure-vnet-ipam' },
    ...more,
  };
  const attachment = { CNI_CONTAINERID: container, CNI_NETNS: `/run/netns/${container}`, CNI_IFNAME: 'eth0' };
  return {
    plugin: 'azure-vnet',
    env: { CNI_COMMAND: command, CNI_PATH: '/opt/cni/bin', ...(container === '' ? {} : attachment) },
    stdin: new TextEncoder().encode(JSON.stringify(config)),
  };
}
