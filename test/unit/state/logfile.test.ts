import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_LOG_BYTES, MAX_TEXT_CHARACTERS, writeOperation } from '../../../src/state/logfile.ts';
import { logLevelOf, OperationLog } from '../../../src/state/oplog.ts';
import { LOG_PATH } from '../../../src/state/paths.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

test('writeOperation() appends one JSON line per operation', () => {
  const world = new FakeWorld();
  const sys = world.process({ pid: 42 });
  const log = new OperationLog(sys);
  log.set('command', 'ADD');
  log.set('netns', '');
  log.step('ipam', () => sys.sleepMs(3));
  log.note('warn', 'two\nlines');
  writeOperation(sys, log, LOG_PATH);
  log.set('error', 'broken');
  writeOperation(sys, log, LOG_PATH);
  const lines = world.read(LOG_PATH).split('\n');
  assert.equal(lines.length, 3);
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    ts: '2030-01-01T00:00:00.003Z',
    op: `42-${world.nowMs.toString(36)}`,
    command: 'ADD',
    result: 'ok',
    us: 3000,
    steps: [['ipam', 3000]],
    notes: ['warn: two\nlines'],
  });
  assert.equal(JSON.parse(lines[1] ?? '').result, 'error');
  assert.equal(JSON.parse(lines[1] ?? '').error, 'broken');
  assert.equal(world.files.stat(LOG_PATH, false).mode, 0o640);
  assert.equal(sys.openDescriptors, 0);
});

test('writeOperation() is one write', () => {
  const world = new FakeWorld();
  let writes = 0;
  const sys = world.process({
    fault: ({ name }) => {
      if (name === 'write') writes++;
      return undefined;
    },
  });
  writeOperation(sys, new OperationLog(sys), LOG_PATH);
  assert.equal(writes, 1);
});

test('writeOperation() keeps two files of bounded size', () => {
  const world = new FakeWorld();
  world.write(LOG_PATH, new Uint8Array(MAX_LOG_BYTES + 1));
  const sys = world.process();
  writeOperation(sys, new OperationLog(sys), LOG_PATH);
  assert.deepEqual(world.list('/var/log'), ['azure-vnet.log', 'azure-vnet.log.1']);
  assert.ok(world.files.stat(LOG_PATH, false).sizeBytes < 1000);
});

test('writeOperation() cuts endless texts', () => {
  const world = new FakeWorld();
  const sys = world.process();
  const log = new OperationLog(sys);
  log.set('container', 'x'.repeat(100_000));
  log.note('error', 'y'.repeat(100_000));
  writeOperation(sys, log, LOG_PATH);
  assert.ok(world.read(LOG_PATH).length < 2 * MAX_TEXT_CHARACTERS + 500);
});

test('writeOperation() says on stderr why it could not write, and does not fail', () => {
  for (const name of ['open', 'write'] as const) {
    const world = new FakeWorld();
    const sys = world.process({
      fault: (call) => (call.name === name && (name === 'open' || call.args[0] !== 2) ? 'ENOSPC' : undefined),
    });
    writeOperation(sys, new OperationLog(sys), LOG_PATH);
    assert.match(sys.stderr, /^azure-vnet: cannot write the log: .*ENOSPC\n$/);
    assert.equal(sys.openDescriptors, 0);
  }
});

test('writeOperation() does not write through a symbolic link', () => {
  const world = new FakeWorld();
  world.write('/etc/passwd', 'root');
  world.symlink(LOG_PATH, '/etc/passwd');
  const sys = world.process();
  writeOperation(sys, new OperationLog(sys), LOG_PATH);
  assert.equal(world.read('/etc/passwd'), 'root');
  assert.match(sys.stderr, /ELOOP/);
});

test('writeOperation() leaves out the remarks below the level of the log, info when nobody says', () => {
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  const written = (wanted: unknown): string[] => {
    const world = new FakeWorld();
    const sys = world.process();
    const log = new OperationLog(sys);
    if (wanted !== undefined) log.level = logLevelOf(wanted);
    for (const level of levels) log.note(level, 'x');
    writeOperation(sys, log, LOG_PATH);
    return JSON.parse(world.read(LOG_PATH)).notes;
  };
  const notes = levels.map((level) => `${level}: x`);
  assert.deepEqual(written(undefined), notes.slice(1));
  assert.deepEqual(written('debug'), notes);
  assert.deepEqual(written('WARN'), notes.slice(2));
  assert.deepEqual(written('error'), notes.slice(3));
  for (const strange of ['trace', '', 5, null, { toString: 'error' }])
    assert.deepEqual(written(strange), notes.slice(1));
});
