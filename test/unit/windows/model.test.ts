import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { addressOf, WindowsMachine } from './machine.ts';

/** Containers with a namespace and without; two names in HNS are the same. */
const CONTAINERS = [
  { id: 'c0ffee1200000001', netns: 'aaaaaaaa-0000-4000-8000-000000000001' },
  { id: 'c0ffee1200000002', netns: 'aaaaaaaa-0000-4000-8000-000000000002' },
  { id: 'deadbeef00000003', netns: 'none' },
  { id: 'feedface00000004', netns: 'none' },
] as const;

type Step =
  | { readonly kind: 'ADD' | 'DEL'; readonly who: number; readonly killAt: number; readonly fault: number }
  | { readonly kind: 'GC'; readonly killAt: number }
  | { readonly kind: 'lose endpoint' | 'lose record' | 'end'; readonly who: number }
  | { readonly kind: 'reboot' };

const who = fc.nat({ max: CONTAINERS.length - 1 });
const killAt = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 90 }) },
);
const fault = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ADD' as const), who, killAt, fault }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('DEL' as const), who, killAt, fault }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('GC' as const), killAt }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('lose endpoint' as const, 'lose record' as const, 'end' as const),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reboot' as const }) },
);

/** What containers were told: the address of each that runs. */
class Machine {
  readonly vm = new WindowsMachine();
  readonly told = new Map<number, string>();
  /** Their records are lost. */
  readonly #unrecorded = new Set<number>();
  #boots = 0;

  constructor() {
    this.vm.addresses = ['10.240.0.5', '10.240.0.6', '10.240.0.7', '10.240.0.8'];
    this.#start();
  }

  #start(): void {
    for (const { id, netns } of CONTAINERS) {
      if (netns === 'none') this.vm.hns.containers.add(id);
      else this.vm.hns.namespaces.add(netns);
    }
  }

  do(step: Step): void {
    const { vm } = this;
    if (step.kind === 'reboot') {
      // Nothing runs any more, and HNS knows nothing attached.
      vm.boot = `boot ${++this.#boots}`;
      this.told.clear();
      vm.hns.namespaces.clear();
      for (const { attachedTo } of vm.hns.endpoints) attachedTo.clear();
      this.#start();
    } else if (step.kind === 'GC') {
      const valid = CONTAINERS.flatMap(({ id }, i) =>
        this.told.has(i) ? [{ containerID: id, ifname: 'eth0' }] : [],
      );
      const config = { 'cni.dev/valid-attachments': valid };
      vm.runOrDie({ command: 'GC', config, process: killed(step.killAt) });
    } else if (step.kind === 'ADD' || step.kind === 'DEL') this.#call(step);
    else this.#lose(step.kind, step.who);
  }

  #call({ kind, who: index, killAt: at, fault: number }: Extract<Step, { kind: 'ADD' | 'DEL' }>): void {
    const { vm } = this;
    const { id, netns } = CONTAINERS[index] ?? assert.fail();
    let calls = 0;
    vm.hns.fault = () =>
      ++calls === number ? (number % 2 === 0 ? 'late' : { errorAfter: 'injected' }) : undefined;
    const answer = vm.runOrDie({ command: kind, container: id, netns, process: killed(at) });
    vm.hns.fault = () => undefined;
    // An ADD anew is of another endpoint when nothing tells of the first one.
    const isDone = answer !== 'killed' && answer.status === 0;
    if (kind === 'DEL' || (!isDone && this.#unrecorded.has(index))) this.told.delete(index);
    if (!isDone || kind === 'DEL') return;
    const address = addressOf(answer);
    for (const [other, has] of this.told) {
      assert.ok(other === index || has !== address, `${address} is of containers ${other} and ${index}`);
    }
    this.told.set(index, address);
    this.#unrecorded.delete(index);
  }

  #lose(kind: 'lose endpoint' | 'lose record' | 'end', index: number): void {
    const { vm } = this;
    const { id } = CONTAINERS[index] ?? assert.fail();
    if (kind === 'lose record') {
      this.#unrecorded.add(index);
      const path = `/run/azure-vnet/endpoints/azure@${id}@eth0`;
      if (vm.world.exists(path)) vm.world.files.unlink(path);
    } else if (kind === 'lose endpoint') {
      const address = this.told.get(index)?.split('/')[0];
      const at = vm.hns.endpoints.findIndex((endpoint) => endpoint.address === address);
      if (at >= 0) vm.hns.endpoints.splice(at, 1);
      this.told.delete(index);
    } else this.told.delete(index);
  }

  /** The containers that were told an address have it: in HNS, attached, and leased. */
  check(): void {
    const { vm } = this;
    for (const [index, net] of this.told) {
      const address = net.split('/')[0] ?? '';
      const { id, netns } = CONTAINERS[index] ?? assert.fail();
      const endpoint = vm.hns.endpoints.find((one) => one.address === address);
      assert.ok(endpoint?.attachedTo.has(netns === 'none' ? id : netns), `${id} has lost ${address}`);
      assert.ok(vm.leased.includes(address), `${address} of ${id} is not leased`);
    }
  }

  end(): void {
    for (const { id, netns } of CONTAINERS) assert.equal(this.vm.del(id, netns).status, 0);
    assert.equal(this.vm.run({ command: 'GC' }).status, 0);
    assert.deepEqual(this.vm.remains, []);
  }
}

function killed(at: number) {
  return at === 0 ? {} : { killAt: at };
}

test('any sequence of calls, kills, refusals, losses and reboots: nobody gets what another has, nothing is left', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const machine = new Machine();
      for (const one of steps) {
        machine.do(one);
        machine.check();
      }
      machine.end();
    }),
    { numRuns: Number(process.env.AZURE_VNET_RUNS ?? 150) },
  );
});
