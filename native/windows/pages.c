/* Memory from Windows. */
#include "windows.h"

void *host_pages(size_t bytes, size_t now) {
  (void)now; /* Windows has no flag for it */
  return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
