// The four bytes at each second place: those at 0, 4, 8... are the words of one register, those at 2, 6, 10... of another. They
// are multiplied and looked up by a gather or by loads. Where something is found cannot be foreseen, so nothing branches on it:
// what is found is listed, and only how long the list gets depends on it.
#include "core/guard/wide_places.h"

#include <bit>

#include "core/base/wide.h"

namespace pg {

#ifdef PG_AVX2
namespace {

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

/// The bits of the eight places `text`, `text` + 4..., each as the sign of its word.
template <class Lookup>
PG_AVX2 inline __m256i look_up_eight(const char* text, const PlaceFilter& filter) {
  const __m256i windows = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i products = _mm256_mullo_epi32(windows, _mm256_set1_epi32(static_cast<int>(filter.factor)));
  const __m256i places = _mm256_srl_epi32(products, _mm_cvtsi32_si128(filter.shift));
  const __m256i words = Lookup::words(filter.bitmap, _mm256_srli_epi32(places, 5));
  return _mm256_sllv_epi32(words, _mm256_andnot_si256(places, _mm256_set1_epi32(31)));
}

/// The bits of the sixteen even places from `text` on, each as the sign of its half word.
template <class Lookup>
PG_AVX2 inline __m256i look_up_sixteen(const char* text, const PlaceFilter& filter) {
  const __m256i first = look_up_eight<Lookup>(text, filter), second = look_up_eight<Lookup>(text + 2, filter);
  return _mm256_blend_epi16(_mm256_srli_epi32(first, 16), second, 0b10101010);
}

/// The places whose bits are set: `choice` is of the eight even ones from `from` on. The end of the list.
PG_AVX2 inline std::uint16_t* list_eight(unsigned choice, std::size_t from, std::uint16_t* to) {
  const auto& chosen = kChosenOfEight[choice & 0xFF];
  const __m128i halves = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(chosen.data())));
  const __m128i places = _mm_add_epi16(_mm_add_epi16(halves, halves), _mm_set1_epi16(static_cast<short>(from)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), places);
  return to + std::popcount(choice & 0xFF);
}

template <class Lookup>
PG_AVX2 inline std::size_t find_places(const char* text, std::size_t steps, const PlaceFilter& filter, std::uint16_t* places) {
  std::uint16_t* to = places;
  for (std::size_t at = 0; at < steps * kPlaceStep; at += kPlaceStep) {
    const __m256i low = look_up_sixteen<Lookup>(text + at, filter), high = look_up_sixteen<Lookup>(text + at + 32, filter);
    // Packing takes eight of `low`, eight of `high`, and so again.
    const auto found = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_packs_epi16(low, high)));
    to = list_eight(found, at, to);
    to = list_eight(found >> 16, at + 16, to);
    to = list_eight(found >> 8, at + 32, to);
    to = list_eight(found >> 24, at + 48, to);
  }
  return static_cast<std::size_t>(to - places);
}

}  // namespace

PG_AVX2 std::size_t find_places_gathered(const char* text, std::size_t steps, const PlaceFilter& filter, std::uint16_t* places) {
  return find_places<Gathered>(text, steps, filter, places);
}

PG_AVX2 std::size_t find_places_loaded(const char* text, std::size_t steps, const PlaceFilter& filter, std::uint16_t* places) {
  return find_places<Loaded>(text, steps, filter, places);
}
#endif

#ifdef PG_AVX512
namespace {

/// The bits of the sixteen places `text`, `text` + 4..., each as the lowest of its word.
PG_AVX512 inline __m512i look_up_sixteen_512(const char* text, const PlaceFilter& filter) {
  const __m512i products = _mm512_mullo_epi32(_mm512_loadu_si512(text), _mm512_set1_epi32(static_cast<int>(filter.factor)));
  const __m512i places = _mm512_srl_epi32(products, _mm_cvtsi32_si128(filter.shift));
  const __m512i words = _mm512_i32gather_epi32(_mm512_srli_epi32(places, 5), filter.bitmap, 4);
  return _mm512_rorv_epi32(words, places);
}

}  // namespace

PG_AVX512 std::size_t find_places_512(const char* text, std::size_t steps, const PlaceFilter& filter, std::uint16_t* places) {
  alignas(64) static constexpr std::array<std::uint16_t, kMostPlaces> kOffsets = [] {
    std::array<std::uint16_t, kMostPlaces> offsets{};
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = static_cast<std::uint16_t>(2 * i);
    return offsets;
  }();
  const __m512i lowest = _mm512_set1_epi16(1);
  __m512i offsets = _mm512_load_si512(kOffsets.data());
  std::uint16_t* to = places;
  for (std::size_t at = 0; at < steps * kPlaceStep; at += kPlaceStep) {
    const __m512i first = look_up_sixteen_512(text + at, filter), second = look_up_sixteen_512(text + at + 2, filter);
    const __m512i both = _mm512_mask_blend_epi16(0xAAAAAAAA, first, _mm512_slli_epi32(second, 16));
    const __mmask32 found = _mm512_test_epi16_mask(both, lowest);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(found, offsets));
    to += std::popcount(static_cast<std::uint32_t>(found));
    offsets = _mm512_add_epi16(offsets, _mm512_set1_epi16(kPlaceStep));
  }
  return static_cast<std::size_t>(to - places);
}
#endif

FindPlaces* quickest_find_places() {
#ifdef PG_AVX512
  if (has_avx512() && has_quick_gather()) return find_places_512;
#endif
#ifdef PG_AVX2
  if (has_avx2()) return has_quick_gather() ? find_places_gathered : find_places_loaded;
#endif
  return nullptr;
}

}  // namespace pg
