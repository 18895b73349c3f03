/** cnitool: every operation, through libcni 1.3, at every version of the specification that has a conflist. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { checkOrRenew } from '../e2e/support/renew.ts';
import { leases } from '../e2e/support/state.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { clientVm, closeClients, PLUGINS, writeConflist } from './support/client-vm.ts';
import { CniTool } from './support/cnitool.ts';
import { pageConflist } from './support/conflist.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  HOST_PORT,
  POD_PORT,
  sceneQuestions,
  serveOnNode,
} from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? CniTool.missing : 'needs root';

const PORTS = ['tcp', 'udp'].map((protocol) => ({ hostPort: HOST_PORT, containerPort: POD_PORT, protocol }));

describe('cnitool', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let otherVm: Vm;
  let cnitool: CniTool;
  let clean: Traces;

  before(async () => {
    lab = await Lab.create();
    otherVm = await lab.addVm({ secondaries: 1 });
    await start();
  });
  const start = async () => {
    vm = await clientVm(lab, { secondaries: 3 });
    cnitool = new CniTool(vm);
    await serveOnNode(vm);
    clean = await steadyTraces(vm);
  };
  after(() => closeClients(lab));
  afterEach(() => checkOrRenew(() => assertNoTraces(vm, clean), start));

  test('a conflist of 1.1.0 is refused by the portmap of Debian, and nobody else', async () => {
    writeConflist(vm, pageConflist('1.1.0'));
    await vm.addNetns('web');
    const refused = /plugin type="portmap" failed \((add|delete)\): incompatible CNI versions/;
    for (const operation of ['add', 'del'] as const) {
      const { status, stderr } = await cnitool.run(operation, 'web', PORTS);
      assert.equal(status, 1);
      assert.match(stderr, refused);
    }
    assert.equal(leases(vm).length, 1, 'libcni stops at the first DEL that fails, which is that of portmap');
    cnitool.installNewerPortmap();
    await cnitool.must('del', 'web', PORTS);
    await vm.mustExec(['ip', 'netns', 'delete', 'web']);
  });

  for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
    test(`with a conflist of ${version}: add, check, reach, del, del again`, async () => {
      writeConflist(vm, pageConflist(version));
      const web = await cnitool.serve('web', PORTS);
      const next = await cnitool.serve('next');
      assert.equal(web.result.cniVersion, version);
      assertFromPool(vm, [web.address, next.address]);
      const check = await cnitool.run('check', 'web', PORTS);
      if (version >= '0.4.0') assert.equal(check.status, 0, check.stderr);
      else assert.match(check.stderr, /configuration version "0.3.." does not support the CHECK command/);
      await cnitool.must('status');
      await assertAnswers(await sceneQuestions({ lab, vm, otherVm, pods: [web, next] }));
      await assertNothingDropped(lab);
      for (const _ of ['once', 'again']) {
        await cnitool.must('del', 'web', PORTS);
        await cnitool.must('del', 'next');
      }
      for (const each of [web, next]) await each.remove();
    });
  }

  test('check sees what is damaged', async () => {
    writeConflist(vm, pageConflist('1.1.0'));
    const web = await cnitool.serve('web', PORTS);
    await vm.mustExec(['ip', '-n', 'web', 'route', 'delete', 'default']);
    const { status, stderr } = await cnitool.run('check', 'web', PORTS);
    assert.equal(status, 1);
    assert.match(stderr, /route/);
    await cnitool.must('del', 'web', PORTS);
    await web.remove();
  });

  test('del of a namespace that is gone, and of one that was never there', async () => {
    const web = await cnitool.serve('web', PORTS);
    await web.remove();
    await cnitool.must('del', 'web', PORTS);
    await cnitool.must('del', 'never');
  });

  test('gc removes what nobody names, also what libcni has no record of', async () => {
    const web = await cnitool.serve('web', PORTS);
    const next = await cnitool.serve('next');
    // libcni calls DEL for attachments that it remembers, and leaves the others to the plugin's GC.
    const owner = leases(vm).find(({ address }) => address === next.address)?.owner ?? '';
    await vm.mustExec(['rm', `/var/lib/cni/results/azure-${owner.replace('@', '-')}`]);
    await cnitool.must('gc');
    assert.deepEqual(leases(vm), []);
    for (const each of [web, next]) await each.remove();
  });

  test('status fails when the pool is used up', async () => {
    const pods = [await cnitool.serve('web'), await cnitool.serve('next'), await cnitool.serve('last')];
    const { status, stderr } = await cnitool.run('status');
    assert.equal(status, 1);
    assert.match(stderr, /No available addresses/);
    const doctor = await vm.exec([`${PLUGINS}/azure-vnet`, 'doctor', '--max-pods', '3']);
    assert.match(doctor.stdout, /POOL_FULL_NOT_READY/, 'containerd 2 takes the node for not ready then');
    for (const pod of pods) {
      await cnitool.must('del', pod.name);
      await pod.remove();
    }
    await cnitool.must('status');
  });
});
