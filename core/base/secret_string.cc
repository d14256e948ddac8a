// The one overwrite that the optimiser may not drop.
#include "core/base/secret_string.h"

#include <cstring>

namespace pg {

void wipe(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  // The compiler must assume that this reads the bytes, so the memset above stays.
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

}  // namespace pg
