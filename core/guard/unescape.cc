// Only escapes that hide a printable character count: \n and \" stand in every source file and are what edges already know.
#include "core/guard/unescape.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kBefore = 256;               // what a rule may want to see left of an escape, such as the name of a key
constexpr std::size_t kBehind = 512;               // and right of it: the rest of the value
constexpr std::size_t kLongestStretch = 64 << 10;  // a stretch ends here at the latest

/// What an escape spells, and how many bytes it takes; size 0: none stands there.
struct Escape {
  std::size_t size = 0;
  std::uint32_t spelled = 0;  // code point
};

std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// `at` is a backslash. Any number of them before the letter: each level of nesting doubles them.
Escape backslash_escape(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size() && text[i] == '\\') ++i;
  if (i == text.size()) return {};
  const std::size_t letter = i + 1 - at;
  switch (text[i]) {
    case 'n':
      return {letter, '\n'};
    case 'r':
      return {letter, '\r'};
    case 't':
      return {letter, '\t'};
    case '/':
    case '"':
    case '\'':
      return {letter, static_cast<std::uint32_t>(text[i])};
    case 'u':
      if (const auto value = read_hex(text, i + 1, 4)) return {letter + 4, *value};
      return {};
    case 'x':
      if (const auto value = read_hex(text, i + 1, 2)) return {letter + 2, *value};
      return {};
    default:
      return {};
  }
}

/// `at` is a percent sign; %25 in front of two more digits is one that was encoded again.
Escape percent_escape(std::string_view text, std::size_t at) {
  std::size_t digits = at + 1;
  while (text.substr(digits, 2) == "25" && read_hex(text, digits + 2, 2)) digits += 2;
  const auto value = read_hex(text, digits, 2);
  if (!value) return {};
  return {digits + 2 - at, *value};
}

Escape escape_at(std::string_view text, std::size_t at) {
  if (text[at] == '\\') return backslash_escape(text, at);
  if (text[at] == '%') return percent_escape(text, at);
  return {};
}

bool hides_something(std::string_view text, std::size_t at, const Escape& escape) {
  if (escape.size == 0 || escape.spelled <= ' ' || escape.spelled > '~') return false;
  return text[at] == '%' || (escape.spelled != '"' && escape.spelled != '\'') || escape.size > 3;
}

/// The next backslash or percent sign; in source they come too often for a call of memchr() each.
std::size_t find_sign(std::string_view text, std::size_t at) {
#ifdef __SSE2__
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int found =
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'))));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(found)));
  }
#endif
  while (at < text.size() && text[at] != '\\' && text[at] != '%') ++at;
  return at;
}

}  // namespace

void unescape(std::string_view stretch, Unescaped& out) {
  out.text.clear();
  out.places.clear();
  for (std::size_t at = 0; at < stretch.size();) {
    const Escape escape = escape_at(stretch, at);
    // Other bytes than ASCII's are left as they stand in URLs: there they are parts of characters.
    const bool undone = escape.size > 0 && (stretch[at] == '\\' || escape.spelled <= '~');
    if (undone)
      append_utf8(out.text, escape.spelled);
    else
      out.text += stretch[at];
    out.places.resize(out.text.size(), static_cast<std::uint32_t>(at));
    at += undone ? escape.size : 1;
  }
  out.places.push_back(static_cast<std::uint32_t>(stretch.size()));
}

Place find_escaped(std::string_view text, std::size_t from) {
  std::size_t first = text.size(), last = text.size();
  for (std::size_t at = find_sign(text, from); at < text.size();) {
    if (first < text.size() && (at > last + kBehind || at > first + kLongestStretch)) break;
    const Escape escape = escape_at(text, at);
    if (hides_something(text, at, escape)) {
      if (first == text.size()) first = at;
      last = at + escape.size;
    }
    std::size_t next = at + std::max<std::size_t>(1, escape.size);
    // A row of backslashes is looked at once.
    while (escape.size == 0 && next < text.size() && text[at] == '\\' && text[next] == '\\') ++next;
    at = find_sign(text, next);
  }
  if (first == text.size()) return {text.size(), text.size()};
  Place stretch{first - std::min(first - from, kBefore), std::min(text.size(), last + kBehind)};
  const std::size_t line = text.substr(stretch.begin, first - stretch.begin).rfind('\n');
  if (line != std::string_view::npos) stretch.begin += line + 1;
  stretch.end = last + std::min(stretch.end - last, text.substr(last, stretch.end - last).find('\n'));
  return stretch;
}

}  // namespace pg
