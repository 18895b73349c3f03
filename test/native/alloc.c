/*
 * The allocator against a model: random allocations, resizes and releases. Each block is filled with a byte
 * of its own; a block that overlaps another, loses its content or is not aligned ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include "../../native/alloc.c"

/* The engine's. */
uintptr_t js_heap_start;
bool js_heap_wiped;

enum { SLOTS = 400, ROUNDS = 100000 };

static struct {
  unsigned char *bytes;
  size_t size;
  unsigned char fill;
} slots[SLOTS];

static uint32_t state = 1;

static uint32_t next_random(void) { /* xorshift32 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/* Mostly small, sometimes around the limits of the classes, rarely large. */
static size_t random_size(void) {
  switch (next_random() % 16) {
    case 0: return 1 + next_random() % 200000;
    case 1: return LARGEST_CUT - 20 + next_random() % 40;
    case 2: return FINE - 20 + next_random() % 40;
    case 3: return 1 + next_random() % LARGEST_CUT;
    default: return 1 + next_random() % 600;
  }
}

static void expect(bool condition, const char *what, int slot) {
  if (condition) return;
  fprintf(stderr, "slot %d of size %zu: %s\n", slot, slots[slot].size, what);
  exit(1);
}

static void check(int slot, size_t length) {
  const unsigned char *bytes = slots[slot].bytes;
  for (size_t i = 0; i < length; i++) expect(bytes[i] == slots[slot].fill, "content changed", slot);
}

static void fill(int slot, size_t size) {
  expect(slots[slot].bytes != NULL, "no memory", slot);
  expect((uintptr_t)slots[slot].bytes % ALIGNMENT == 0, "not aligned", slot);
  expect(usable_size(slots[slot].bytes) >= size, "too small", slot);
  slots[slot].size = size;
  slots[slot].fill = (unsigned char)next_random();
  memset(slots[slot].bytes, slots[slot].fill, usable_size(slots[slot].bytes));
}

static void step(int slot) {
  size_t size = random_size();
  if (slots[slot].bytes == NULL) {
    bool zeroed = next_random() % 2 == 0;
    slots[slot].bytes = zeroed ? allocate_zeroed(NULL, 1, size) : allocate(NULL, size);
    slots[slot].fill = 0;
    if (zeroed) check(slot, size);
    fill(slot, size);
    return;
  }
  check(slot, slots[slot].size);
  if (next_random() % 3 == 0) {
    release(NULL, slots[slot].bytes);
    slots[slot].bytes = NULL;
  } else {
    size_t kept = size < slots[slot].size ? size : slots[slot].size;
    slots[slot].bytes = resize(NULL, slots[slot].bytes, size);
    check(slot, kept);
    fill(slot, size);
  }
}

int main(void) {
  if (!host_new_heap()) return 1;
  for (int i = 0; i < ROUNDS; i++) step((int)(next_random() % SLOTS));
  if (allocate(NULL, TOTAL_LIMIT + 1) != NULL || allocate(NULL, SIZE_MAX) != NULL) return 1;
  if (allocate_zeroed(NULL, SIZE_MAX / 2, 3) != NULL) return 1;
  if (resize(NULL, slots[0].bytes, SIZE_MAX) != NULL) return 1;
  puts("ok");
  return 0;
}
