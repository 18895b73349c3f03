/*
 * The heap of a loaded plugin, kept in the executable. The build links the executable with the bytecode of the
 * plugin, lets it load that and write out its heap (`azure-vnet --snapshot`), and puts the heap in the place of
 * the bytecode (scripts/build/snapshot.ts, which describes the form and checks what it is given). A call then
 * copies the heap to fresh memory instead of building it anew, which takes a fifth of the time.
 */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "linux.h"

#ifndef AZURE_VNET_PLAIN_MALLOC

/* What follows `host_program` in images.c, written by the build. */
enum kind { TO_BE_MADE, BYTECODE, SNAPSHOT };

struct program {
  uint32_t kind;
  uint32_t groups;   /* of the heap, each of 32 words */
  uint32_t pointers; /* words that point into the executable */
  uint32_t unused;
  uint64_t zero;     /* no bytecode begins so */
  uint64_t content[];
};
extern const struct program host_program __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/*
 * Each word of the heap by its two bits of a tag: zero, a number of four bytes, an offset into the heap of four
 * bytes, or eight bytes as they are. No branches: they would be mispredicted, and cost more than all the rest.
 */
static const char *unpack(uint64_t *words, uint32_t groups, const uint64_t *tags, const char *data) {
  static const uint64_t masks[] = {0, UINT32_MAX, UINT32_MAX, UINT64_MAX};
  static const uint8_t lengths[] = {0, 4, 4, 8};
  const uint64_t bases[] = {0, 0, (uintptr_t)words, 0};
  for (uint32_t group = 0; group < groups; group++) {
    uint64_t tag = tags[group];
    if (tag == 0) { /* the memory is new */
      words += 32;
      continue;
    }
    for (int i = 0; i < 32; i++, tag >>= 2) {
      uint64_t word;
      memcpy(&word, data, sizeof word);
      *words++ = (word & masks[tag & 3]) + bases[tag & 3];
      data += lengths[tag & 3];
    }
  }
  return data;
}

JSContext *host_from_snapshot(const struct host_image *image) {
  const struct program *program = &host_program;
  if (program->kind != SNAPSHOT || strcmp(image->name, "plugin") != 0) return NULL;
  uint64_t *words = host_pages(HOST_HEAP_BYTES, HOST_HEAP_NOW_BYTES);
  if (words == NULL) return NULL;
  const uint64_t *tags = program->content;
  const uint32_t *places = (const uint32_t *)(tags + program->groups);
  unpack(words, program->groups, tags, (const char *)(places + program->pointers));
  for (uint32_t i = 0; i < program->pointers; i++) words[places[i]] += (uintptr_t)__ehdr_start;
  JSContext *ctx = host_use_heap(words);
  JS_UpdateStackTop(JS_GetRuntime(ctx));
  return ctx;
}

/* The segment with the variables of host, engine and C library. */
static struct host_span variables(void) {
  const ElfW(Ehdr) *file = (const ElfW(Ehdr) *)__ehdr_start;
  const ElfW(Phdr) *header = (const ElfW(Phdr) *)(__ehdr_start + file->e_phoff);
  for (int i = 0; i < file->e_phnum; i++, header++) {
    if (header->p_type != PT_LOAD || !(header->p_flags & PF_W)) continue;
    return (struct host_span){(uint8_t *)__ehdr_start + header->p_vaddr, header->p_memsz};
  }
  return (struct host_span){NULL, 0};
}

static bool write_out(const void *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(STDOUT_FILENO, bytes, length);
    if (written <= 0) return false;
    bytes = (const char *)bytes + written;
    length -= (size_t)written;
  }
  return true;
}

bool host_snapshot_due(void) {
  return host_program.kind == TO_BE_MADE && host_argc > 1 && strcmp(host_argv[1], "--snapshot") == 0;
}

/* Numbers, variables before and after, heap. */
int host_write_snapshot(void) {
  struct host_span data = variables();
  if (data.bytes == NULL || !host_new_heap()) return 1;
  js_heap_wiped = true;
  if (!write_out(data.bytes, data.length)) return 1;
  JSContext *ctx = host_load_program(host_find_image("plugin"));
  if (ctx == NULL || !write_out(data.bytes, data.length)) return 1;
  struct host_span heap = host_heap_for(ctx);
  if (heap.length > HOST_HEAP_BYTES) {
    fputs("azure-vnet: the heap of the loaded plugin does not fit into HOST_HEAP_BYTES\n", stderr);
    return 1;
  }
  const uint64_t numbers[] = {
      data.length, heap.length, HOST_HEAP_NOW_BYTES, (uintptr_t)heap.bytes, (uintptr_t)__ehdr_start,
      (uintptr_t)_end, (uintptr_t)&data,
  };
  return write_out(heap.bytes, heap.length) && write_out(numbers, sizeof numbers) ? 0 : 1;
}

#else

JSContext *host_from_snapshot(const struct host_image *image) {
  (void)image;
  return NULL;
}

bool host_snapshot_due(void) { return false; }

int host_write_snapshot(void) { return 1; }

#endif
