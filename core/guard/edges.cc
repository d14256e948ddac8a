// The escape forms that may stand right before a value in source, JSON, URLs and terminal logs.
#include "core/guard/edges.h"

#include <algorithm>

namespace pg {
namespace {

constexpr ByteSet kEscapeLetters("abefnrtv0");

bool all_hex(std::string_view digits) {
  return std::all_of(digits.begin(), digits.end(), [](char c) { return kHex.has(c); });
}

/// ESC [ 1;31 m as it stands in logs: the escape byte itself, or its spellings \x1b, \033, \u001b ending in '['.
std::size_t colour_before(std::string_view text, std::size_t at) {
  if (text[at - 1] != 'm') return 0;
  std::size_t i = at - 1;
  const std::size_t stop = at > 10 ? at - 10 : 0;
  while (i > stop && (kDigits.has(text[i - 1]) || text[i - 1] == ';')) --i;
  if (i < 2 || text[i - 1] != '[') return 0;
  const char before = text[i - 2];
  return before == '\x1b' || before == 'b' || before == 'B' || before == '3' ? at - i + 2 : 0;
}

}  // namespace

std::size_t escape_before(std::string_view text, std::size_t at) {
  if (at >= 2 && text[at - 2] == '\\' && kEscapeLetters.has(text[at - 1])) return 2;
  if (at >= 3 && all_hex(text.substr(at - 2, 2))) {
    if (text[at - 3] == '%') return 3;
    if (at >= 4 && text[at - 4] == '\\' && (text[at - 3] == 'x' || text[at - 3] == 'X')) return 4;
    if (at >= 5 && text.substr(at - 5, 3) == "%25") return 5;
    if (at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u' && all_hex(text.substr(at - 4, 2))) return 6;
  }
  return at >= 1 ? colour_before(text, at) : 0;
}

bool escaped_end_at(std::string_view text, std::size_t at) {
  constexpr int kDeepest = 16;  // a long run costs no more than this, wherever in it one looks
  for (int deep = 0; deep < kDeepest && at < text.size() && text[at] == '\\'; ++deep) ++at;
  return at < text.size() && std::string_view("\"'nrt").find(text[at]) != std::string_view::npos;
}

bool line_sign_before(std::string_view text, std::size_t at) {
  static constexpr ByteSet kPath("A-Za-z0-9_./-");
  if (at == 0 || (text[at - 1] != '-' && text[at - 1] != '+')) return false;
  std::size_t begin = at - 1;
  const std::size_t stop = begin > 7 ? begin - 7 : 0;
  while (text[at - 1] == '-' && begin > stop && kDigits.has(text[begin - 1])) --begin;
  if (begin == 0 || text[begin - 1] == '\n') return begin > 0 || text[at - 1] == '-';
  if (begin >= 2 && text[begin - 2] == '\\' && text[begin - 1] == 'n') return true;  // a line in JSON
  // The name of a file before the number: config.txt-12-
  if (begin == at - 1 || text[begin - 1] != '-') return false;
  std::size_t name = begin - 1;
  bool is_path = false;
  for (; name > 0 && begin - name < 128 && kPath.has(text[name - 1]); --name) is_path |= !kAlnum.has(text[name - 1]);
  return is_path && (name == 0 || text[name - 1] == '\n');
}

}  // namespace pg
