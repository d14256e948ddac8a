// RFC 8259 section 7, and what is made of half a surrogate pair.
#include "core/wire/json_escapes.h"

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/base/utf16.h"

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
  return kSimpleEscapes[static_cast<unsigned char>(c)];
}

bool is_unicode_escape(std::string_view raw, std::size_t at) {
  return at + 6 <= raw.size() && raw[at] == '\\' && raw[at + 1] == 'u';
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

}  // namespace

JsonEscape read_escape(std::string_view raw, std::size_t at, bool keeps_halves) {
  if (!is_unicode_escape(raw, at)) {
    const char c = at + 1 < raw.size() ? raw[at + 1] : '\\';
    return {2, static_cast<unsigned char>(simple_escape(c))};
  }
  const std::uint32_t high = hex4(raw.substr(at + 2, 4));
  if (!is_high_surrogate(high) && !is_low_surrogate(high)) return {6, high};
  if (is_high_surrogate(high) && is_unicode_escape(raw, at + 6)) {
    const std::uint32_t low = hex4(raw.substr(at + 8, 4));
    if (is_low_surrogate(low)) return {12, join_surrogates(high, low)};
  }
  return {6, keeps_halves ? high : 0xFFFD};
}

std::size_t undo_escape(std::string_view raw, std::size_t at, char*& to, bool keeps_halves) {
  if (!is_unicode_escape(raw, at)) {
    *to++ = simple_escape(at + 1 < raw.size() ? raw[at + 1] : '\\');
    return at + 2;
  }
  const JsonEscape escape = read_escape(raw, at, keeps_halves);
  to += write_utf8(to, escape.code_point);
  return at + escape.raw_size;
}

Special take_special(std::string_view text, std::size_t& at, StringFacts& facts) {
  if (text[at] == '"') return Special::end;
  if (text[at] != '\\') return Special::fault;
  const std::size_t length = escape_length(text, at);
  if (length == 0) return Special::fault;
  facts.escaped = true;
  at += length;
  return Special::escape;
}

}  // namespace pg
