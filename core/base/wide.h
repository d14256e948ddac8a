// What several passes that look at 64 bytes at a time share.
#pragma once

#include "core/base/processor.h"

#ifdef PG_AVX2
#include <immintrin.h>

#include <cstdint>

namespace pg {

/// A bit for each of 64 bytes, set where its top bit is: of what a comparison gives, where it held. Bit 0 is the first of `low`.
PG_AVX2 inline std::uint64_t bits_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

}  // namespace pg
#endif
