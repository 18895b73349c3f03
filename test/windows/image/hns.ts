/** Cases for the host network service: wrong arguments. What right ones do, hns.test.ts looks at in the stand-in. */
import { BAD_TIMEOUTS } from '../../native/image/bad.ts';
import { type Case, refused } from '../../native/image/check.ts';
import { BAD_IDS, BAD_KINDS, BAD_TEXTS } from './bad-windows.ts';
import type { WindowsFixture } from './fixture.ts';

const ID = '01234567-89ab-cdef-0123-456789abcdef';

/** Right arguments of each function. */
const RIGHT: Readonly<Record<string, readonly unknown[]>> = {
  hnsCall: ['GET', '/networks/', '{}', 1000],
  hcsModify: ['container', '{}', 1000],
  hcnEnumerate: ['Network', '{}', 1000],
  hcnQuery: ['Network', ID, '{}', 1000],
  hcnCreateNetwork: ['', '{}', 1000],
  hcnCreateEndpoint: [ID, '', '{}', 1000],
  hcnModify: ['Namespace', ID, '{}', 1000],
  hcnDelete: ['Endpoint', ID, 1000],
};

export function hnsCases(_fixture: WindowsFixture): Case[] {
  return [
    ...Object.entries(RIGHT).flatMap(([name, right]) =>
      right.flatMap((argument, index) =>
        wrongFor(argument, index).map(([what, value, errno]) =>
          refused(
            name,
            `argument ${index + 1} ${what}`,
            errno,
            ...right.map((one, at) => (at === index ? value : one)),
          ),
        ),
      ),
    ),
    ...Object.keys(RIGHT).map((name) => refused(name, 'no arguments', 'EINVAL')),
  ];
}

function wrongFor(argument: unknown, index: number) {
  if (typeof argument === 'number') return BAD_TIMEOUTS;
  if (argument === ID || (argument === '' && index < 2)) return BAD_IDS;
  if (['Network', 'Endpoint', 'Namespace'].includes(String(argument))) return BAD_KINDS;
  return BAD_TEXTS;
}
