/** Cases for the engine as the host configures it: what our TypeScript may use, and its limits. */
import { type Case, expectEqual, expectTrue, works } from './check.ts';

const MIB = 1024 * 1024;

export function engineCases(): Case[] {
  return [
    works('engine: regular expressions, also from text', () => {
      expectEqual('10.240.0.4/16'.match(/^(.*)\/(?<bits>\d+)$/)?.groups?.bits, '16');
      expectEqual('a-b-c'.replaceAll(/[-]/g, '+'), 'a+b+c');
      expectTrue(/^\p{White_Space}$/u.test('\u3000'), 'properties of Unicode');
    }),
    works('engine: Map, Set, WeakMap, BigInt, Date, generators', () => {
      const generated = (function* () {
        yield 2n ** 64n;
      })();
      expectEqual(String([...new Map([['a', generated.next().value]]).values()]), '18446744073709551616');
      expectEqual([...new Set([1, 1, 2])].length, 2);
      expectTrue(new WeakMap([[generated, 1]]).has(generated), 'an entry');
      expectEqual(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z');
    }),
    works('engine: JSON keeps order and numbers', () => {
      const text = '{"b":[1,2.5,-0.1e-7,true,null],"a":{"":"\\u0001é"}}';
      expectEqual(JSON.stringify(JSON.parse(text)), text.replace('-0.1e-7', '-1e-8'));
    }),
    works('engine: no way to run text as code', () => {
      expectEqual(Reflect.get(globalThis, 'eval'), undefined);
      expectTrue(
        throws(() => Reflect.construct(Function, ['return 1'])),
        'an exception',
      );
    }),
    works('engine: JSON as deep as it gets is refused', () => {
      expectTrue(
        throws(() => JSON.parse('['.repeat(MIB))),
        'an exception',
      );
    }),
    works('engine: endless recursion is refused', () => {
      const recurse = (depth: number): number => recurse(depth + 1) + 1;
      expectTrue(
        throws(() => recurse(0)),
        'an exception',
      );
    }),
    works('engine: memory has a limit', () => {
      expectTrue(
        throws(() => new Uint8Array(300 * MIB)),
        'an exception',
      );
      expectTrue(
        throws(() => Array.from({ length: 300 }, () => new Uint8Array(MIB))),
        'an exception',
      );
    }),
  ];
}

function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
