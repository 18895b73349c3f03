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
    ...BAD_SPANS.map(([what, span, errno]) => refused('decodeUtf8', what, errno, ...span)),
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
    'encodeUtf8',
    'decodeUtf8',
    'load',
  ];
  return names.map((name) => refused(name, 'no arguments', 'EINVAL'));
}
