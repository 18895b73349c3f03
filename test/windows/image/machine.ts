/** Cases for the process, the machine and the clocks. */
import { BAD_TIMEOUTS, badIntegers } from '../../native/image/bad.ts';
import { type Case, expectEqual, expectTrue, refused, works } from '../../native/image/check.ts';
import type { WindowsFixture } from './fixture.ts';

export function machineCases({ sys, directory, child }: WindowsFixture): Case[] {
  return [
    ...badIntegers(0, 255).map(([what, status, errno]) => refused('exit', what, errno, status)),
    ...badIntegers(0, 2 ** 32 - 1).map(([what, pid, errno]) => refused('isRunning', what, errno, pid)),
    ...BAD_TIMEOUTS.map(([what, value, errno]) => refused('sleepMs', what, errno, value)),
    works('args, executablePath', () => {
      expectEqual(sys.args()[1], directory);
      expectEqual(sys.args()[0], sys.executablePath());
      expectTrue(/^[A-Z]:\/.*\/program\.exe$/i.test(sys.executablePath()), sys.executablePath());
    }),
    works('environ: any name, UTF-8', () => {
      const environ = sys.environ();
      expectEqual(Object.getPrototypeOf(environ), null);
      expectEqual([environ.HOST_TEST, environ['HOST TEST']], ['a=b', '값']);
    }),
    works('isRunning', () => {
      expectTrue(sys.isRunning(sys.pid()), 'this process');
      const request = {
        env: { SystemRoot: 'C:\\windows' },
        stdin: '',
        timeoutMs: 30_000,
        maxOutputBytes: 1000,
      };
      const { stdout } = sys.spawn({ ...request, argv: [child, 'pid'] });
      expectTrue(Number(stdout) > 0 && !sys.isRunning(Number(stdout)), `an end of ${stdout}`);
    }),
    works('bootId: the same twice', () => {
      expectTrue(/^[\da-f]{16}$/.test(sys.bootId()), sys.bootId());
      expectEqual(sys.bootId(), sys.bootId());
    }),
    works('osBuild', () => expectTrue(sys.osBuild() > 10_000, `a build of Windows 10, not ${sys.osBuild()}`)),
    works('newGuid', () => {
      const [one, other] = [sys.newGuid(), sys.newGuid()];
      expectTrue(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(one), one);
      expectTrue(one !== other, 'two');
    }),
    works('adapters: the loopback and the NIC', () => {
      const adapters = sys.adapters();
      const loopback = adapters.find((adapter) => adapter.loopback);
      expectEqual([loopback?.mac, loopback?.ipv4], ['', [{ address: '127.0.0.1', prefixBits: 8 }]]);
      const nic = adapters.find(({ name }) => name === 'Ethernet');
      expectEqual([nic?.mac, nic?.up, nic?.loopback], ['00:0d:3a:00:00:04', true, false]);
      expectEqual(nic?.ipv4, [{ address: '10.240.0.4', prefixBits: 16 }]);
      expectEqual(nic?.gateways, ['10.240.0.1']);
      expectEqual(nic?.mtu, 1500);
    }),
    works('sleepMs, monotonicUs', () => {
      const startedUs = sys.monotonicUs();
      sys.sleepMs(20);
      const sleptUs = sys.monotonicUs() - startedUs;
      expectTrue(
        Number.isInteger(sleptUs) && sleptUs >= 20_000 && sleptUs < 60_000_000,
        `20 ms, not ${sleptUs}`,
      );
    }),
    works('realtimeMs', () => {
      expectTrue(Math.abs(sys.realtimeMs() - Date.now()) < 30_000, 'the time of day');
    }),
  ];
}
