/** What systemd-resolved knows of the NIC goes to the bridge. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { Container } from './support/container.ts';
import { logLines } from './support/state.ts';
import { assertAnswered } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const BARE = { conflist: null, secondaries: 4 } as const;

describe('Settings of systemd-resolved', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(() => lab.close());

  const servers = '168.63.129.16 10.0.0.10 10.0.0.11';

  test('all servers and domains of the NIC are set for the bridge', async () => {
    const vm = await lab.addVm(BARE);
    await runResolved(vm, { dns: servers, domain: 'x1.internal.cloudapp.net corp.example ~.' });
    await (await Container.create(vm, 'dns')).add();
    assert.deepEqual(resolvedCalls(vm), [
      'dns eth0',
      `dns azure0 ${servers}`,
      'domain eth0',
      'domain azure0 x1.internal.cloudapp.net corp.example ~.',
    ]);
    await (await Container.create(vm, 'dns2')).add();
    assert.equal(resolvedCalls(vm).length, 4, 'only once, when the bridge takes over');
  });

  test('servers without a domain are set, and no empty domain', async () => {
    const vm = await lab.addVm(BARE);
    await runResolved(vm, { dns: servers, domain: '' });
    await (await Container.create(vm, 'nodomain')).add();
    assert.deepEqual(resolvedCalls(vm), ['dns eth0', `dns azure0 ${servers}`, 'domain eth0']);
  });

  test('when they cannot be copied, the log says so and the network works', async () => {
    const vm = await lab.addVm(BARE);
    await runResolved(vm, { dns: servers, domain: '', refuses: 'azure0' });
    const container = await Container.create(vm, 'refused');
    await container.add();
    await assertAnswered(container, '10.240.0.1');
    const notes = logLines(vm).flatMap((line) => line.notes);
    const wanted =
      'warn: systemd-resolved: the dns settings of eth0 were not copied to azure0: Access denied';
    assert.ok(notes.includes(wanted), notes.join('\n'));
  });
});

/** A stand-in resolvectl that shows these settings for any link and notes each call. */
async function runResolved(
  vm: Vm,
  settings: { readonly dns: string; readonly domain: string; readonly refuses?: string },
): Promise<void> {
  mkdirSync(vm.path('/run/systemd/resolve'), { recursive: true });
  writeFileSync(vm.path('/run/systemd/resolve/resolv.conf'), 'nameserver 168.63.129.16\n');
  const program = [
    '#!/bin/sh',
    `echo "$*" >> ${RESOLVED_CALLS}`,
    `if [ "$2" = "${settings.refuses ?? ''}" ]; then echo "Access denied" >&2; exit 1; fi`,
    `case "$#$1" in`,
    `2dns) echo "Link 2 ($2): ${settings.dns}" ;;`,
    `2domain) echo "Link 2 ($2):${settings.domain === '' ? '' : ` ${settings.domain}`}" ;;`,
    'esac',
  ];
  mkdirSync(vm.path('/run/programs'));
  writeFileSync(vm.path('/run/programs/resolvectl'), `${program.join('\n')}\n`, { mode: 0o755 });
  // /usr/bin is the machine's: the stand-in lies on top of it in this VM only.
  await vm.mustExec([
    'mount',
    '-t',
    'overlay',
    '-o',
    'lowerdir=/run/programs:/usr/bin',
    'overlay',
    '/usr/bin',
  ]);
}

function resolvedCalls(vm: Vm): string[] {
  return readFileSync(vm.path(RESOLVED_CALLS), 'utf8').trim().split('\n');
}

const RESOLVED_CALLS = '/run/resolvectl.calls';
