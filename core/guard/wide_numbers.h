// Runs of digits that a finder may take for a number of somebody's, 64 bytes at a time, on processors that have the instructions.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/base/processor.h"
#include "core/guard/matcher.h"

namespace pg {

using TakeRuns = std::function<void(std::span<const Place> runs)>;

/// Hands over, some at a time and in order, those runs of digits in `text` that a finder may take. Never left out is one of at
/// least seven digits, one of at least two behind two capital letters, and one that joins groups which have seven digits in all,
/// or three joiners.
using FindNumberRuns = void(std::string_view text, const TakeRuns& taker);

#ifdef PG_AVX2
FindNumberRuns find_number_runs_256;  // for has_avx2()
#endif
#ifdef PG_AVX512
FindNumberRuns find_number_runs_512;  // for has_avx512()
#endif

/// The quickest of them here; nullptr where there is none.
FindNumberRuns* quickest_find_number_runs();

}  // namespace pg
