/** Every function of the Windows host with wrong and with right arguments, under Wine. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { buildChild, buildEcho, buildHostProgram } from './support/build.ts';
import { WindowsMachine } from './support/machine.ts';

interface Line {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
}

const ECHO_PORT = 7;
/** Nobody listens there, in a network of its own. */
const DEAD_PORT = 9;
/** Every function has cases; fewer lines mean that the image ended early or that cases got lost. */
const LEAST_CASES = 900;

/** What Wine cannot do and Windows can: POSIX semantics of names (since Windows Server 2019 on NTFS). */
const LACKING: Readonly<Record<string, string>> = {
  'rename: over a file that somebody reads': 'EACCES',
  'unlink: of a file that somebody reads; its name is free at once': 'EEXIST',
};

async function runCases() {
  const [program, child, echo] = await Promise.all([buildHostProgram(), buildChild(), buildEcho()]);
  const machine = await WindowsMachine.start();
  try {
    await machine.serve([echo]);
    const { windows } = machine.directory('host 시험');
    const args = [windows, String(ECHO_PORT), String(DEAD_PORT), `Z:${child}`];
    return await machine.run(program, args, {
      env: { HOST_TEST: 'a=b', 'HOST TEST': '값', CNI_COMMAND: 'TEST' },
    });
  } finally {
    await machine.stop();
  }
}

describe('host functions under Wine', async () => {
  const { status, stdout, stderr } = await runCases();
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));

  test('the program ends well', () => {
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.ok(lines.length >= LEAST_CASES, `${lines.length} cases`);
  });
  for (const { name, expected, outcome } of lines) {
    test(name, () => assert.equal(outcome, LACKING[name] ?? expected));
  }
});
