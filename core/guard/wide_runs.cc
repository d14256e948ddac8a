// Pieces of 16 bytes are looked at, 12 bytes apart: a run of 27 bytes holds one of them whole, wherever it begins.
#include "core/guard/wide_runs.h"

#include "core/base/processor.h"
#include "core/guard/encoded_runs.h"

#ifdef PG_AVX2
#include <immintrin.h>

#include <bit>
#include <cstdint>
#endif

namespace pg {

#ifdef PG_AVX2
namespace {

constexpr std::size_t kLooked = 16, kApart = 12, kRunsStep = 4 * kApart;
static_assert(kLooked + kApart - 1 == kShortestBase64);

/// Which bytes belong to no run, all ones each. A byte of [A-Za-z0-9+/_-] has a bit in common in the tables of its halves.
PG_AVX2 inline __m256i strangers(__m256i bytes) {
  // Bit 0: + - /   1: digits   2: @A-O and `a-o without their first   3: P-Z and _   4: p-z
  const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 5, 4, 13));
  const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
  const __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper));
  return _mm256_cmpeq_epi8(both, _mm256_setzero_si256());
}

/// The pieces at `at` and `kApart` behind it: a bit for each stranger.
PG_AVX2 inline std::uint32_t look(const char* at) {
  const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + kApart));
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(strangers(_mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1))));
}

PG_AVX2 inline std::uint32_t look_at_32(const char* at) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(strangers(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)))));
}

inline bool has_whole_piece(std::uint32_t found) {
  return (found & 0xFFFF) == 0 || found >> 16 == 0;
}

/// The run around `at`, which is part of one.
PG_AVX2 Place extend(std::string_view text, std::size_t from, std::size_t at) {
  Place run{at, at};
  while (run.begin >= from + 32) {
    const std::uint32_t found = look_at_32(text.data() + run.begin - 32);
    run.begin -= static_cast<std::size_t>(std::countl_zero(found));
    if (found != 0) break;
  }
  while (run.begin > from && kRunBytes.has(text[run.begin - 1])) --run.begin;
  while (run.end + 32 <= text.size()) {
    const std::uint32_t found = look_at_32(text.data() + run.end);
    run.end += static_cast<std::size_t>(std::countr_zero(found));
    if (found != 0) return run;
  }
  while (run.end < text.size() && kRunBytes.has(text[run.end])) ++run.end;
  return run;
}

PG_AVX2 Place skip_wide(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at + kRunsStep + kLooked <= text.size()) {
    const std::uint32_t near = look(text.data() + at), far = look(text.data() + at + 2 * kApart);
    if (!has_whole_piece(near) && !has_whole_piece(far)) {
      at += kRunsStep;
      continue;
    }
    if ((near & 0xFFFF) != 0) at += near >> 16 == 0 ? kApart : (far & 0xFFFF) == 0 ? 2 * kApart : 3 * kApart;
    const Place run = extend(text, from, at);
    if (run.size() >= kShortestBase64) return run;
    at = from = run.end;
  }
  // A run that began more than a piece's distance ago would have held one.
  const std::size_t rest = at - from < kApart ? from : at - kApart + 1;
  return {rest, rest};
}

}  // namespace
#endif

std::optional<Place> skip_short_runs([[maybe_unused]] std::string_view text, [[maybe_unused]] std::size_t from) {
#ifdef PG_AVX2
  if (has_avx2()) return skip_wide(text, from);
#endif
  return std::nullopt;
}

}  // namespace pg
