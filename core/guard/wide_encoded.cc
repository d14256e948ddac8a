// A run that lies in two steps is the end of one and the beginning of the next.
#include "core/guard/wide_encoded.h"

#ifdef PG_AVX512
#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/base/wide.h"
#include "core/guard/encoded_runs.h"

namespace pg {
namespace {

constexpr std::size_t kEncodedStep = 64;

// Where a row of kShortestBase64 ones begins.
inline std::uint64_t long_rows(std::uint64_t bits) {
  static_assert(kShortestBase64 == 16 + 11);
  bits &= bits >> 1;
  bits &= bits >> 2;
  bits &= bits >> 4;
  bits &= bits >> 8;
  return bits & bits >> 11;
}

}  // namespace

PG_AVX512 EncodedSigns find_encoded_signs_512(std::string_view text) {
  // A byte of [A-Za-z0-9+/_-] has a bit in common in the tables of its halves.
  const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 5, 4, 13));
  const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m512i backslash = _mm512_set1_epi8('\\'), percent = _mm512_set1_epi8('%'), half = _mm512_set1_epi8(0x0F);
  EncodedSigns signs{false, text.size()};
  std::size_t before = 0;  // bytes of a run that the step before ended with
  for (std::size_t at = 0; at < text.size(); at += kEncodedStep) {
    const std::size_t left = std::min(text.size() - at, kEncodedStep);
    const __m512i bytes = _mm512_maskz_loadu_epi8(~std::uint64_t{0} >> (kEncodedStep - left), text.data() + at);
    const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half);
    const std::uint64_t in_run = _mm512_test_epi8_mask(_mm512_shuffle_epi8(low, bytes), _mm512_shuffle_epi8(high, upper));
    const auto ahead = static_cast<std::size_t>(std::countr_one(in_run));
    if (long_rows(in_run) != 0 || before + ahead >= kShortestBase64) return {true, signs.first_sign};
    before = static_cast<std::size_t>(std::countl_one(in_run));
    if (signs.first_sign < text.size()) continue;
    const std::uint64_t found = _mm512_cmpeq_epi8_mask(bytes, backslash) | _mm512_cmpeq_epi8_mask(bytes, percent);
    if (found != 0) signs.first_sign = at + static_cast<std::size_t>(std::countr_zero(found));
  }
  return signs;
}

}  // namespace pg
#endif
