/**
 * The executable: the calls of protocol.test.ts, and some at the limits of size, by real processes in two VMs
 * of the lab. None crashes, none hangs, each prints one document or nothing, and the refused leave no trace.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inside } from '../../lab/host/anchor.ts';
import { run } from '../../lab/host/run.ts';
import { Lab, type Vm } from '../../lab/lab.ts';
import { BUILT } from '../../scripts/build/paths.ts';
import { type DriveReport, SANDBOXES } from './support/drive.ts';
import { SEED } from './support/random.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/** The first VM has the calls at the limits as well, of which each takes longer. */
const SHARES = [
  { first: 0, count: 850 },
  { first: 850, count: 1150 },
] as const;
const CALLS = 2000;
/** How often the generator must have made a right call of each command at least. */
const MIN_RIGHT_CALLS = 5;
/** For one call on a busy machine; the slowest is one that waits two seconds for the wireserver. */
const MAX_CALL_MS = 20_000;
const DRIVE_TIMEOUT_MS = 600_000;
/** In the VM. */
const PLUGINS = '/run/cni';
const DRIVE = fileURLToPath(new URL('support/drive.ts', import.meta.url));

describe(`The executable (FUZZ_SEED=${SEED})`, { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(() => lab.close());

  test(`answers ${CALLS} right and wrong calls by the specification, the refused without a trace`, async () => {
    const reports = await Promise.all(SHARES.map(async (share) => drive(await makeVm(lab), share)));
    assert.deepEqual(
      reports.flatMap(({ failures }) => failures),
      [],
    );
    const sum = (of: (report: DriveReport) => number) =>
      reports.reduce((total, report) => total + of(report), 0);
    assert.ok(sum(({ calls }) => calls) >= CALLS);
    for (const command of ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']) {
      const right = sum(({ seen }) => seen[`${command} 0`] ?? 0);
      assert.ok(right >= MIN_RIGHT_CALLS, `${right} right calls of ${command}`);
    }
    const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
    assert.ok(slowestMs <= MAX_CALL_MS, `the slowest call took ${slowestMs} ms`);
  });
});

/** A VM with the containers' namespaces, and with what may stand in their place. */
async function makeVm(lab: Lab): Promise<Vm> {
  const vm = await lab.addVm({ conflist: null, secondaries: 8 });
  // A copy of its own: dist/ may be built anew meanwhile. Two names of one file, as installed.
  await vm.mustExec(['mkdir', PLUGINS]);
  await vm.mustExec(['cp', `${BUILT}/azure-vnet`, PLUGINS]);
  await vm.mustExec(['ln', `${PLUGINS}/azure-vnet`, `${PLUGINS}/azure-vnet-ipam`]);
  for (const path of SANDBOXES) await vm.addNetns(path.replace('/run/netns/', ''));
  await vm.mustExec(['touch', '/run/netns/own']);
  await vm.mustExec(['mount', '--bind', '/proc/self/ns/net', '/run/netns/own']);
  await vm.mustExec(['mkfifo', '/run/fuzz-fifo']);
  return vm;
}

async function drive(vm: Vm, { first, count }: (typeof SHARES)[number]): Promise<DriveReport> {
  const script = [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    DRIVE,
    String(first),
    String(count),
  ];
  const argv = inside(vm.anchor, [...script, PLUGINS]);
  const { status, stdout, stderr } = await run(argv, { timeoutMs: DRIVE_TIMEOUT_MS });
  assert.equal(status, 0, `drive.ts: ${stderr}`);
  return JSON.parse(stdout) as DriveReport;
}
