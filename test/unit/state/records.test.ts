import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationLog } from '../../../src/state/oplog.ts';
import { QUARANTINE_DIR, STATE_ROOT, TEMPORARY_DIR } from '../../../src/state/paths.ts';
import {
  listRecords,
  MAX_QUARANTINED,
  MAX_RECORD_BYTES,
  readRecord,
  removeAbandoned,
  removeRecord,
  setAside,
  writeRecord,
} from '../../../src/state/records.ts';
import { FakeWorld, Killed } from '../../support/fake-sys.ts';

const DIRECTORY = `${STATE_ROOT}/things`;
const PATH = `${DIRECTORY}/a`;

test('writeRecord() makes private directories and files, readRecord() reads them back', () => {
  const world = new FakeWorld();
  const sys = world.process();
  writeRecord(sys, PATH, { text: 'ü', list: [1] });
  assert.deepEqual(readRecord(sys, PATH), { state: 'ok', value: { text: 'ü', list: [1] } });
  assert.equal(world.files.stat(PATH, false).mode, 0o600);
  assert.equal(world.files.stat(DIRECTORY, false).mode, 0o700);
  assert.deepEqual(world.list(DIRECTORY), ['a']);
  assert.equal(sys.openDescriptors, 0);
});

test('readRecord() needs three calls for a small record', () => {
  const world = new FakeWorld();
  writeRecord(world.process(), PATH, { text: 'x'.repeat(2000) });
  const sys = world.process();
  readRecord(sys, PATH);
  assert.equal(sys.calls, 3);
});

test('readRecord() reads records of several buffers', () => {
  const sys = new FakeWorld().process();
  const value = { text: 'x'.repeat(100_000) };
  writeRecord(sys, PATH, value);
  assert.deepEqual(readRecord(sys, PATH), { state: 'ok', value });
});

test('readRecord() says missing for a missing file and a missing directory', () => {
  const sys = new FakeWorld().process();
  assert.deepEqual(readRecord(sys, PATH), { state: 'missing' });
  writeRecord(sys, PATH, {});
  assert.deepEqual(readRecord(sys, `${DIRECTORY}/b`), { state: 'missing' });
});

test('readRecord() says corrupt for whatever is not one JSON object', () => {
  const cases: [string | Uint8Array, string][] = [
    ['', 'is empty'],
    [new Uint8Array(300), 'is not JSON'],
    ['{"a":', 'is not JSON'],
    ['{} {}', 'is not JSON'],
    ['[1]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['7', 'is not a JSON object'],
    [`{"a":"${'x'.repeat(MAX_RECORD_BYTES)}"}`, `is larger than ${MAX_RECORD_BYTES} bytes`],
  ];
  for (const [content, reason] of cases) {
    const world = new FakeWorld();
    world.write(PATH, content);
    const sys = world.process();
    assert.deepEqual(readRecord(sys, PATH), { state: 'corrupt', reason });
    assert.equal(sys.openDescriptors, 0);
  }
});

test('readRecord() does not follow a symbolic link and does not read a directory', () => {
  const world = new FakeWorld();
  world.write('/etc/secret', '{"a":1}');
  world.write(`${DIRECTORY}/x/y`, '');
  world.symlink(PATH, '/etc/secret');
  assert.deepEqual(readRecord(world.process(), PATH), { state: 'corrupt', reason: 'is a symbolic link' });
  assert.deepEqual(readRecord(world.process(), `${DIRECTORY}/x`), {
    state: 'corrupt',
    reason: 'is a directory',
  });
});

test('readRecord() throws what says nothing about the record', () => {
  const sys = new FakeWorld().process({ fault: (call) => (call.name === 'open' ? 'EMFILE' : undefined) });
  assert.throws(() => readRecord(sys, PATH), { code: 'EMFILE' });
});

test('writeRecord() leaves the old record when it fails, and no temporary file', () => {
  for (const name of ['write', 'fsync', 'rename'] as const) {
    const world = new FakeWorld();
    writeRecord(world.process(), PATH, { version: 1 });
    const sys = world.process({ fault: (call) => (call.name === name ? 'ENOSPC' : undefined) });
    assert.throws(() => writeRecord(sys, PATH, { version: 2 }), { code: 'ENOSPC' });
    assert.deepEqual(readRecord(world.process(), PATH), { state: 'ok', value: { version: 1 } });
    assert.deepEqual(world.list(DIRECTORY), ['a']);
    assert.equal(sys.openDescriptors, 0);
  }
});

test('writeRecord() refuses a record that readRecord() would not read', () => {
  const sys = new FakeWorld().process();
  assert.throws(() => writeRecord(sys, PATH, { text: 'x'.repeat(MAX_RECORD_BYTES) }), { code: 'EFBIG' });
});

test('writeRecord() killed at any call leaves the old or the new record', () => {
  for (let killAt = 1, finished = false; !finished; killAt++) {
    const world = new FakeWorld();
    writeRecord(world.process({ pid: 1 }), PATH, { version: 1 });
    try {
      writeRecord(world.process({ pid: 7, killAt }), PATH, { version: 2 });
      finished = true;
    } catch (error) {
      assert.ok(error instanceof Killed, String(error));
    }
    const read = readRecord(world.process(), PATH);
    assert.ok(read.state === 'ok' && (read.value.version === 1 || read.value.version === 2));
    assert.deepEqual(listRecords(world.process(), DIRECTORY), ['a']);
    // The next process with the same id meets the leftover.
    writeRecord(world.process({ pid: 7 }), PATH, { version: 3 });
    assert.deepEqual(world.list(DIRECTORY), ['a']);
    assert.ok(killAt < 50);
  }
});

test('writeRecord() refuses a symbolic link, a file and an open directory on its way', () => {
  const link = new FakeWorld();
  link.symlink(STATE_ROOT, '/nowhere');
  assert.throws(() => writeRecord(link.process(), PATH, {}), { code: 'ENOTDIR' });
  const file = new FakeWorld();
  file.write(STATE_ROOT, '');
  assert.throws(() => writeRecord(file.process(), PATH, {}), { code: 'ENOTDIR' });
  const open = new FakeWorld();
  open.files.mkdir(STATE_ROOT, 0o777);
  assert.throws(() => writeRecord(open.process(), PATH, {}), { code: 'EACCES' });
});

test('removeRecord() says whether there was one', () => {
  const sys = new FakeWorld().process();
  writeRecord(sys, PATH, {});
  assert.equal(removeRecord(sys, PATH), true);
  assert.equal(removeRecord(sys, PATH), false);
});

test('listRecords() lists nothing for a missing directory', () => {
  const world = new FakeWorld();
  assert.deepEqual(listRecords(world.process(), DIRECTORY), []);
  world.write(PATH, '{}');
  assert.deepEqual(listRecords(world.process(), DIRECTORY), ['a']);
});

test('removeAbandoned() removes what dead processes, and earlier ones of this id, were writing', () => {
  const world = new FakeWorld();
  for (const pid of ['7', '8', '9', 'x']) world.write(`${TEMPORARY_DIR}/${pid}`, '{');
  for (const pid of ['7', '9']) world.write(`/proc/${pid}/stat`, '');
  const sys = world.process({ pid: 9 });
  const log = new OperationLog(sys);
  removeAbandoned(sys, log);
  assert.deepEqual(world.list(TEMPORARY_DIR), ['7']);
  assert.equal(log.entries.length, 3);
});

test('removeAbandoned() removes nothing where no /proc tells who is alive', () => {
  const world = new FakeWorld();
  world.write(`${TEMPORARY_DIR}/8`, '{');
  const sys = world.process({ pid: 9 });
  removeAbandoned(sys, new OperationLog(sys));
  assert.deepEqual(world.list(TEMPORARY_DIR), ['8']);
});

test('removeAbandoned() is one call when there is nothing, and never an error', () => {
  const sys = new FakeWorld().process();
  removeAbandoned(sys, new OperationLog(sys));
  assert.equal(sys.calls, 1);
  const world = new FakeWorld();
  world.write(`${TEMPORARY_DIR}/9`, '{');
  const readOnly = world.process({ pid: 9, fault: ({ name }) => (name === 'unlink' ? 'EROFS' : undefined) });
  const log = new OperationLog(readOnly);
  removeAbandoned(readOnly, log);
  assert.match(log.entries[0]?.text ?? '', /cannot clean .*EROFS/);
});

test('setAside() moves the record to quarantine, says so, and keeps a bounded number', () => {
  const world = new FakeWorld();
  const sys = world.process();
  const log = new OperationLog(sys);
  for (let i = 0; i < MAX_QUARANTINED + 5; i++) {
    world.nowMs += 1;
    world.write(PATH, `garbage ${i}`);
    setAside(sys, PATH, log, 'is not JSON');
  }
  const kept = world.list(QUARANTINE_DIR);
  assert.equal(kept.length, MAX_QUARANTINED);
  assert.equal(world.read(`${QUARANTINE_DIR}/${kept.at(-1)}`), `garbage ${MAX_QUARANTINED + 4}`);
  assert.equal(world.exists(PATH), false);
  assert.match(log.entries[0]?.text ?? '', /things\/a is not JSON; set aside as .*quarantine\/\d+-a$/);
});

test('setAside() does not fail where nothing can be moved or removed', () => {
  const world = new FakeWorld();
  world.write(PATH, 'garbage');
  const readOnly = world.process({ fault: ({ name }) => (name === 'rename' ? 'EROFS' : undefined) });
  const log = new OperationLog(readOnly);
  setAside(readOnly, PATH, log, 'is not JSON');
  assert.match(log.entries[0]?.text ?? '', /is not JSON, and quarantine failed: .*EROFS/);
  for (let i = 0; i <= MAX_QUARANTINED; i++) world.write(`${QUARANTINE_DIR}/0-${i}/directory`, '');
  const sys = world.process();
  setAside(sys, PATH, new OperationLog(sys), 'is not JSON');
  assert.equal(world.exists(PATH), false);
});

test('setAside() is content when another call was faster', () => {
  const sys = new FakeWorld().process();
  const log = new OperationLog(sys);
  setAside(sys, PATH, log, 'is empty');
  assert.equal(log.entries.length, 0);
});
