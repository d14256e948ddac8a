// What several passes that look at 64 bytes at a time share.
#pragma once

#include "core/base/processor.h"

#ifdef PG_AVX2
// g++ 12 takes what its own header leaves undefined on purpose for a mistake (GCC 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <array>
#include <cstddef>
#include <cstdint>

namespace pg {

/// For each choice of eight: which are chosen, in order.
inline constexpr std::array<std::array<std::uint8_t, 8>, 256> kChosenOfEight = [] {
  std::array<std::array<std::uint8_t, 8>, 256> table{};
  for (unsigned choice = 0; choice < table.size(); ++choice) {
    std::size_t count = 0;
    for (std::uint8_t i = 0; i < 8; ++i)
      if ((choice >> i & 1) != 0) table[choice][count++] = i;
  }
  return table;
}();

/// A bit for each of 64 bytes, set where its top bit is: of what a comparison gives, where it held. Bit 0 is the first of `low`.
PG_AVX2 inline std::uint64_t bits_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

#ifdef PG_AVX512
/// The lowest `count` of 64 bits, or all of them.
PG_AVX512 inline std::uint64_t first_bits(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}
#endif

}  // namespace pg
#endif
