// Where JSON strings end, and their escapes: undone, and mapped back to the bytes they came from.
#include "core/wire/json_walk.h"

#include "core/base/processor.h"

#ifdef PG_AVX2
#include <immintrin.h>
#endif

namespace pg {
namespace {

std::uint32_t hex4(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) {
    const auto digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // quote, backslash, slash
  }
}

struct Piece {
  std::size_t raw_size = 1;  // bytes of the raw text this piece takes
  std::uint32_t code_point = 0;
};

bool is_unicode_escape(std::string_view raw, std::size_t at) {
  return at + 6 <= raw.size() && raw[at] == '\\' && raw[at + 1] == 'u';
}

// Reads the escape that begins at raw[at] (a backslash). A lone surrogate is three bytes either way.
Piece read_escape(std::string_view raw, std::size_t at, bool keeps_halves = false) {
  if (!is_unicode_escape(raw, at)) {
    const char c = at + 1 < raw.size() ? raw[at + 1] : '\\';
    return {2, static_cast<unsigned char>(simple_escape(c))};
  }
  const std::uint32_t high = hex4(raw.substr(at + 2, 4));
  if (high < 0xD800 || high > 0xDFFF) return {6, high};
  if (high < 0xDC00 && is_unicode_escape(raw, at + 6)) {
    const std::uint32_t low = hex4(raw.substr(at + 8, 4));
    if (low >= 0xDC00 && low <= 0xDFFF) return {12, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)};
  }
  return {6, keeps_halves ? high : 0xFFFD};
}

std::size_t utf8_size(std::uint32_t code_point) {
  if (code_point < 0x80) return 1;
  if (code_point < 0x800) return 2;
  return code_point < 0x10000 ? 3 : 4;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  switch (utf8_size(c)) {
    case 1:
      put(c);
      return;
    case 2:
      put(0xC0 | c >> 6);
      break;
    case 3:
      put(0xE0 | c >> 12);
      put(0x80 | (c >> 6 & 0x3F));
      break;
    default:
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
      put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The length of the escape at text[at], 0 when it is none.
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return 0;
  switch (text[at + 1]) {
    case 'n':
    case '"':
    case '\\':
    case 't':
    case '/':
    case 'r':
    case 'b':
    case 'f':
      return 2;
    case 'u':
      break;
    default:
      return 0;
  }
  if (at + 6 > text.size()) return 0;
  for (std::size_t i = at + 2; i < at + 6; ++i)
    if (!is_hex(text[i])) return 0;
  return 6;
}

enum class Special : std::uint8_t { end, escape, fault };

// What the special byte at text[at] is; `at` goes past an escape.
inline Special take_special(std::string_view text, std::size_t& at, bool& escaped) {
  if (text[at] == '"') return Special::end;
  if (text[at] != '\\') return Special::fault;
  const std::size_t length = escape_length(text, at);
  if (length == 0) return Special::fault;
  escaped = true;
  at += length;
  return Special::escape;
}

bool find_end(std::string_view text, std::size_t& at, bool& escaped) {
  while ((at = find_string_special(text, at)) < text.size()) {
    const Special special = take_special(text, at, escaped);
    if (special != Special::escape) return special == Special::end;
  }
  return false;
}

#ifdef PG_AVX2
constexpr std::size_t kWide = 64;

PG_AVX2 inline std::uint32_t specials_of_32(const char* at) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
  const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
  const __m256i slash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(control, _mm256_or_si256(quote, slash))));
}

// Looks at 64 bytes at a time. Escapes stand closer than that in code: what lies between two is not looked at again.
PG_AVX2 bool find_end_wide(std::string_view text, std::size_t& at, bool& escaped) {
  while (at + kWide <= text.size()) {
    const std::size_t base = at;
    const char* const data = text.data() + base;
    std::uint64_t specials = specials_of_32(data) | static_cast<std::uint64_t>(specials_of_32(data + 32)) << 32;
    at = base + kWide;
    while (specials != 0) {
      std::size_t next = base + static_cast<std::size_t>(std::countr_zero(specials));
      const Special special = take_special(text, next, escaped);
      if (special != Special::escape) {
        at = next;
        return special == Special::end;
      }
      if (next >= base + kWide) {
        at = next;
        break;
      }
      specials = specials >> (next - base) << (next - base);
    }
  }
  return find_end(text, at, escaped);
}
#endif

std::string unescape(std::string_view raw, bool keeps_halves) {
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t slash = raw.find('\\', at);
    out.append(raw.substr(at, slash == std::string_view::npos ? slash : slash - at));
    if (slash == std::string_view::npos) break;
    const Piece piece = read_escape(raw, slash, keeps_halves);
    append_utf8(out, piece.code_point);
    at = slash + piece.raw_size;
  }
  return out;
}

}  // namespace

bool find_string_end(std::string_view text, std::size_t& at, bool& escaped) {
#ifdef PG_AVX2
  if (at + kWide <= text.size() && has_avx2()) return find_end_wide(text, at, escaped);
#endif
  return find_end(text, at, escaped);
}

std::string unescape_json(std::string_view raw) {
  return unescape(raw, false);
}
std::string unescape_json_piece(std::string_view raw) {
  return unescape(raw, true);
}

std::size_t raw_offset_of(std::string_view raw, std::size_t decoded_offset) {
  std::size_t at = 0, decoded = 0;
  while (at < raw.size() && decoded < decoded_offset) {
    if (raw[at] != '\\') {
      ++at;
      ++decoded;
      continue;
    }
    const Piece piece = read_escape(raw, at);
    const std::size_t size = utf8_size(piece.code_point);
    if (decoded + size > decoded_offset) return at;
    decoded += size;
    at += piece.raw_size;
  }
  return at;
}

}  // namespace pg
