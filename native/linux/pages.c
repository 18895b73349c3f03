/* Memory from the kernel. */
#include <sys/mman.h>
#include "linux.h"

void *host_pages(size_t bytes, size_t now) {
  int access = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
  void *pages = mmap(NULL, bytes, access, flags, -1, 0);
  if (pages != MAP_FAILED && now > 0) {
    pages = mmap(pages, now, access, flags | MAP_FIXED | MAP_POPULATE, -1, 0);
  }
  return pages == MAP_FAILED ? NULL : pages;
}
