/*
 * Unpacks what stdin brings, case after case: three numbers of 32 bits (bytes packed, bytes expected, number of
 * variants), then the packed bytes. One byte tells whether the case was accepted, and its bytes follow when it was.
 * The variants, in which a bit is turned or the end is cut off, only have to leave memory alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../native/inflate.c"

static uint32_t state = 1;

static uint32_t next_random(void) { /* xorshift32 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/* In blocks of the exact sizes, so that the sanitizer sees the first byte beside them. */
static bool unpack(const uint8_t *packed, size_t packed_length, size_t length, bool print) {
  uint8_t *in = malloc(packed_length), *out = malloc(length);
  memcpy(in, packed, packed_length);
  bool good = host_inflate(in, packed_length, out, length);
  if (print) {
    putchar(good);
    if (good) fwrite(out, 1, length, stdout);
  }
  free(in);
  free(out);
  return good;
}

int main(void) {
  uint32_t head[3];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    uint8_t *packed = malloc(head[0]);
    if (fread(packed, 1, head[0], stdin) != head[0]) return 2;
    unpack(packed, head[0], head[1], true);
    for (uint32_t i = 0; i < head[2]; i++) {
      uint32_t bit = next_random() % (head[0] * 8), cut = next_random() % 4 == 0 ? next_random() % head[0] : head[0];
      packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
      unpack(packed, cut, head[1], false);
      packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(packed);
  }
  return 0;
}
