// Base64, hex and percent as RFC 4648 and RFC 3986 have them, and the JSON escape that the splicing of edits uses.
#include "core/base/encode.h"

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

#include "core/base/ascii.h"

namespace pg {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64UrlDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xFF;

using DigitValues = std::array<std::uint8_t, 256>;

constexpr DigitValues values_of(std::string_view alphabet) {
  DigitValues values{};
  for (std::uint8_t& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr DigitValues kBase64Values = values_of(kBase64Digits);
constexpr DigitValues kBase64UrlValues = values_of(kBase64UrlDigits);

std::uint32_t byte_or_zero(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
}

std::string encode_base64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = byte_or_zero(bytes, i) << 16 | byte_or_zero(bytes, i + 1) << 8 | byte_or_zero(bytes, i + 2);
    const std::size_t digits = bytes.size() - i >= 3 ? 4 : bytes.size() - i + 1;
    for (std::size_t d = 0; d < digits; ++d) out += alphabet[(group >> (18 - 6 * d)) & 63u];
    if (pad) out.append(4 - digits, '=');
  }
  return out;
}

std::optional<std::string> decode_base64(std::string_view text, const DigitValues& values) {
  if (text.size() % 4 == 0) {  // padding fills the last group of four, so it is at most two long
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFFu);
  }
  if ((bits & ((1u << count) - 1u)) != 0) return std::nullopt;  // leftover bits: not what any encoder writes
  return out;
}

bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// The first index at or after `at` whose byte JSON wants escaped, or the size.
std::size_t find_escape(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(chunk, last_control), last_control);
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, special)));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto value = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHexDigits[value >> 4];
  out += kHexDigits[value & 15u];
}

void append_plain(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = find_escape(text, at);
    out.append(text, at, next - at);
    if (next == text.size()) return;
    append_escape(out, text[next]);
    at = next + 1;
  }
}

// Half of a surrogate pair in three bytes, which neither UTF-8 nor a strict JSON parser has a place for: U+FFFD instead. Gives
// the end of what was appended.
std::size_t append_halves(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 2 >= text.size() || static_cast<unsigned char>(text[at + 1]) < 0xA0) continue;
    append_plain(out, text.substr(from, at - from));
    out += "\xEF\xBF\xBD";
    from = at + 3;
  }
  return from;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    out += kHexDigits[value >> 4];
    out += kHexDigits[value & 15u];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  return encode_base64(bytes, kBase64Digits, true);
}

std::string to_base64url(std::string_view bytes) {
  return encode_base64(bytes, kBase64UrlDigits, false);
}

std::optional<std::string> from_base64(std::string_view text) {
  return decode_base64(text, kBase64Values);
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode_base64(text, kBase64UrlValues);
}

std::optional<std::string> from_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string to_percent(std::string_view text) {
  constexpr std::string_view kUpperHex = "0123456789ABCDEF";  // RFC 3986 §2.1 prefers upper case
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto value = static_cast<unsigned char>(c);
    out += '%';
    out += kUpperHex[value >> 4];
    out += kUpperHex[value & 15u];
  }
  return out;
}

void append_json_escaped(std::string& out, std::string_view text) {
  append_plain(out, text.substr(append_halves(out, text)));
}

std::string json_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_json_escaped(out, text);
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  append_json_escaped(out, text);
  out += '"';
  return out;
}

}  // namespace pg
