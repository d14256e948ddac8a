// mimalloc takes malloc's place in pg alone: tests and sanitizers have another allocator, and no such function.
#include "core/base/memory.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

extern "C" void mi_collect(bool force) __attribute__((weak));

namespace pg {

void give_back_memory() {
  if (mi_collect != nullptr) return mi_collect(true);
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace pg
