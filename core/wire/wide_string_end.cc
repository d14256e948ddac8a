// Where a string ends, 64 bytes a step. What is rarer than a backslash and a letter is looked at one by one.
#include <algorithm>
#include <array>
#include <bit>

#include "core/base/wide.h"
#include "core/wire/json_escapes.h"
#include "core/wire/wide_strings.h"

namespace pg {

#ifdef PG_AVX2
namespace {

constexpr std::size_t kEndStep = 64;

struct Masks {
  std::uint64_t quotes = 0, slashes = 0, controls = 0;
};

PG_AVX2 inline Masks masks_of(__m256i low, __m256i high) {
  const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
  return {
      bits_of(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
      bits_of(_mm256_cmpeq_epi8(low, slash), _mm256_cmpeq_epi8(high, slash)),
      bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, control), low), _mm256_cmpeq_epi8(_mm256_min_epu8(high, control), high))};
}

// Which bytes may stand behind a backslash alone: one of "\/bfnrt. A table for each half of a byte; a bit is one upper half.
PG_AVX2 inline __m256i is_simple(__m256i bytes) {
  const __m256i by_low =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0b1101, 0, 0b1000, 0, 0b0100, 0, 0, 0, 0, 0, 0b0010, 0, 0b0100, 0b0001));
  const __m256i by_high =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0b0001, 0, 0, 0b0010, 0b0100, 0b1000, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
  const __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(by_high, high));
  return _mm256_cmpgt_epi8(both, _mm256_setzero_si256());
}

// One by one, from `at` until past `end`: for what is rarer than a backslash and a letter.
Special walk_specials(std::string_view text, std::size_t& at, std::size_t end, StringFacts& facts) {
  while (at < end) {
    at = find_string_special(text.substr(0, end), at);
    if (at == end) break;
    const Special special = take_special(text, at, facts);
    if (special != Special::escape) return special;
  }
  return Special::escape;
}

}  // namespace

PG_AVX2 bool find_string_end_256(std::string_view text, std::size_t& at, StringFacts& facts) {
  std::uint64_t carry = 0;
  for (; at + kEndStep <= text.size(); at += kEndStep) {
    const auto* const data = reinterpret_cast<const __m256i*>(text.data() + at);
    const __m256i low = _mm256_loadu_si256(data), high = _mm256_loadu_si256(data + 1);
    facts.ascii = facts.ascii && _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0;
    const Masks masks = masks_of(low, high);
    if ((masks.slashes | carry) == 0) {
      const std::uint64_t specials = masks.quotes | masks.controls;
      if (specials == 0) continue;
      at += static_cast<std::size_t>(std::countr_zero(specials));
      return text[at] == '"';
    }
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(masks.slashes, carry);
    const std::uint64_t ends = masks.quotes & ~behind;
    const std::uint64_t inside = (ends & (0 - ends)) - 1;  // before the first end, or everything
    if (((masks.controls | (behind & ~bits_of(is_simple(low), is_simple(high)))) & inside) != 0) {  // \u or a fault
      const std::size_t end = at + kEndStep;
      at -= before_carry;
      carry = 0;
      const Special special = walk_specials(text, at, end, facts);
      if (special != Special::escape) return special == Special::end;
      at -= kEndStep;  // and it may stand beyond `end`
      continue;
    }
    facts.escaped = facts.escaped || (behind & inside) != 0;
    if (ends != 0) {
      at += static_cast<std::size_t>(std::countr_zero(ends));
      return true;
    }
  }
  at -= carry;
  return find_string_end_plain(text, at, facts);
}
#endif

#ifdef PG_AVX512
namespace {

/// Of 128 bytes of ASCII, which may stand behind a backslash alone.
constexpr std::array<std::uint8_t, 128> kSimple = [] {
  std::array<std::uint8_t, 128> table{};
  for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) table[static_cast<unsigned char>(c)] = 1;
  return table;
}();

}  // namespace

// As above, but that the last bytes are a step of their own, of which those beyond the text are not read.
PG_AVX512 bool find_string_end_512(std::string_view text, std::size_t& at, StringFacts& facts) {
  const __m512i quote = _mm512_set1_epi8('"'), slash = _mm512_set1_epi8('\\'), blank = _mm512_set1_epi8(' ');
  const __m512i simple_low = _mm512_loadu_si512(kSimple.data()), simple_high = _mm512_loadu_si512(kSimple.data() + kEndStep);
  std::uint64_t carry = 0, beyond_ascii = 0, escapes = 0;
  const auto tell = [&](bool found) {
    facts.ascii = facts.ascii && beyond_ascii == 0;
    facts.escaped = facts.escaped || escapes != 0;
    return found;
  };
  for (; at < text.size(); at += kEndStep) {
    const std::uint64_t inside_text = first_bits(text.size() - at);
    const __m512i bytes = _mm512_maskz_loadu_epi8(inside_text, text.data() + at);
    const std::uint64_t no_ascii = _mm512_movepi8_mask(bytes);
    beyond_ascii |= no_ascii;
    const std::uint64_t quotes = _mm512_cmpeq_epi8_mask(bytes, quote), slashes = _mm512_cmpeq_epi8_mask(bytes, slash);
    const std::uint64_t controls = _mm512_mask_cmplt_epu8_mask(inside_text, bytes, blank);
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(slashes, carry);
    const std::uint64_t ends = quotes & ~behind;
    const std::uint64_t inside = (ends & (0 - ends)) - 1;  // before the first end, or everything
    const __m512i simple = _mm512_permutex2var_epi8(simple_low, bytes, simple_high);
    const std::uint64_t is_simple = _mm512_test_epi8_mask(simple, simple) & ~no_ascii;
    if (((controls | (behind & ~is_simple)) & inside) != 0) {  // \u or a fault, such as a text that ends here
      const std::size_t end = std::min(at + kEndStep, text.size());
      at -= before_carry;
      carry = 0;
      const Special special = walk_specials(text, at, end, facts);
      if (special != Special::escape) return tell(special == Special::end);
      at -= kEndStep;  // and it may stand beyond `end`
      continue;
    }
    escapes |= behind & inside;
    if (ends != 0) {
      at += static_cast<std::size_t>(std::countr_zero(ends));
      return tell(true);
    }
  }
  at = text.size() - carry;
  return tell(false);
}
#endif

}  // namespace pg
