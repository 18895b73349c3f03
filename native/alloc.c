/*
 * Memory for the engine. One call of the plugin lives for milliseconds: blocks are cut from chunks and are
 * never given back to the system; a freed block waits in the list of its size. (The engine packs its small
 * objects into pages itself.) Very large blocks come from malloc and return to it. The whole has a limit: a
 * runaway program ends with JavaScript's "out of memory" instead of taking the node's. Against malloc alone
 * this saves 0.2 ms per start.
 *
 * All that the allocator knows is at the start of the first chunk, so a copy of that chunk is a heap too
 * (snapshot.c of linux/).
 */
#include <stdlib.h>
#include <string.h>
#include "host.h"

static const size_t TOTAL_LIMIT = (size_t)256 * 1024 * 1024;

#ifndef AZURE_VNET_PLAIN_MALLOC

enum {
  ALIGNMENT = 16,
  CHUNK_BYTES = 1024 * 1024,
  /* Sizes up to FINE are multiples of ALIGNMENT, those up to LARGEST_CUT of COARSE; larger ones come from malloc. */
  FINE = 8 * 1024,
  COARSE = 4 * 1024,
  LARGEST_CUT = 128 * 1024,
  FINE_LISTS = FINE / ALIGNMENT + 1,
  LISTS = FINE_LISTS + (LARGEST_CUT - FINE) / COARSE,
};

/* In front of every block; the payload keeps the alignment. */
struct header {
  size_t size; /* of the payload, as rounded_up() makes it */
  struct header *next_free;
};
_Static_assert(sizeof(struct header) == ALIGNMENT, "the payload must stay aligned");

/* At the start of the first chunk. */
struct heap {
  char *next, *end;             /* what is left of the newest chunk */
  struct header *free[LISTS];   /* by size */
  JSContext *context;           /* for who finds a copy */
};
_Static_assert(sizeof(struct heap) % ALIGNMENT == 0, "the first block must be aligned");

static struct heap *heap;

static struct header *header_of(const void *block) { return (struct header *)block - 1; }

static size_t rounded_up(size_t size) {
  size_t unit = size <= FINE ? ALIGNMENT : COARSE;
  return size == 0 ? ALIGNMENT : (size + unit - 1) / unit * unit;
}

/* The list of a size that is rounded up and not too large. */
static struct header **list_of(size_t size) {
  return &heap->free[size <= FINE ? size / ALIGNMENT : FINE_LISTS - 1 + (size - FINE) / COARSE];
}

static void *cut(size_t size) {
  size_t whole = size + sizeof(struct header);
  if ((size_t)(heap->end - heap->next) < whole) {
    char *chunk = host_pages(CHUNK_BYTES, 0);
    if (chunk == NULL) return NULL;
    heap->next = chunk;
    heap->end = chunk + CHUNK_BYTES;
  }
  struct header *header = (struct header *)heap->next;
  heap->next += whole;
  header->size = size;
  return header + 1;
}

static void *allocate(void *opaque, size_t size) {
  (void)opaque;
  if (size > TOTAL_LIMIT) return NULL;
  size = rounded_up(size);
  if (size > LARGEST_CUT) {
    struct header *header = malloc(size + sizeof *header);
    if (header == NULL) return NULL;
    header->size = size;
    return header + 1;
  }
  struct header **list = list_of(size);
  if (*list == NULL) return cut(size);
  struct header *header = *list;
  *list = header->next_free;
  return header + 1;
}

static void release(void *opaque, void *block) {
  (void)opaque;
  if (block == NULL) return;
  struct header *header = header_of(block);
  if (js_heap_wiped && header->size <= LARGEST_CUT) memset(block, 0, header->size);
  if (header->size > LARGEST_CUT) {
    free(header);
  } else if ((char *)block + header->size == heap->next) {
    heap->next = (char *)header;
  } else {
    struct header **list = list_of(header->size);
    header->next_free = *list;
    *list = header;
  }
}

static void *allocate_zeroed(void *opaque, size_t count, size_t size) {
  if (size != 0 && count > TOTAL_LIMIT / size) return NULL;
  void *block = allocate(opaque, count * size);
  if (block != NULL) memset(block, 0, count * size);
  return block;
}

/* The last block of the chunk grows and shrinks where it is. */
static bool resize_last(struct header *header, size_t size) {
  char *block = (char *)(header + 1);
  if (header->size > LARGEST_CUT || block + header->size != heap->next) return false;
  if (size > LARGEST_CUT || size > (size_t)(heap->end - block)) return false;
  if (js_heap_wiped && size < header->size) memset(block + size, 0, header->size - size);
  heap->next = block + size;
  header->size = size;
  return true;
}

static void *resize(void *opaque, void *block, size_t size) {
  if (block == NULL) return allocate(opaque, size);
  if (size == 0 || size > TOTAL_LIMIT) return NULL; /* the engine frees instead of asking for 0 */
  struct header *header = header_of(block);
  size_t rounded = rounded_up(size);
  if (rounded == header->size || resize_last(header, rounded)) return block;
  if (header->size > LARGEST_CUT && rounded > LARGEST_CUT) {
    header = realloc(header, rounded + sizeof *header);
    if (header == NULL) return NULL;
    header->size = rounded;
    return header + 1;
  }
  void *moved = allocate(opaque, size);
  if (moved == NULL) return NULL;
  memcpy(moved, block, size < header->size ? size : header->size);
  release(opaque, block);
  return moved;
}

static size_t usable_size(const void *block) { return block == NULL ? 0 : header_of(block)->size; }

static const JSMallocFunctions functions = {allocate_zeroed, allocate, release, resize, usable_size};

bool host_new_heap(void) {
  heap = host_pages(HOST_HEAP_BYTES, HOST_HEAP_NOW_BYTES);
  if (heap == NULL) return false;
  js_heap_start = (uintptr_t)heap;
  heap->next = (char *)(heap + 1);
  heap->end = (char *)heap + HOST_HEAP_BYTES;
  return true;
}

JSRuntime *host_new_runtime(void) {
  if (heap == NULL && !host_new_heap()) return NULL;
  JSRuntime *runtime = JS_NewRuntime2(&functions, NULL);
  if (runtime == NULL) return NULL;
  JS_SetMemoryLimit(runtime, TOTAL_LIMIT);
  return runtime;
}

struct host_span host_heap_for(JSContext *ctx) {
  heap->end = heap->next; /* the rest is not part of the copy */
  heap->context = ctx;
  return (struct host_span){(uint8_t *)heap, (size_t)(heap->next - (char *)heap)};
}

JSContext *host_use_heap(void *copy) {
  heap = copy;
  js_heap_start = (uintptr_t)heap;
  heap->end = (char *)heap + HOST_HEAP_BYTES;
  return heap->context;
}

#else

/* Under AddressSanitizer every block is malloc's, so that it sees each access outside of one. */
JSRuntime *host_new_runtime(void) {
  JSRuntime *runtime = JS_NewRuntime();
  if (runtime != NULL) JS_SetMemoryLimit(runtime, TOTAL_LIMIT);
  return runtime;
}

#endif
