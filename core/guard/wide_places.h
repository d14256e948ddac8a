// The anchors' filter by wide registers: sixteen places of a text looked up at once.
#pragma once

#include <cstdint>

#include "core/base/processor.h"

namespace pg {

#ifdef PG_AVX2
/// Bit k (even ones only) tells whether the three bytes at text + k, 0 <= k < 32, stand in the bitmap: a place is the upper bits
/// of (four bytes in the order of memory) * `factor` from bit `shift` on. Reads up to text + 40. For processors with has_avx2()
/// alone.
using FindPlaces = std::uint32_t(const char* text, const std::uint32_t* bitmap, std::uint32_t factor, int shift);
FindPlaces find_places_gathered;  // quicker where has_quick_gather()
FindPlaces find_places_loaded;    // quicker elsewhere
inline constexpr unsigned kWidePlaces = 32, kWideReads = 40;
#endif

}  // namespace pg
