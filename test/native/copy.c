/*
 * memcpy, memmove and memset of the host against loops: every length around the limits, every alignment, areas that
 * overlap by any distance. The areas are blocks of exactly that size, so that the sanitizer sees a byte too far.
 */
#include <features.h>
#undef __GLIBC__ /* the file is for musl, but the sanitizers are for glibc */
#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#include "../../native/linux/copy.c"
#undef memcpy
#undef memmove
#undef memset
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 2 * LONG + 70, ALIGNMENTS = 17 };

static void number(char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) bytes[i] = (char)(i * 7 + i / 256);
}

static void expect(bool good, const char *what, size_t length, size_t a, size_t b) {
  if (good) return;
  fprintf(stderr, "%s: %zu bytes, %zu, %zu\n", what, length, a, b);
  exit(1);
}

static void check_copy(size_t length, size_t to_at, size_t from_at) {
  char *to = malloc(to_at + length + 1), *from = malloc(from_at + length + 1);
  number(from, from_at + length);
  to[to_at + length] = 'x';
  if (to_at > 0) to[to_at - 1] = 'y';
  void *result = own_memcpy(to + to_at, from + from_at, length);
  bool same = result == to + to_at && to[to_at + length] == 'x' && (to_at == 0 || to[to_at - 1] == 'y');
  for (size_t i = 0; i < length; i++) same = same && to[to_at + i] == from[from_at + i];
  expect(same, "memcpy", length, to_at, from_at);
  free(to), free(from);
}

static void check_move(size_t length, size_t to_at, size_t from_at) {
  size_t whole = length + (to_at > from_at ? to_at : from_at);
  char *bytes = calloc(1, whole + 1), *expected = calloc(1, whole + 1);
  number(bytes, whole);
  number(expected, whole);
  char *moved = malloc(length + 1);
  for (size_t i = 0; i < length; i++) moved[i] = bytes[from_at + i];
  for (size_t i = 0; i < length; i++) expected[to_at + i] = moved[i];
  bool same = own_memmove(bytes + to_at, bytes + from_at, length) == bytes + to_at;
  for (size_t i = 0; i < whole; i++) same = same && bytes[i] == expected[i];
  expect(same, "memmove", length, to_at, from_at);
  free(bytes), free(expected), free(moved);
}

static void check_set(size_t length, size_t at, int byte) {
  char *bytes = malloc(at + length + 1);
  number(bytes, at + length);
  bytes[at + length] = 'x';
  bool same = own_memset(bytes + at, byte, length) == bytes + at && bytes[at + length] == 'x';
  for (size_t i = 0; i < at + length; i++) {
    same = same && bytes[i] == (i < at ? (char)(i * 7 + i / 256) : (char)byte);
  }
  expect(same, "memset", length, at, (size_t)byte);
  free(bytes);
}

int main(void) {
  for (size_t length = 0; length <= LONGEST; length++) {
    for (size_t a = 0; a < ALIGNMENTS; a++) {
      check_copy(length, a, (a * 5 + length) % ALIGNMENTS);
      check_move(length, a, ALIGNMENTS - a);
      check_move(length, a * 16, 3);
      check_move(length, 3, a * 16);
      check_set(length, a, (int)(a * 31));
    }
  }
  puts("ok");
  return 0;
}
