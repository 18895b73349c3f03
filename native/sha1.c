/*
 * SHA-1 (RFC 3174), for names that others have made of it: nothing depends on its strength. Here because the same in
 * JavaScript takes as long as the kernel does to answer three questions.
 */
#include <stdio.h>
#include <string.h>
#include "host.h"

enum { BLOCK_BYTES = 64, DIGEST_WORDS = 5, ROUNDS = 80, LENGTH_BYTES = 8, WORD_DIGITS = 8 };

static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void mix(uint32_t *digest, const uint8_t *block) {
  uint32_t words[ROUNDS];
  for (int i = 0; i < 16; i++, block += 4) {
    words[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  }
  for (int i = 16; i < ROUNDS; i++) {
    words[i] = rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  uint32_t a = digest[0], b = digest[1], c = digest[2], d = digest[3], e = digest[4];
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t round = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
    uint32_t next = rotated(a, 5) + round + e + words[i];
    e = d;
    d = c;
    c = rotated(b, 30);
    b = a;
    a = next;
  }
  const uint32_t mixed[DIGEST_WORDS] = {a, b, c, d, e};
  for (int i = 0; i < DIGEST_WORDS; i++) digest[i] += mixed[i];
}

/* What is left of the message, a one, zeros, and the length of the message in bits: one block or two. */
static void mix_end(uint32_t *digest, const uint8_t *rest, size_t rest_length, uint64_t length) {
  uint8_t blocks[2 * BLOCK_BYTES] = {0};
  memcpy(blocks, rest, rest_length);
  blocks[rest_length] = 0x80;
  size_t end = rest_length + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  uint64_t bits = length * 8;
  for (size_t at = end; bits > 0; bits >>= 8) blocks[--at] = (uint8_t)bits;
  for (size_t at = 0; at < end; at += BLOCK_BYTES) mix(digest, blocks + at);
}

JSValue host_sha1_hex(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct host_span span;
  if (!host_arg_span(ctx, "sha1Hex", argv, false, &span)) return JS_EXCEPTION;
  uint32_t digest[DIGEST_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  size_t at = 0;
  for (; span.length - at >= BLOCK_BYTES; at += BLOCK_BYTES) mix(digest, span.bytes + at);
  mix_end(digest, span.bytes + at, span.length - at, span.length);
  char text[DIGEST_WORDS * WORD_DIGITS + 1];
  for (int i = 0; i < DIGEST_WORDS; i++) snprintf(text + i * WORD_DIGITS, WORD_DIGITS + 1, "%08x", digest[i]);
  return JS_NewString(ctx, text);
}
