// The escapes of a string undone, 64 bytes a step: nothing is decided by where they stand but which bytes are left out.
#include <algorithm>
#include <bit>

#include "core/base/wide.h"
#include "core/wire/json_escapes.h"
#include "core/wire/wide_strings.h"

namespace pg {

#ifdef PG_AVX2
namespace {

constexpr std::size_t kUnescapeStep = 64, kEight = 8;

// What b, f, n, r and t stand for behind a backslash; other bytes stay.
PG_AVX2 inline __m256i meant_by(__m256i bytes) {
  const __m256i of_6 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, '\b', 0, 0, 0, '\f', 0, 0, 0, 0, 0, 0, 0, '\n', 0));
  const __m256i of_7 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, '\r', 0, '\t', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i half = _mm256_and_si256(bytes, _mm256_set1_epi8(static_cast<char>(0xF0)));
  const __m256i in_6 = _mm256_and_si256(_mm256_cmpeq_epi8(half, _mm256_set1_epi8(0x60)), _mm256_shuffle_epi8(of_6, bytes));
  const __m256i in_7 = _mm256_and_si256(_mm256_cmpeq_epi8(half, _mm256_set1_epi8(0x70)), _mm256_shuffle_epi8(of_7, bytes));
  const __m256i meant = _mm256_or_si256(in_6, in_7);
  return _mm256_blendv_epi8(meant, bytes, _mm256_cmpeq_epi8(meant, _mm256_setzero_si256()));
}

// All ones in the bytes whose bits are set.
PG_AVX2 inline __m256i bytes_where_set(std::uint32_t bits) {
  const __m256i spread = _mm256_shuffle_epi8(
      _mm256_set1_epi32(static_cast<int>(bits)),
      _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
  return _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
}

PG_AVX2 inline void squeeze(const __m256i (&bytes)[2], std::uint64_t kept, char*& to) {
  alignas(32) char from[kUnescapeStep];
  _mm256_store_si256(reinterpret_cast<__m256i*>(from), bytes[0]);
  _mm256_store_si256(reinterpret_cast<__m256i*>(from) + 1, bytes[1]);
  for (std::size_t i = 0; i < kUnescapeStep; i += kEight, kept >>= kEight) {
    const auto& order = kChosenOfEight[kept & 0xFF];
    const __m128i piece = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
    const __m128i places = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(order.data()));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(piece, places));
    to += std::popcount(kept & 0xFF);
  }
}

// One by one, for a step that spells a code point; where the first escape or byte at or behind `end` begins.
std::size_t undo_until(std::size_t end, std::string_view raw, std::size_t at, char*& to, bool keeps_halves) {
  while (at < end) {
    if (raw[at] == '\\')
      at = undo_escape(raw, at, to, keeps_halves);
    else
      *to++ = raw[at++];
  }
  return at;
}

}  // namespace

PG_AVX2 std::size_t unescape_256(std::string_view raw, char*& to, bool keeps_halves) {
  std::size_t at = 0;
  std::uint64_t carry = 0;
  for (; at + kUnescapeStep <= raw.size(); at += kUnescapeStep) {
    const auto* const data = reinterpret_cast<const __m256i*>(raw.data() + at);
    const __m256i bytes[2] = {_mm256_loadu_si256(data), _mm256_loadu_si256(data + 1)};
    const __m256i slash = _mm256_set1_epi8('\\');
    const std::uint64_t slashes = bits_of(_mm256_cmpeq_epi8(bytes[0], slash), _mm256_cmpeq_epi8(bytes[1], slash));
    if ((slashes | carry) == 0) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes[0]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + 1, bytes[1]);
      to += kUnescapeStep;
      continue;
    }
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(slashes, carry);
    const __m256i u = _mm256_set1_epi8('u');
    if ((behind & bits_of(_mm256_cmpeq_epi8(bytes[0], u), _mm256_cmpeq_epi8(bytes[1], u))) != 0) {
      const std::size_t end = at + kUnescapeStep;
      carry = 0;
      at = undo_until(end, raw, at - before_carry, to, keeps_halves) - kUnescapeStep;  // and it may stand beyond `end`
      continue;
    }
    const __m256i undone[2] = {
        _mm256_blendv_epi8(bytes[0], meant_by(bytes[0]), bytes_where_set(static_cast<std::uint32_t>(behind))),
        _mm256_blendv_epi8(bytes[1], meant_by(bytes[1]), bytes_where_set(static_cast<std::uint32_t>(behind >> 32)))};
    // What begins an escape goes: a backslash that is not behind another.
    squeeze(undone, ~(slashes & ~behind), to);
  }
  return at - carry;
}
#endif

#ifdef PG_AVX512
// As above, but that the last bytes are a step of their own, of which those beyond the text are not read.
PG_AVX512 std::size_t unescape_512(std::string_view raw, char*& to, bool keeps_halves) {
  const __m512i slash = _mm512_set1_epi8('\\'), u = _mm512_set1_epi8('u');
  // Of kSimpleEscapes, what is ASCII: the permute takes seven bits.
  const char* const meant = kSimpleEscapes.data();
  const __m512i meant_low = _mm512_loadu_si512(meant), meant_high = _mm512_loadu_si512(meant + kUnescapeStep);
  std::size_t at = 0;
  std::uint64_t carry = 0;
  for (; at < raw.size(); at += kUnescapeStep) {
    const std::size_t rest = raw.size() - at;
    const std::uint64_t inside = first_bits(rest);
    const __m512i bytes = _mm512_maskz_loadu_epi8(inside, raw.data() + at);
    const std::uint64_t slashes = _mm512_cmpeq_epi8_mask(bytes, slash);
    const std::uint64_t before_carry = carry;
    const std::uint64_t behind = escaped_bytes(slashes, carry);
    if ((behind & _mm512_cmpeq_epi8_mask(bytes, u)) != 0) {
      const std::size_t end = std::min(at + kUnescapeStep, raw.size());
      carry = 0;
      at = undo_until(end, raw, at - before_carry, to, keeps_halves) - kUnescapeStep;  // and it may stand beyond `end`
      continue;
    }
    const std::uint64_t looked_up = behind & ~_mm512_movepi8_mask(bytes);
    const __m512i undone = _mm512_mask2_permutex2var_epi8(meant_low, bytes, looked_up, meant_high);
    // What begins an escape goes: a backslash that is not behind another. Compressing straight to memory is slow on Zen 4.
    const std::uint64_t kept = inside & ~(slashes & ~behind);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, undone));
    to += std::popcount(kept);
    if (rest < kUnescapeStep) carry = behind >> rest & 1;  // the last byte of all begins an escape
  }
  return std::min(at, raw.size()) - carry;
}
#endif

}  // namespace pg
