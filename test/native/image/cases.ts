/** Program of the test executable: runs the cases and prints one JSON line per case. */
import { hostSys } from '../../../src/sys/quickjs.ts';
import type { Fd } from '../../../src/sys/sys.ts';
import { outcomeOf, refused } from './check.ts';
import { engineCases } from './engine.ts';
import { fileCases } from './files.ts';
import { readFixture } from './fixture.ts';
import { processCases } from './processes.ts';
import { socketCases } from './sockets.ts';
import { emptyCalls, textCases } from './text.ts';

const STDOUT = 1 as Fd;

const sys = hostSys();
const fixture = readFixture(sys);
const cases = [
  ...emptyCalls(),
  ...[null, {}, () => 1].map((value, index) =>
    refused('useErrorClass', `no class ${index}`, 'EINVAL', value),
  ),
  ...fileCases(fixture),
  ...socketCases(fixture),
  ...processCases(fixture),
  ...textCases(sys),
  ...engineCases(),
];
for (const one of cases) {
  const line = sys.encodeUtf8(
    `${JSON.stringify({ name: one.name, expected: one.expected, outcome: outcomeOf(one) })}\n`,
  );
  for (let offset = 0; offset < line.length; ) {
    offset += sys.write(STDOUT, line, offset, line.length - offset);
  }
}
