// xxHash picks its registers when it is compiled. Here that is done a second time, for AVX2; all of its functions are this file's
// own, and what it includes itself comes first, so that nothing else is compiled for that processor.
#include "core/guard/wide_hash.h"

#ifdef PG_AVX2
#include <immintrin.h>

#include <climits>
#include <cstdlib>
#include <cstring>

// clang has no such pragma: there, for fuzzing and tidy alone, the same value comes from the usual registers.
#ifndef __clang__
#pragma GCC push_options
#pragma GCC target("avx2,bmi")
#define XXH_VECTOR 2  // XXH_AVX2: xxHash asks for the compiler's macros, which the pragma leaves as they are
#endif
// A long text has just come from the kernel, whose copy leaves it in the farthest cache only: asked for from farther ahead than
// xxHash does by itself, a body of 1 MB is hashed in a tenth less time.
#define XXH_PREFETCH_DIST 2048
#define XXH_INLINE_ALL
#include <xxhash.h>
#if !defined(__clang__) && XXH_VECTOR != XXH_AVX2
#error "this version of xxHash names its vectors otherwise"
#endif

namespace pg {

std::pair<std::uint64_t, std::uint64_t> hash_wide(std::string_view text, std::string_view secret) {
  const XXH128_hash_t hash = XXH3_128bits_withSecret(text.data(), text.size(), secret.data(), secret.size());
  return {hash.low64, hash.high64};
}

}  // namespace pg
#ifndef __clang__
#pragma GCC pop_options
#endif
#endif
