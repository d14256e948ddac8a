// In code there is a number in every line, and hardly one is somebody's: what cannot be is told from the bytes around it, for all
// runs of a step together, and the few that are left by what they join.
#include "core/guard/wide_numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/wide.h"
#include "core/guard/byte_set.h"

namespace pg {

#ifdef PG_AVX2
namespace {

constexpr std::size_t kNumbersStep = 64;

constexpr std::size_t kSteps = 32;  // looked at together

/// What the bytes of some steps are, a bit for each. Joiners and openers are kGroupJoiner " .()-" and what of kGroupStart is no
/// digit, " (". The first two steps are the last two of those before; the last waits for what stands behind it.
struct Sorted {
  using Bits = std::array<std::uint64_t, kSteps + 2>;
  Bits digits, joiners, openers, capitals;
  Bits places;  // where a run ends, or begins behind capital letters, that may be a number; but for the first step and the last
};

/// Sorts `steps` times 64 bytes as those from the third step on, and finds the places.
using SortBytes = void(const char* bytes, std::size_t steps, Sorted& sorted);

/// Places that stand `count` behind, or before, one of `bits`; `before` and `next` are those of the steps around.
inline std::uint64_t behind(std::uint64_t bits, std::uint64_t before, unsigned count) {
  return bits << count | before >> (64 - count);
}
inline std::uint64_t ahead(std::uint64_t bits, std::uint64_t next, unsigned count) {
  return bits >> count | next << (64 - count);
}

/// Places behind seven digits.
inline std::uint64_t behind_seven(std::uint64_t digits, std::uint64_t before) {
  const std::uint64_t two = digits & behind(digits, before, 1), two_before = before & before << 1;
  const std::uint64_t four = two & behind(two, two_before, 2), four_before = two_before & two_before << 2;
  const std::uint64_t seven = four & behind(four, four_before, 3), seven_before = four_before & four_before << 3;
  return behind(seven, seven_before, 1);
}

/// Plain arithmetic on the bits of each step, which the compiler does for several at once.
inline void find_number_places(Sorted& s, std::size_t steps) {
  for (std::size_t i = 1; i <= steps; ++i) {
    const std::uint64_t digits = s.digits[i], after = behind(digits, s.digits[i - 1], 1);
    const std::uint64_t second = ahead(digits, s.digits[i + 1], 1);
    // Up to three joiners and a digit go on with a number.
    const std::uint64_t third =
        ahead(digits, s.digits[i + 1], 2) | (ahead(s.joiners[i], s.joiners[i + 1], 2) & ahead(digits, s.digits[i + 1], 3));
    const std::uint64_t joined = s.joiners[i] & (second | (ahead(s.openers[i], s.openers[i + 1], 1) & third));
    const std::uint64_t ends = after & ~digits & (behind_seven(digits, s.digits[i - 1]) | joined);
    const std::uint64_t codes =
        digits & ~after & second & behind(s.capitals[i], s.capitals[i - 1], 1) & behind(s.capitals[i], s.capitals[i - 1], 2);
    s.places[i] = ends | codes;
  }
}

struct Bytes64 {
  __m256i low, high;
};

PG_AVX2 inline std::uint64_t in_range(const Bytes64& bytes, char first, char size) {
  const __m256i from = _mm256_set1_epi8(first), last = _mm256_set1_epi8(static_cast<char>(size - 1));
  const __m256i low = _mm256_sub_epi8(bytes.low, from), high = _mm256_sub_epi8(bytes.high, from);
  return bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, last), low), _mm256_cmpeq_epi8(_mm256_min_epu8(high, last), high));
}

/// Each joiner has a lower half of its own.
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

PG_AVX2 void sort_bytes_256(const char* bytes, std::size_t steps, Sorted& sorted) {
  for (std::size_t i = 0; i < steps; ++i) {
    const auto* const data = reinterpret_cast<const __m256i*>(bytes + i * kNumbersStep);
    const Bytes64 both{_mm256_loadu_si256(data), _mm256_loadu_si256(data + 1)};
    sorted.digits[i + 2] = in_range(both, '0', 10);
    sorted.joiners[i + 2] = joiners(both);
    sorted.openers[i + 2] = openers(both);
    sorted.capitals[i + 2] = in_range(both, 'A', 26);
  }
  find_number_places(sorted, steps);
}

#ifdef PG_AVX512
PG_AVX512 void sort_bytes_512(const char* bytes, std::size_t steps, Sorted& sorted) {
  const __m512i zero = _mm512_set1_epi8('0'), ten = _mm512_set1_epi8(10), a = _mm512_set1_epi8('A'), z = _mm512_set1_epi8(26);
  const __m512i without = _mm512_set1_epi8(static_cast<char>(~('(' - ' '))), blank = _mm512_set1_epi8(' ');
  const __m512i by_low =
      _mm512_broadcast_i32x4(_mm_setr_epi8(' ', -1, -1, -1, -1, -1, -1, -1, '(', ')', -1, -1, -1, '-', '.', 0));
  for (std::size_t i = 0; i < steps; ++i) {
    const __m512i all = _mm512_loadu_si512(bytes + i * kNumbersStep);
    sorted.digits[i + 2] = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(all, zero), ten);
    sorted.joiners[i + 2] = _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(by_low, all), all);
    sorted.openers[i + 2] = _mm512_cmpeq_epi8_mask(_mm512_and_si512(all, without), blank);
    sorted.capitals[i + 2] = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(all, a), z);
  }
  find_number_places(sorted, steps);
}
#endif

/// 64 places from `place` on, and the 64 that end there, as its highest bits.
inline std::uint64_t beginning_at(std::uint64_t bits, std::uint64_t next, unsigned place) {
  return bits >> place | next << 1 << (63 - place);
}
inline std::uint64_t ending_at(std::uint64_t bits, std::uint64_t before, unsigned place) {
  return bits << (63 - place) << 1 | before >> place;
}

/// Groups that fewer than seven digits belong to are no number, nor an address when it takes no three dots to join them.
PG_AVX2 inline bool may_be_number(std::size_t size, std::uint64_t digits, std::uint64_t joiners) {
  const auto length = static_cast<unsigned>(std::countr_one(digits | joiners));
  if (size >= 7 || length == 64) return true;
  const std::uint64_t inside = (std::uint64_t{1} << length) - 1;
  return size + static_cast<unsigned>(std::popcount(digits & inside)) >= 7 || std::popcount(joiners & inside) >= 3;
}

class Runs {
 public:
  Runs(std::string_view text, const TakeRuns& taker) : text_(text), taker_(taker) {}

  /// Those whose places are in step `i`, which begins at `at`.
  PG_AVX2 void take(const Sorted& s, std::size_t i, std::size_t at) {
    for (std::uint64_t places = s.places[i]; places != 0; places &= places - 1) {
      const auto place = static_cast<unsigned>(std::countr_zero(places));
      const auto size = static_cast<std::size_t>(std::countl_one(ending_at(s.digits[i], s.digits[i - 1], place)));
      if (size == 0)
        add_code(at + place);
      else if (may_be_number(size, beginning_at(s.digits[i], s.digits[i + 1], place),
                             beginning_at(s.joiners[i], s.joiners[i + 1], place)))
        add_ended(at + place, size);
    }
  }
  void hand_over() {
    if (!found_.empty()) taker_(found_);
    found_.clear();
  }

 private:
  void add_ended(std::size_t end, std::size_t size) {
    std::size_t begin = end - size;
    while (size >= kNumbersStep && begin > 0 && kDigits.has(text_[begin - 1])) --begin;
    if (begin != last_begin_) add({begin, end});
  }
  void add_code(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && kDigits.has(text_[end])) ++end;
    add({begin, end});
  }
  void add(const Place& run) {
    last_begin_ = run.begin;
    found_.push_back(run);
  }

  std::string_view text_;
  const TakeRuns& taker_;
  std::vector<Place> found_;
  std::size_t last_begin_ = std::string_view::npos;
};

void find_runs(std::string_view text, const TakeRuns& taker, SortBytes* sort_bytes) {
  Runs runs(text, taker);
  Sorted s;
  s.digits[0] = s.digits[1] = s.joiners[1] = s.openers[1] = s.capitals[0] = s.capitals[1] = 0;
  std::size_t at = 0;
  const auto look = [&](const char* bytes, std::size_t steps) {
    sort_bytes(bytes, steps, s);
    for (std::size_t i = 1; i <= steps; ++i, at += kNumbersStep)
      if (s.places[i] != 0) runs.take(s, i, at - kNumbersStep);
    runs.hand_over();  // a text may be a number every other byte
    for (Sorted::Bits* const bits : {&s.digits, &s.joiners, &s.openers, &s.capitals}) {
      (*bits)[0] = (*bits)[steps];
      (*bits)[1] = (*bits)[steps + 1];
    }
  };
  while (at + kNumbersStep <= text.size()) look(text.data() + at, std::min(kSteps, (text.size() - at) / kNumbersStep));
  // The last bytes, with nothing behind them; and for the runs that end with the text a step of nothing.
  std::array<char, 2 * kNumbersStep> last{};
  text.substr(at).copy(last.data(), kNumbersStep);
  look(last.data(), 2);
}

}  // namespace

PG_AVX2 void find_number_runs_256(std::string_view text, const TakeRuns& taker) {
  find_runs(text, taker, sort_bytes_256);
}
#endif

#ifdef PG_AVX512
PG_AVX512 void find_number_runs_512(std::string_view text, const TakeRuns& taker) {
  find_runs(text, taker, sort_bytes_512);
}
#endif

FindNumberRuns* quickest_find_number_runs() {
#ifdef PG_AVX512
  if (has_avx512()) return find_number_runs_512;
#endif
#ifdef PG_AVX2
  if (has_avx2()) return find_number_runs_256;
#endif
  return nullptr;
}

}  // namespace pg
