// mimalloc takes malloc's place in pg alone: tests and sanitizers have another allocator, and no such function.
#include "core/base/memory.h"

#include <cstdlib>
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PG_HAS_MALLOC_TRIM  // a sanitizer's malloc leaves glibc's own unready to be asked
#include <malloc.h>
#endif

extern "C" void mi_collect(bool force) __attribute__((weak));

namespace pg {

void give_back_memory() {
  if (mi_collect != nullptr) return mi_collect(true);
#ifdef PG_HAS_MALLOC_TRIM
  ::malloc_trim(0);
#endif
}

}  // namespace pg
