// Underscores alone come in every line of source, and a call of memchr() for each is dear: so both bytes are compared everywhere.
#include "core/guard/wide_tokens.h"

#include <bit>

#include "core/base/wide.h"
#include "core/guard/byte_set.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pg {

std::size_t find_numbered_plain(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const __m128i underscore = _mm_set1_epi8('_'), zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
  for (; at + 17 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i value = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + 1)), zero);
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(bytes, underscore), _mm_cmpeq_epi8(_mm_min_epu8(value, nine), value));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(both));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  for (; at + 1 < text.size(); ++at)
    if (text[at] == '_' && kDigits.has(text[at + 1])) return at;
  return text.size();
}

#ifdef PG_AVX2
namespace {

constexpr std::size_t kStep = 64;

PG_AVX2 inline __m256i numbered(const char* text) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 1));
  const __m256i value = _mm256_sub_epi8(next, _mm256_set1_epi8('0'));
  const __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
  return _mm256_and_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('_')), is_digit);
}

}  // namespace

PG_AVX2 std::size_t find_numbered_256(std::string_view text, std::size_t at) {
  for (; at + kStep + 1 <= text.size(); at += kStep) {
    const __m256i low = numbered(text.data() + at), high = numbered(text.data() + at + kStep / 2);
    const __m256i any = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(any, any) == 0) return at + static_cast<std::size_t>(std::countr_zero(bits_of(low, high)));
  }
  return find_numbered_plain(text, at);
}
#endif

}  // namespace pg
