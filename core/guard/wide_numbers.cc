// In code there is a number in every line, and hardly one is somebody's: what cannot be is told from the bytes around it, for all
// runs of a step together.
#include "core/guard/wide_numbers.h"

#include <bit>
#include <cstdint>

#include "core/base/wide.h"
#include "core/guard/byte_set.h"
#include "core/guard/number_runs.h"

namespace pg {

#ifdef PG_AVX2
namespace {

constexpr std::size_t kNumbersStep = 64;

struct Bytes64 {
  __m256i low, high;
};

PG_AVX2 inline std::uint64_t in_range(const Bytes64& bytes, char first, char size) {
  const __m256i from = _mm256_set1_epi8(first), last = _mm256_set1_epi8(static_cast<char>(size - 1));
  const __m256i low = _mm256_sub_epi8(bytes.low, from), high = _mm256_sub_epi8(bytes.high, from);
  return bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, last), low), _mm256_cmpeq_epi8(_mm256_min_epu8(high, last), high));
}

/// One of kGroupJoiner, " .()-": each has a lower half of its own.
PG_AVX2 inline std::uint64_t joiners(const Bytes64& bytes) {
  const __m256i by_low =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(' ', -1, -1, -1, -1, -1, -1, -1, '(', ')', -1, -1, -1, '-', '.', 0));
  return bits_of(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(by_low, bytes.low), bytes.low),
                 _mm256_cmpeq_epi8(_mm256_shuffle_epi8(by_low, bytes.high), bytes.high));
}

/// ' ' or '(', which differ in one bit.
PG_AVX2 inline std::uint64_t openers(const Bytes64& bytes) {
  const __m256i without = _mm256_set1_epi8(static_cast<char>(~('(' - ' '))), blank = _mm256_set1_epi8(' ');
  return bits_of(_mm256_cmpeq_epi8(_mm256_and_si256(bytes.low, without), blank),
                 _mm256_cmpeq_epi8(_mm256_and_si256(bytes.high, without), blank));
}

/// Places that stand `count` behind one of `bits`; `before` are those of the step before.
inline std::uint64_t behind(std::uint64_t bits, std::uint64_t before, unsigned count) {
  return bits << count | before >> (64 - count);
}

/// Places behind seven digits.
inline std::uint64_t behind_seven(std::uint64_t digits, std::uint64_t before) {
  __extension__ using Wide = unsigned __int128;
  const Wide one = static_cast<Wide>(digits) << 64 | before;
  const Wide two = one & one << 1, four = two & two << 2, seven = four & four << 3;
  return static_cast<std::uint64_t>((seven << 1) >> 64);
}

Place run_around(std::string_view text, std::size_t at) {
  Place run{at, at};
  while (run.begin > 0 && kDigits.has(text[run.begin - 1])) --run.begin;
  while (run.end < text.size() && kDigits.has(text[run.end])) ++run.end;
  return run;
}

PG_AVX2 std::size_t find_wide(std::string_view text, std::vector<Place>& runs) {
  std::uint64_t digits_before = 0, capitals_before = 0;
  std::size_t at = 0;
  for (; at + kNumbersStep < text.size(); at += kNumbersStep) {
    const auto* const data = reinterpret_cast<const __m256i*>(text.data() + at);
    const Bytes64 bytes{_mm256_loadu_si256(data), _mm256_loadu_si256(data + 1)};
    const std::uint64_t digits = in_range(bytes, '0', 10), capitals = in_range(bytes, 'A', 26);
    const std::uint64_t after = behind(digits, digits_before, 1);
    const std::uint64_t group_starts = digits | openers(bytes);
    const std::uint64_t next_is_one = group_starts >> 1 | static_cast<std::uint64_t>(kGroupStart.has(text[at + kNumbersStep]))
                                                              << 63;
    const std::uint64_t ends = after & ~digits & (behind_seven(digits, digits_before) | (joiners(bytes) & next_is_one));
    const std::uint64_t codes = digits & ~after & behind(capitals, capitals_before, 1) & behind(capitals, capitals_before, 2);
    for (std::uint64_t found = ends | codes; found != 0; found &= found - 1) {
      const auto place = static_cast<unsigned>(std::countr_zero(found));
      const Place run = run_around(text, at + place);
      if (runs.empty() || runs.back().begin != run.begin) runs.push_back(run);
    }
    digits_before = digits;
    capitals_before = capitals;
  }
  return at;
}

}  // namespace
#endif

std::size_t find_number_runs(std::string_view text, std::vector<Place>& runs) {
#ifdef PG_AVX2
  if (text.size() > kNumbersStep && has_avx2()) return find_wide(text, runs);
#endif
  (void)text, (void)runs;
  return 0;
}

}  // namespace pg
