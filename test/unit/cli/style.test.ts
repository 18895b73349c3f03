import assert from 'node:assert/strict';
import test from 'node:test';
import { COLOURED, PLAIN, styleFor } from '../../../src/cli/style.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

function styleWith(stdout: string | undefined, environ: Record<string, string> = {}) {
  const world = new FakeWorld();
  world.write('/proc/self/fd/0', '');
  if (stdout !== undefined) world.symlink('/proc/self/fd/1', stdout);
  return styleFor(world.process({ environ }));
}

test('styleFor() colours what goes to a terminal', () => {
  for (const terminal of ['/dev/pts/0', '/dev/pts/17', '/dev/tty1', '/dev/ttyS0', '/dev/console']) {
    assert.equal(styleWith(terminal, { TERM: 'xterm' }), COLOURED, terminal);
  }
});

test('styleFor() leaves files, pipes and what it does not know uncoloured', () => {
  for (const other of ['/tmp/out', 'pipe:[123]', '/dev/null', 'socket:[1]', '/dev/pts/', '/x/dev/tty1']) {
    assert.equal(styleWith(other), PLAIN, other);
  }
  assert.equal(styleWith(undefined), PLAIN);
});

test('styleFor() honours NO_COLOR and a dumb terminal', () => {
  assert.equal(styleWith('/dev/pts/0', { NO_COLOR: '1' }), PLAIN);
  assert.equal(styleWith('/dev/pts/0', { NO_COLOR: '' }), COLOURED);
  assert.equal(styleWith('/dev/pts/0', { TERM: 'dumb' }), PLAIN);
});

test('COLOURED paints a text and leaves an empty one empty', () => {
  assert.equal(COLOURED.bad('x'), '\x1b[31mx\x1b[0m');
  assert.equal(COLOURED.bad(''), '');
  assert.equal(PLAIN.bad('x'), 'x');
});
