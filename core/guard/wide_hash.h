// The keyed hash of long texts by the widest registers there are: the same value as the plain way in about half the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/processor.h"

namespace pg {

#ifdef PG_AVX2
/// XXH3_128bits_withSecret(): low and high half. For processors with has_avx2() alone.
std::pair<std::uint64_t, std::uint64_t> hash_wide(std::string_view text, std::string_view secret);
#endif

}  // namespace pg
