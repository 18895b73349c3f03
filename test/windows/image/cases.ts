/** Program of the host tests on Windows: runs the cases and prints one JSON line per case. */
import { hostSys } from '../../../src/sys/quickjs.ts';
import type { Fd } from '../../../src/sys/sys.ts';
import type { WindowsSys } from '../../../src/sys/windows.ts';
import { outcomeOf } from '../../native/image/check.ts';
import { engineCases } from '../../native/image/engine.ts';
import { textCases } from '../../native/image/text.ts';
import { fileCases } from './files.ts';
import { hnsCases } from './hns.ts';
import { machineCases } from './machine.ts';
import { socketCases } from './sockets.ts';
import { spawnCases } from './spawn.ts';

const STDOUT = 1 as Fd;

const sys = hostSys() as WindowsSys;
const [, directory = '', echoPort, deadPort, child = ''] = sys.args();
const fixture = { sys, directory, echoPort: Number(echoPort), deadPort: Number(deadPort), child };
const cases = [
  ...fileCases(fixture),
  ...socketCases(fixture),
  ...spawnCases(fixture),
  ...machineCases(fixture),
  ...hnsCases(fixture),
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
