// Eight places to a register: multiplied, looked up by a gather or by eight loads, their bits moved to the sign.
#include "core/guard/wide_places.h"

#ifdef PG_AVX2
#include <immintrin.h>

namespace pg {
namespace {

PG_AVX2 inline __m256i load16(const char* from) {
  const auto* low = reinterpret_cast<const __m128i*>(from);
  const auto* high = reinterpret_cast<const __m128i*>(from + 8);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1);
}

/// bitmap[i] for each of the eight indexes.
struct Gathered {
  PG_AVX2 static inline __m256i words(const std::uint32_t* bitmap, __m256i indexes) {
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(bitmap), indexes, 4);
  }
};
struct Loaded {
  PG_AVX2 static inline __m128i four(const std::uint32_t* bitmap, std::uint64_t first, std::uint64_t second) {
    const auto word = [bitmap](std::uint64_t at) { return static_cast<int>(bitmap[at]); };
    __m128i words = _mm_cvtsi32_si128(word(first & 0xffffffffU));
    words = _mm_insert_epi32(words, word(first >> 32), 1);
    words = _mm_insert_epi32(words, word(second & 0xffffffffU), 2);
    return _mm_insert_epi32(words, word(second >> 32), 3);
  }
  PG_AVX2 static inline __m256i words(const std::uint32_t* bitmap, __m256i indexes) {
    const auto pair = [](long long two) { return static_cast<std::uint64_t>(two); };
    const __m128i low = four(bitmap, pair(_mm256_extract_epi64(indexes, 0)), pair(_mm256_extract_epi64(indexes, 1)));
    const __m128i high = four(bitmap, pair(_mm256_extract_epi64(indexes, 2)), pair(_mm256_extract_epi64(indexes, 3)));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }
};

/// A bit for each of the eight even places from `text` on.
template <class Lookup>
PG_AVX2 inline std::uint32_t find_eight(const char* text, const std::uint32_t* bitmap, __m256i factor, int shift) {
  const __m256i spread = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9));
  const __m256i windows = _mm256_shuffle_epi8(load16(text), spread);
  const __m256i places = _mm256_srl_epi32(_mm256_mullo_epi32(windows, factor), _mm_cvtsi32_si128(shift));
  const __m256i words = Lookup::words(bitmap, _mm256_srli_epi32(places, 5));
  const __m256i to_sign = _mm256_andnot_si256(places, _mm256_set1_epi32(31));
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(words, to_sign))));
}

inline std::uint32_t to_even_bits(std::uint32_t bits) {
  bits = (bits | bits << 8) & 0x00FF00FFU;
  bits = (bits | bits << 4) & 0x0F0F0F0FU;
  bits = (bits | bits << 2) & 0x33333333U;
  return (bits | bits << 1) & 0x55555555U;
}

template <class Lookup>
PG_AVX2 inline std::uint32_t find_sixteen(const char* text, const std::uint32_t* bitmap, std::uint32_t factor, int shift) {
  const __m256i factors = _mm256_set1_epi32(static_cast<int>(factor));
  const std::uint32_t first = find_eight<Lookup>(text, bitmap, factors, shift);
  const std::uint32_t second = find_eight<Lookup>(text + 16, bitmap, factors, shift);
  const std::uint32_t found = first | second << 8;
  return found == 0 ? 0 : to_even_bits(found);
}

}  // namespace

PG_AVX2 std::uint32_t find_places_gathered(const char* text, const std::uint32_t* bitmap, std::uint32_t factor, int shift) {
  return find_sixteen<Gathered>(text, bitmap, factor, shift);
}

PG_AVX2 std::uint32_t find_places_loaded(const char* text, const std::uint32_t* bitmap, std::uint32_t factor, int shift) {
  return find_sixteen<Loaded>(text, bitmap, factor, shift);
}

}  // namespace pg
#endif
