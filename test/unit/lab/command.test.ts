/** What the `lab` command says of words that are no command, before it makes anything. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../../lab/cli.ts', import.meta.url));

function lab(...words: readonly string[]) {
  const argv = ['--import', import.meta.resolve('tsx'), CLI, ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('lab GROUP --help lists what there is under the word', () => {
  const { status, stdout } = lab('cluster', '--help');
  assert.equal(status, 0);
  assert.match(stdout, /^ {2}lab cluster up FILE /m);
  assert.match(stdout, /^ {2}lab cluster down$/m);
  assert.doesNotMatch(stdout, /lab pod/);
});

test('lab says what is missing, what there is instead, or which command is near', () => {
  for (const [words, said] of [
    [['pod'], /^lab: "lab pod" needs a second word\.\n[\s\S]*lab pod del POD$/m],
    [['pod', 'ad'], /^lab: There is no command "pod ad"\.\n/],
    [['stauts'], /^lab: There is no command "stauts", did you mean "status"\?/],
    [['frobnicate'], /^lab: There is no command "frobnicate" \(see `lab help`\)$/m],
  ] as const) {
    const { status, stdout, stderr } = lab(...words);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, said);
  }
});
