// What harnesses share.
#pragma once

#include <cstdlib>

#include "core/base/clock.h"

namespace pg {

/// Ends the program when it is not so: the fuzzer keeps the input.
inline void expect(bool good) {
  if (!good) std::abort();
}

inline constexpr UnixMillis kFuzzNow = 1'764'000'000'000;

}  // namespace pg
