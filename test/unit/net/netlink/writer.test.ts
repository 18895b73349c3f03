import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { forEachAttr, readAttrs, readMessages, stringOf } from '../../../../src/net/netlink/reader.ts';
import { MessageWriter, NLM_F_ACK } from '../../../../src/net/netlink/writer.ts';

/** An attribute: bytes, or attributes inside. */
type Tree = { readonly type: number; readonly value: Uint8Array | readonly Tree[] };

const { tree } = fc.letrec<{ tree: Tree; value: Uint8Array | readonly Tree[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('tree'), { maxLength: 4 }),
  ),
  tree: fc.record({ type: fc.integer({ min: 0, max: 0x3fff }), value: tie('value') }),
}));

test('what MessageWriter writes, the reader reads: messages, attributes, nesting, padding', () => {
  const message = fc.record({
    type: fc.integer({ min: 0, max: 0xffff }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    header: fc.uint8Array({ maxLength: 16 }).filter((bytes) => bytes.length % 4 === 0),
    trees: fc.array(tree, { maxLength: 5 }),
  });
  const batch = fc.array(message, { maxLength: 4 });
  fc.assert(
    fc.property(batch, fc.integer({ min: 1, max: 0xfffffff0 }), (messages, firstSequence) => {
      const writer = new MessageWriter();
      for (const { type, flags, header, trees } of messages) {
        writer.begin(type, flags).bytes(header);
        for (const one of trees) write(writer, one);
        writer.end();
      }
      const bytes = writer.finish(firstSequence, messages.length - 1);
      assert.equal(bytes.length % 4, 0);
      assert.equal(writer.count, messages.length);
      const read = readMessages(bytes);
      assert.equal(read.length, messages.length);
      read.forEach(({ type, flags, sequence, payload }, i) => {
        const wanted = messages[i];
        assert.ok(wanted !== undefined);
        const acknowledged = i === messages.length - 1 ? NLM_F_ACK : 0;
        assert.deepEqual([type, flags], [wanted.type, wanted.flags | 1 | acknowledged]);
        assert.equal(sequence, firstSequence + i);
        assert.deepEqual(payload.subarray(0, wanted.header.length), wanted.header);
        assertTrees(payload.subarray(wanted.header.length), wanted.trees);
      });
    }),
  );
});

test('padding is zero, also where the buffer was written before', () => {
  const writer = new MessageWriter();
  writer.begin(1, 0).attr(1, Uint8Array.of(0xff)).attrU8(2, 0xff).attrString(3, 'ab').end();
  const payload = [...writer.finish(0, -1).subarray(16)];
  assert.deepEqual(
    payload,
    [5, 0, 1, 0, 0xff, 0, 0, 0, 5, 0, 2, 0, 0xff, 0, 0, 0, 7, 0, 3, 0, 0x61, 0x62, 0, 0],
  );
});

test('numbers are little endian, those of nf_tables big endian', () => {
  const writer = new MessageWriter();
  writer.begin(1, 0).octets(2, 1, 1, 2).u32(0x01020304).u32Be(0x01020304);
  writer.attrU32(1, 0x80000000).attrU32Be(2, 0xffffffff).end();
  assert.deepEqual(
    [...writer.finish(0, -1).subarray(16)],
    [
      [2, 1, 1, 2, 4, 3, 2, 1, 1, 2, 3, 4],
      [8, 0, 1, 0, 0, 0, 0, 0x80],
      [8, 0, 2, 0, 0xff, 0xff, 0xff, 0xff],
    ].flat(),
  );
});

test('attrU32Be() writes a negative number, such as the priority of a hook, as two’s complement', () => {
  const writer = new MessageWriter();
  writer.begin(1, 0).attrU32Be(2, -300).end();
  assert.deepEqual([...writer.finish(0, -1).subarray(20)], [0xff, 0xff, 0xfe, 0xd4]);
});

test('the buffer grows past 4096 bytes in the middle of a nested attribute', () => {
  const value = Uint8Array.from({ length: 10_000 }, (_, i) => i & 255);
  const writer = new MessageWriter();
  writer.begin(7, 0).nest(1, () => writer.attrU32(2, 5).nest(3, () => writer.attr(4, value)));
  writer.end().begin(8, 0).end();
  const [first, second, ...more] = readMessages(writer.finish(1, 1));
  assert.deepEqual([first?.type, second?.type, more.length], [7, 8, 0]);
  assertTrees(first?.payload ?? new Uint8Array(), [
    {
      type: 1,
      value: [
        { type: 2, value: Uint8Array.of(5, 0, 0, 0) },
        { type: 3, value: [{ type: 4, value }] },
      ],
    },
  ]);
});

test('a batch over 1 MiB is refused, one of 1 MiB is not', () => {
  const full = new MessageWriter();
  full
    .begin(1, 0)
    .bytes(new Uint8Array((1 << 20) - 16))
    .end();
  assert.equal(full.finish(1, 0).length, 1 << 20);
  const over = new MessageWriter().begin(1, 0);
  assert.throws(() => over.bytes(new Uint8Array((1 << 20) - 15)), /batch of 1048577 bytes, limit 1048576/);
});

test('an attribute over 65,535 bytes is refused, one of 65,535 is not', () => {
  const value = new Uint8Array(65_531);
  const writer = new MessageWriter().begin(1, 0).attr(1, value);
  assert.throws(() => writer.attr(1, new Uint8Array(65_532)), /65536 bytes, limit 65535/);
  const nested = new MessageWriter().begin(1, 0);
  assert.throws(() => nested.nest(1, () => nested.attr(1, value)), /65540 bytes, limit 65535/);
});

test('attrString() refuses what is no name: a NUL, and characters that are no byte', () => {
  for (const name of ['a\0b', '名']) {
    assert.throws(() => new MessageWriter().begin(1, 0).attrString(3, name), /is not made of bytes/);
  }
});

test('attrString() gives back the bytes of a name that stringOf() has read', () => {
  const bytes = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
  const message = new MessageWriter()
    .begin(1, 0)
    .attrString(3, stringOf(bytes) ?? '')
    .end()
    .finish(0, -1);
  assert.deepEqual(readAttrs(message, 16).get(3)?.subarray(0, -1), bytes);
});

test('misuse is refused: a message inside another, an end without a begin, an unfinished batch', () => {
  assert.throws(() => new MessageWriter().begin(1, 0).begin(1, 0), /begun inside another/);
  assert.throws(() => new MessageWriter().end(), /ended without a begin/);
  assert.throws(() => new MessageWriter().begin(1, 0).bytes(Uint8Array.of(1)).u32(1), /not aligned/);
  assert.throws(() => new MessageWriter().begin(1, 0).finish(1, 0), /finished inside a message/);
});

test('finish() may be called again: the sequence numbers are new, the flags stay', () => {
  const writer = new MessageWriter().begin(1, 0).end().begin(2, 0).end();
  writer.finish(1, 0);
  const read = readMessages(writer.finish(100, 0));
  assert.deepEqual(
    read.map(({ sequence, flags }) => [sequence, flags & NLM_F_ACK]),
    [
      [100, NLM_F_ACK],
      [101, 0],
    ],
  );
});

function write(writer: MessageWriter, { type, value }: Tree): void {
  if (value instanceof Uint8Array) writer.attr(type, value);
  else
    writer.nest(type, () => {
      for (const child of value) write(writer, child);
    });
}

function assertTrees(bytes: Uint8Array, trees: readonly Tree[]): void {
  const found: { type: number; value: Uint8Array }[] = [];
  forEachAttr(bytes, 0, (type, value) => found.push({ type, value }));
  assert.deepEqual(
    found.map(({ type }) => type),
    trees.map(({ type }) => type),
  );
  trees.forEach(({ value: wanted }, i) => {
    const value = found[i]?.value ?? assert.fail('an attribute is missing');
    if (wanted instanceof Uint8Array) assert.deepEqual([...value], [...wanted]);
    else assertTrees(value, wanted);
  });
}
