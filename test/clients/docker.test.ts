/** Docker through docker-run.sh and its kin, in a VM as docs/docker.md makes it ready. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { WIRESERVER_ADDRESS } from '../../lab/model.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent } from './support/cgroups.ts';
import { clientVm, closeClients } from './support/client-vm.ts';
import { Dockerd, SERVER_IMAGE } from './support/dockerd.ts';
import { IMAGE, WHO } from './support/image.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  both,
  type ClientPod,
  HOST_PORT,
  POD_PORT,
  placeAsker,
  sceneQuestions,
  serveOnNode,
} from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const PORTS = ['tcp', 'udp'].flatMap((protocol) => ['-p', `${HOST_PORT}:${POD_PORT}/${protocol}`]);
const SERVE_NEXT = ['--', WHO, 'serve', 'next', String(POD_PORT)];
const RECORDS = '/var/lib/azure-vnet/docker';
/** Where docker is looked for first. */
const PREFERRED = '/usr/local/sbin';
/** In front of docker: tells of a container `third` when it has ended. */
const INSPECT_WHEN_ENDED = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$1" != inspect ] || docker wait third > /run/ended
exec docker "$@"
`;

describe('Docker, with the conflist of the page', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let otherVm: Vm;
  let docker: Dockerd;
  let clean: Traces;
  let web: ClientPod;
  let next: ClientPod;

  /** Everything around the two containers. */
  const assertReach = async () => {
    assertFromPool(vm, [web.address, next.address]);
    await assertAnswers(await sceneQuestions({ lab, vm, otherVm, pods: [web, next] }));
    await assertNothingDropped(lab);
  };
  /** A run that fails with one line, after which docker has the containers that it had. */
  const assertRefused = async (said: RegExp, ...words: readonly string[]) => {
    const containers = await docker.must('docker', 'ps', '--all', '--quiet');
    const { status, stdout, stderr } = await docker.run('docker-run.sh', ...words);
    assert.deepEqual([status, stdout], [1, ''], stderr);
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes(': pulling '));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0] ?? '', said);
    assert.equal(await docker.must('docker', 'ps', '--all', '--quiet'), containers);
  };
  /** Nothing beside what belongs to the containers of these names. */
  const assertOnly = async (...names: readonly string[]) => {
    const rows = await docker.list();
    assert.deepEqual(
      rows.map(({ name, state }) => `${name} ${state}`),
      names.map((name) => `${name} attached`),
    );
    assert.deepEqual(readdirSync(vm.path(RECORDS)).sort(), rows.map(({ id }) => id).sort());
    assert.equal(
      await docker.must('azure-vnet', 'gc', '--runtime', 'docker', '--dry-run'),
      'Nothing to remove.\n',
    );
    assert.equal(await docker.must('azure-vnet', 'docker', 'repair', '--dry-run'), 'Nothing to do.\n');
  };

  before(async () => {
    lab = await Lab.create();
    vm = await clientVm(lab, { secondaries: 3 });
    otherVm = await lab.addVm({ secondaries: 1 });
    // As a VM in Azure starts: Docker then turns it on, and sets the policy of chain FORWARD to DROP.
    await vm.mustExec(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=0']);
    docker = await Dockerd.start(vm, cgroupParent(lab));
    assert.match(await vm.mustExec(['iptables', '-S', 'FORWARD']), /^-P FORWARD DROP$/m);
    await serveOnNode(vm);
    clean = await steadyTraces(vm);
  });
  after(() => closeClients(lab));

  test('docker-run.sh gives containers addresses of the pool, the command of the image or another', async () => {
    web = await docker.runContainer('web', 'default', SERVER_IMAGE, ...PORTS);
    next = await docker.runContainer('next', 'default', IMAGE, ...SERVE_NEXT);
    assertFromPool(vm, [web.address, next.address]);
    const hostname = (
      await docker.must('docker', 'inspect', '--format', '{{.Config.Hostname}}', 'web')
    ).trim();
    assert.match(await docker.file('web', 'HostsPath'), new RegExp(`^${web.address}\t${hostname} `, 'm'));
    assert.match(
      await docker.file('web', 'ResolvConfPath'),
      new RegExp(`^nameserver ${WIRESERVER_ADDRESS}$`, 'm'),
    );
    const status = await docker.must('azure-vnet', 'status');
    assert.match(status, /default\/web/);
    assert.match(status, /No problems/);
  });

  test('everything that should be is reached, over TCP and UDP, ports of the node too', () => assertReach());

  test('the probe of a load balancer is seen from 168.63.129.16 and answered', async () => {
    const answer = { healthy: true, seen: `200 web ${WIRESERVER_ADDRESS}` };
    const { address } = web;
    assert.deepEqual(await lab.probe({ protocol: 'http', address, port: POD_PORT }), answer);
    const byHostPort = { address: vm.nic().primary, port: HOST_PORT };
    assert.deepEqual(await lab.probe({ protocol: 'http', ...byHostPort }), answer);
    const { healthy } = await lab.probe({ protocol: 'tcp', address, port: POD_PORT });
    assert.equal(healthy, true);
    const closed = await lab.probe({ protocol: 'tcp', address, port: POD_PORT + 1 });
    assert.deepEqual(closed, { healthy: false, seen: 'ECONNREFUSED' });
    await assertNothingDropped(lab);
  });

  test('azure-vnet gc --runtime docker knows the attachments, and nothing is to be repaired', () =>
    assertOnly('next', 'web'));

  test('a run that fails leaves nothing and says why in one line', async () => {
    const third = ['third', 'default'] as const;
    await assertRefused(/The container name "\/web" is already in use/, 'web', 'default', IMAGE);
    await assertRefused(
      /: the image cannot be pulled: .*connection refused/,
      ...third,
      'localhost:1/missing:1',
    );
    const byWeb = `: third: port ${HOST_PORT}/tcp is taken by container web in namespace default$`;
    await assertRefused(new RegExp(byWeb), ...third, IMAGE, ...PORTS);
    const byNode = `: third: port ${POD_PORT}/udp is taken: a program of the node waits on it, on all addresses`;
    await assertRefused(new RegExp(byNode), ...third, IMAGE, '-p', `${POD_PORT}:80/udp`);
    await assertRefused(/\/bin\/none: no such file/, ...third, IMAGE, '--', '/bin/none');
    const ended = /: third: the container ended at once, with status 2: who serve NAME PORT/;
    // Docker is asked when the container has ended: else a busy machine might end it after the last question.
    await vm.mustExec(['mount', '-t', 'tmpfs', 'tmpfs', PREFERRED]);
    writeFileSync(vm.path(`${PREFERRED}/docker`), INSPECT_WHEN_ENDED, { mode: 0o755 });
    await assertRefused(ended, ...third, IMAGE, '--', WHO, 'nonsense');
    await vm.mustExec(['umount', PREFERRED]);
    await docker.must('docker-run.sh', ...third, IMAGE);
    await assertRefused(
      /: fourth: ADD by azure-vnet failed: No available addresses/i,
      'fourth',
      'default',
      IMAGE,
    );
    await docker.must('docker-del.sh', ...third);
    await assertOnly('next', 'web');
  });

  test('both scripts answer wrong words with their usage and status 1, in dash and bash', async () => {
    for (const shell of ['dash', 'bash']) {
      for (const [script, words] of [
        ['docker-run.sh', []],
        ['docker-run.sh', ['a', 'b']],
        ['docker-run.sh', ['third', 'default', IMAGE, 'more']],
        ['docker-run.sh', ['th ird', 'default', IMAGE]],
        ['docker-run.sh', ['third', 'def;ault', IMAGE]],
        ['docker-run.sh', ['third', 'default', '--privileged']],
        ['docker-run.sh', ['third', 'default', IMAGE, '-p', '80']],
        ['docker-del.sh', ['web']],
        ['docker-del.sh', ['web', 'default', 'more']],
        ['docker-del.sh', ['w"eb', 'default']],
      ] as const) {
        const { status, stdout } = await docker.run(shell, `/opt/cni/bin/${script}`, ...words);
        assert.equal(status, 1, `${script} ${words.join(' ')}`);
        assert.match(stdout, new RegExp(`^Usage: ${script} <container-name> <container-namespace>`));
      }
      assert.match(await docker.must(shell, '/opt/cni/bin/docker-run.sh', '--help'), /^Usage: /);
    }
    assert.deepEqual(
      (await docker.list()).map(({ name }) => name),
      ['next', 'web'],
    );
  });

  test('azure-vnet docker repair attaches a container that was restarted, with its address and ports', async () => {
    const { address } = web;
    await docker.must('docker', 'restart', '--time', '0', 'web');
    assert.equal((await docker.listed('web')).state, 'detached');
    assert.equal((await docker.run('azure-vnet', 'docker', 'list')).status, 1);
    const said = await docker.must('azure-vnet', 'docker', 'repair');
    assert.equal(said, `attached web (default) with ${address}: it has started again\n`);
    web = await docker.pod('web');
    assert.equal(web.address, address);
    await assertReach();
  });

  test('docker-watch.sh follows restarts, stops, removals and containers with the label', async () => {
    await docker.whileWatched(async () => {
      await docker.must('docker', 'restart', '--time', '0', 'web');
      await docker.until('web is attached again', async () => {
        const { state, addresses } = await docker.listed('web');
        return state === 'attached' && addresses[0] === web.address;
      });
      const labels = ['--label', 'azure-vnet.namespace=shop'];
      await docker.must('docker', 'run', '--detach', '--name', 'own', '--network', 'none', ...labels, IMAGE);
      await docker.until('own is attached', async () => (await docker.listed('own')).state === 'attached');
      await docker.must('docker', 'stop', '--time', '0', 'next');
      await docker.until('next is released', async () => (await docker.listed('next')).state === 'stopped');
      await docker.must('docker', 'rm', '--force', 'own');
      await docker.until('own is forgotten', async () => (await docker.list()).length === 2);
      await docker.must('docker', 'start', 'next');
      await docker.until('next is attached', async () => (await docker.listed('next')).state === 'attached');
      next = await docker.pod('next');
    });
    const from = await placeAsker(otherVm);
    const answer = `web ${vm.nic().primary}`;
    await assertAnswers(both({ from, to: 'web', address: vm.nic().primary, port: HOST_PORT, answer }));
  });

  test('of two runs for one port at the same time one wins, and the other leaves nothing', async () => {
    await docker.must('docker-del.sh', 'next', 'default');
    const runs = await Promise.all(
      ['a1', 'b1'].map((name) => docker.run('docker-run.sh', name, 'default', IMAGE, '-p', '9000:9000')),
    );
    assert.deepEqual(
      runs.map(({ status }) => status).sort(),
      [0, 1],
      runs.map(({ stderr }) => stderr).join(),
    );
    assert.match(runs.map(({ stderr }) => stderr).join(''), /port 9000\/tcp is taken by container [ab]1/);
    const left = (await docker.list()).filter(({ name }) => name !== 'web');
    assert.equal(left.length, 1);
    await docker.must('docker-del.sh', left[0]?.name ?? '', 'default');
    next = await docker.runContainer('next', 'default', IMAGE, ...SERVE_NEXT);
  });

  test('azure-vnet gc takes the ports back as well, of a container that was removed past us', async () => {
    await docker.must('docker-run.sh', 'past', 'default', IMAGE, '-p', '9001:80');
    await docker.must('docker', 'rm', '--force', 'past');
    assert.match(await docker.must('iptables-save', '-t', 'nat'), /--dport 9001 /);
    assert.match(await docker.must('azure-vnet', 'gc', '--runtime', 'docker'), /^removed .*default\/past/);
    assert.doesNotMatch(await docker.must('iptables-save', '-t', 'nat'), /9001/);
    assert.match(await docker.must('azure-vnet', 'docker', 'repair'), /^forgot past \(default\)/);
    await assertOnly('next', 'web');
  });

  test('after a start of the machine containers get their addresses again', async () => {
    await docker.must('docker', 'update', '--restart', 'always', 'web', 'next');
    const wanted = { web: web.address, next: next.address };
    await docker.stop();
    await docker.must('azure-vnet', 'uninstall', '--force');
    assert.equal(existsSync(vm.path('/run/azure-vnet')), false);
    await docker.start();
    await docker.until('both run', async () =>
      (await docker.list()).every(({ status }) => status === 'running'),
    );
    await docker.must('azure-vnet', 'docker', 'repair');
    [web, next] = [await docker.pod('web'), await docker.pod('next')];
    assert.deepEqual({ web: web.address, next: next.address }, wanted);
    await assertReach();
  });

  test('docker-del.sh leaves nothing, also when the container is gone already, and once more is fine', async () => {
    const wrong = await docker.run('docker-del.sh', 'web', 'other');
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /web: the container is in namespace default, not in other/);
    await docker.must('docker-del.sh', 'web', 'default');
    await docker.must('docker', 'rm', '--force', 'next');
    assert.match(
      await docker.must('azure-vnet', 'gc', '--runtime', 'docker', '--dry-run'),
      /^would remove .*default\/next/,
    );
    await docker.must('docker-del.sh', 'next', 'default');
    for (const name of ['web', 'next']) {
      assert.match(await docker.must('docker-del.sh', name, 'default'), /nothing to remove/);
    }
    assert.deepEqual(readdirSync(vm.path(RECORDS)), []);
    await assertNoTraces(vm, clean);
    const { healthy } = await lab.probe({ protocol: 'tcp', address: web.address, port: POD_PORT });
    assert.equal(healthy, false, 'a load balancer leaves the address alone');
  });
});
