// The anchors' filter by wide registers: many places of a text looked up at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/processor.h"

namespace pg {

/// A bitmap of three bytes: bit `place` of it, where `place` is the upper bits of (four bytes in the order of memory) * `factor`
/// from bit `shift` on. The fourth byte counts for nothing when the lowest byte of `factor` is 0.
struct PlaceFilter {
  const std::uint32_t* bitmap;
  std::uint32_t factor;
  int shift;
};

/// The even offsets into `text` whose three bytes stand in the bitmap, of `steps` * kPlaceStep bytes, are written to `places`, in
/// order; how many they are. Reads kPlaceReads bytes beyond those bytes. `places` has room for kMostPlaces a step, and some of it
/// is written behind the last, too.
using FindPlaces = std::size_t(const char* text, std::size_t steps, const PlaceFilter& filter, std::uint16_t* places);
inline constexpr std::size_t kPlaceStep = 64, kPlaceReads = 2, kMostPlaces = kPlaceStep / 2;

#ifdef PG_AVX2
FindPlaces find_places_gathered;  // for has_avx2(): quicker where has_quick_gather()
FindPlaces find_places_loaded;    // for has_avx2(): quicker elsewhere
#endif
#ifdef PG_AVX512
FindPlaces find_places_512;  // for has_avx512(): quicker where has_quick_gather()
#endif

/// The quickest of them here; nullptr where there is none.
FindPlaces* quickest_find_places();

}  // namespace pg
