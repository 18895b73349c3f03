/*
 * memcpy, memmove and memset in place of musl's for x86_64. Those begin `rep movsq` or `rep stosq` for a few bytes already,
 * which takes 150 ns on a processor that is tuned for `rep movsb`; nearly all that the engine copies is shorter than
 * 256 bytes and takes 10 ns here.
 */
#include <features.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__) && !defined(__GLIBC__) && !defined(AZURE_VNET_PLAIN_MALLOC)

/* More than this is for the instructions that repeat. */
enum { LONG = 256 };

/* At any address, of anything. */
#define LOOSE aligned(1), may_alias
typedef uint16_t half __attribute__((LOOSE));
typedef uint32_t word __attribute__((LOOSE));
typedef uint64_t quad __attribute__((LOOSE));
typedef uint64_t pair __attribute__((vector_size(16), LOOSE)); /* the size first, or it brings its alignment */

/* The compiler must not see what the loops do: it would call these functions for it. */
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))

/* First and last bytes, which may be the same ones: both are read before any is written. */
#define ENDS(type, to, from, length) \
  do { \
    type first = *(const type *)(from), last = *(const type *)((from) + (length) - sizeof last); \
    *(type *)(to) = first; \
    *(type *)((to) + (length) - sizeof last) = last; \
  } while (0)

/* Also for areas that overlap when `to` is the lower: what is overwritten has been read. */
AS_WRITTEN static inline void copy_upwards(char *to, const char *from, size_t length) {
  if (length > LONG) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
  } else if (length > 16) {
    pair last = *(const pair *)(from + length - 16);
    for (size_t at = 0; at < length - 16; at += 16) *(pair *)(to + at) = *(const pair *)(from + at);
    *(pair *)(to + length - 16) = last;
  } else if (length >= 8) {
    ENDS(quad, to, from, length);
  } else if (length >= 4) {
    ENDS(word, to, from, length);
  } else if (length >= 2) {
    ENDS(half, to, from, length);
  } else if (length == 1) {
    *to = *from;
  }
}

AS_WRITTEN void *memcpy(void *restrict to, const void *restrict from, size_t length) {
  copy_upwards(to, from, length);
  return to;
}

AS_WRITTEN void *memmove(void *destination, const void *source, size_t length) {
  char *to = destination;
  const char *from = source;
  if (length <= 16 || (size_t)(to - from) >= length) {
    copy_upwards(to, from, length);
    return destination;
  }
  pair first = *(const pair *)from;
  for (; length > 16; length -= 16) *(pair *)(to + length - 16) = *(const pair *)(from + length - 16);
  *(pair *)to = first;
  return destination;
}

AS_WRITTEN void *memset(void *destination, int byte, size_t length) {
  char *to = destination;
  uint64_t all = (uint8_t)byte * 0x0101010101010101u;
  if (length > LONG) {
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(byte) : "memory");
  } else if (length >= 16) {
    pair value = {all, all};
    for (size_t at = 0; at < length - 16; at += 16) *(pair *)(to + at) = value;
    *(pair *)(to + length - 16) = value;
  } else if (length >= 8) {
    *(quad *)to = all;
    *(quad *)(to + length - 8) = all;
  } else if (length >= 4) {
    *(word *)to = (uint32_t)all;
    *(word *)(to + length - 4) = (uint32_t)all;
  } else {
    for (size_t at = 0; at < length; at++) to[at] = (char)byte;
  }
  return destination;
}

#else

typedef int copy_is_the_c_library_s; /* a file of C is not to be empty */

#endif
