// Where JSON strings end, and their escapes: undone, and mapped back to the bytes they came from.
#include "core/wire/json_walk.h"

#include <bit>

#include "core/base/text.h"
#include "core/wire/json_escapes.h"
#include "core/wire/wide_strings.h"

namespace pg {
namespace {

// Copies up to the next backslash, or to the end. `to` has room for kCopyStep bytes more.
constexpr std::size_t kCopyStep = 32;

inline std::size_t copy_plain(std::string_view raw, std::size_t at, char*& to) {
#ifdef __SSE2__
  const __m128i slash = _mm_set1_epi8('\\');
  for (; at + kCopyStep <= raw.size(); at += kCopyStep, to += kCopyStep) {
    const auto* const from = reinterpret_cast<const __m128i*>(raw.data() + at);
    const __m128i low = _mm_loadu_si128(from), high = _mm_loadu_si128(from + 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), low);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to) + 1, high);
    const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(low, slash))) |
                       static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(high, slash))) << 16;
    if (found == 0) continue;
    const auto plain = static_cast<std::size_t>(std::countr_zero(found));
    to += plain;
    return at + plain;
  }
#endif
  while (at < raw.size() && raw[at] != '\\') *to++ = raw[at++];
  return at;
}

UnescapeSteps* quickest_steps() {
#ifdef PG_AVX512
  if (has_avx512()) return unescape_512;
#endif
#ifdef PG_AVX2
  if (has_avx2()) return unescape_256;
#endif
  return nullptr;
}

}  // namespace

bool find_string_end_plain(std::string_view text, std::size_t& at, StringFacts& facts) {
  facts.ascii = false;  // not looked at
  while ((at = find_string_special(text, at)) < text.size()) {
    const Special special = take_special(text, at, facts);
    if (special != Special::escape) return special == Special::end;
  }
  return false;
}

bool find_string_end(std::string_view text, std::size_t& at, StringFacts& facts) {
#ifdef PG_AVX512
  if (has_avx512()) return find_string_end_512(text, at, facts);
#endif
#ifdef PG_AVX2
  if (at + 64 <= text.size() && has_avx2()) return find_string_end_256(text, at, facts);
#endif
  return find_string_end_plain(text, at, facts);
}

std::string unescape_by(UnescapeSteps* steps, std::string_view raw, bool keeps_halves) {
  static_assert(kCopyStep <= kUnescapeRoom);
  std::string out(raw.size() + kUnescapeRoom, '\0');
  char* to = out.data();
  std::size_t at = steps == nullptr ? 0 : steps(raw, to, keeps_halves);
  while ((at = copy_plain(raw, at, to)) < raw.size()) at = undo_escape(raw, at, to, keeps_halves);
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

std::string unescape_json(std::string_view raw) {
  return unescape_by(quickest_steps(), raw, false);
}
std::string unescape_json_piece(std::string_view raw) {
  return unescape_by(quickest_steps(), raw, true);
}

std::size_t raw_offset_of(std::string_view raw, std::size_t decoded_offset) {
  std::size_t at = 0, decoded = 0;
  while (at < raw.size() && decoded < decoded_offset) {
    if (raw[at] != '\\') {
      ++at;
      ++decoded;
      continue;
    }
    const JsonEscape escape = read_escape(raw, at);
    const std::size_t size = utf8_size(escape.code_point);
    if (decoded + size > decoded_offset) return at;
    decoded += size;
    at += escape.raw_size;
  }
  return at;
}

}  // namespace pg
