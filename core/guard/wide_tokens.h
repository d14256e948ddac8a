// The search for what numbers a placeholder, 64 bytes a step.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/processor.h"

namespace pg {

/// The first underscore before a digit in `text` at or behind `at`, or text.size().
using FindNumbered = std::size_t(std::string_view text, std::size_t at);
FindNumbered find_numbered_plain;
#ifdef PG_AVX2
FindNumbered find_numbered_256;  // for has_avx2()
#endif

}  // namespace pg
