// A scanner that knows just enough C++ to tell code from comments and literals.
#include "tests/support/cpp_text.h"

#include <algorithm>
#include <cctype>

namespace pg::test {
namespace {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The end of the literal or comment that begins at `at`; `at` itself when none does.
std::size_t skip_literal(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const auto after = [&](std::size_t found, std::size_t length) {
    return found == std::string_view::npos ? text.size() : found + length;
  };
  if (rest.starts_with("//")) return after(text.find('\n', at), 0);
  if (rest.starts_with("/*")) return after(text.find("*/", at + 2), 2);
  if (rest.starts_with("R\"") && (at == 0 || !is_name_char(text[at - 1]))) {
    const std::size_t open = text.find('(', at);
    const std::string close = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
    return after(text.find(close, at), close.size());
  }
  const char quote = text[at];
  const bool separator = quote == '\'' && at > 0 && is_name_char(text[at - 1]);  // 10'000
  if ((quote != '"' && quote != '\'') || separator) return at;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == quote)
      return i + 1;
  }
  return text.size();
}

}  // namespace

std::string code_of(std::string_view source) {
  std::string out(source);
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t end = skip_literal(source, at);
    if (end == at) {
      ++at;
      continue;
    }
    for (; at < end; ++at) {
      if (out[at] != '\n') out[at] = ' ';
    }
  }
  return out;
}

std::size_t find_close(std::string_view code, std::size_t open) {
  const char from = code[open];
  const char to = from == '(' ? ')' : from == '[' ? ']' : from == '{' ? '}' : '>';
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    if (code[i] == from) ++depth;
    if (code[i] == to && --depth == 0) return i;
  }
  return std::string_view::npos;
}

std::size_t find_before(std::string_view code, std::size_t at) {
  return at == 0 ? std::string_view::npos : code.find_last_not_of(" \n", at - 1);
}

std::size_t line_of(std::string_view text, std::size_t at) {
  return static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
}

bool is_word_at(std::string_view code, std::size_t at, std::string_view word) {
  if (code.substr(at, word.size()) != word) return false;
  const bool begins = at == 0 || !is_name_char(code[at - 1]);
  return begins && (at + word.size() == code.size() || !is_name_char(code[at + word.size()]));
}

}  // namespace pg::test
