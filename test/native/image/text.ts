/** Cases for text, and calls without any argument. */
import type { Sys } from '../../../src/sys/sys.ts';
import { BAD_SPANS } from './bad.ts';
import { type Case, expectEqual, refused, works } from './check.ts';

export function textCases(sys: Sys): Case[] {
  const encodes = (text: string, bytes: readonly number[]) =>
    works(`encodeUtf8 ${JSON.stringify(text)}`, () => expectEqual([...sys.encodeUtf8(text)], bytes));
  const decodes = (bytes: readonly number[], text: string) =>
    works(`decodeUtf8 ${bytes.map((byte) => byte.toString(16)).join(' ')}`, () => {
      expectEqual(sys.decodeUtf8(new Uint8Array([120, ...bytes, 121]), 1, bytes.length), text);
    });
  return [
    ...[undefined, null, 1, {}, Object('text'), new Uint8Array(1)].map((value, index) =>
      refused('encodeUtf8', `no string ${index}`, 'EINVAL', value),
    ),
    ...BAD_SPANS.flatMap(([what, span, errno]) => [
      refused('decodeUtf8', what, errno, ...span),
      refused('sha1Hex', what, errno, ...span),
    ]),
    encodes('', []),
    encodes('a\0é€𝄞', [0x61, 0, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9d, 0x84, 0x9e]),
    encodes('\ud800', [0xef, 0xbf, 0xbd]),
    encodes('a\udfffb\ud83d', [0x61, 0xef, 0xbf, 0xbd, 0x62, 0xef, 0xbf, 0xbd]),
    encodes('\ud7ff\ue000', [0xed, 0x9f, 0xbf, 0xee, 0x80, 0x80]),
    decodes([], ''),
    decodes([0x61, 0, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9d, 0x84, 0x9e], 'a\0é€𝄞'),
    decodes([0xff], '\ufffd'),
    decodes([0x61, 0x80, 0x62], 'a\ufffdb'),
    decodes([0xc0, 0xaf], '\ufffd\ufffd'),
    decodes([0xc3], '\ufffd'),
    decodes([0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'),
    decodes([0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'),
    ...digestCases(sys),
  ];
}

/** The messages of RFC 3174 §7.3, and one of every length around the blocks of 64 bytes. */
function digestCases(sys: Sys): Case[] {
  const digests = (text: string, times: number, digest: string) =>
    works(`sha1Hex ${text} times ${times}`, () => {
      const message = sys.encodeUtf8(`x${text.repeat(times)}y`);
      expectEqual(sys.sha1Hex(message, 1, message.length - 2), digest);
    });
  return [
    digests('', 1, 'da39a3ee5e6b4b0d3255bfef95601890afd80709'),
    digests('abc', 1, 'a9993e364706816aba3e25717850c26c9cd0d89d'),
    digests(
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      1,
      '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
    ),
    digests('a', 1_000_000, '34aa973cd4c4daa4f61eeb2bdbad27316534016f'),
    digests('01234567'.repeat(8), 10, 'dea356a2cddd90c7a7ecedc5ebb563934f460452'),
    works('sha1Hex of every length up to 200', () => {
      // The digest of all digests, as sha1sum has it.
      const message = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 255);
      const all = Array.from({ length: 201 }, (_, length) => sys.sha1Hex(message, 0, length)).join('');
      expectEqual(
        sys.sha1Hex(sys.encodeUtf8(all), 0, all.length),
        'fc2aa53db415ad721227436351f5918bbb3f86dc',
      );
    }),
  ];
}

/** Every function that takes arguments, called with none. */
export function emptyCalls(): Case[] {
  const names = [
    'useErrorClass',
    'openWithFlags',
    'close',
    'read',
    'write',
    'fsync',
    'lock',
    'rename',
    'unlink',
    'mkdir',
    'rmdir',
    'readdir',
    'stat',
    'fstat',
    'readlink',
    'netlink',
    'connectTcp',
    'send',
    'recv',
    'setNetns',
    'spawnWithLists',
    'exit',
    'sleepMs',
    'sleepUntilUs',
    'encodeUtf8',
    'decodeUtf8',
    'sha1Hex',
    'load',
  ];
  return names.map((name) => refused(name, 'no arguments', 'EINVAL'));
}
