// The coroutine rules: g++ 12 miscompiles or crashes on what they forbid, and dangling parameters hide behind the rest.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/cpp_text.h"
#include "tests/support/house_rules.h"

namespace pg::test {
namespace {

constexpr std::array<std::string_view, 3> kKeywords = {"co_await", "co_return", "co_yield"};

bool is_product(const SourceFile& file) {
  const std::string_view path = file.path;
  const bool cpp = path.ends_with(".h") || path.ends_with(".cc");
  return cpp && !path.starts_with("tests/");
}

std::string complaint_at(const SourceFile& file, std::size_t at, std::string what) {
  return file.path + ":" + std::to_string(line_of(file.text, at)) + ": " + std::move(what);
}

/// Calls `act` with the index of each whole-word `word`.
template <class Act>
void for_each_word(std::string_view code, std::string_view word, Act act) {
  for (std::size_t at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    if (is_word_at(code, at, word)) act(at);
  }
}

/// The identifier that ends at `end` (inclusive), "" when there is none.
std::string_view word_ending_at(std::string_view code, std::size_t end) {
  std::size_t begin = end + 1;
  while (begin > 0 && (std::isalnum(static_cast<unsigned char>(code[begin - 1])) != 0 || code[begin - 1] == '_')) --begin;
  return code.substr(begin, end + 1 - begin);
}

std::size_t find_open(std::string_view code, std::size_t close) {
  int depth = 0;
  for (std::size_t i = close + 1; i-- > 0;) {
    if (code[i] == ')') ++depth;
    if (code[i] == '(' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

/// True when `)` at `close` ends the head of an if, for or while.
bool ends_condition(std::string_view code, std::size_t close) {
  const std::size_t open = find_open(code, close);
  if (open == std::string_view::npos) return false;
  const std::size_t before = find_before(code, open);
  if (before == std::string_view::npos) return false;
  const std::string_view word = word_ending_at(code, before);
  return word == "if" || word == "for" || word == "while" || word == "constexpr";
}

/// True when an expression may begin at `at`: the start of a statement, or the right side of a plain `=`.
bool may_await_at(std::string_view code, std::size_t at) {
  const std::size_t before = find_before(code, at);
  if (before == std::string_view::npos) return true;
  const char c = code[before];
  if (c == ';' || c == '}') return true;
  if (c == '{') return before + 1 < at;  // a block is followed by a blank, an initialiser is not
  if (c == '=') return before == 0 || std::string_view("=!<>+-*/%&|^").find(code[before - 1]) == std::string_view::npos;
  if (c == ')') return ends_condition(code, before);
  if (c == ':') return before == 0 || code[before - 1] != ':';  // a label
  const std::string_view word = word_ending_at(code, before);
  return word == "else" || word == "do";
}

/// True when nothing but the awaited call stands between `at` and the end of its statement.
bool stands_alone(std::string_view code, std::size_t at) {
  for (std::size_t i = at; i < code.size() && code[i] != ';'; ++i) {
    if (code[i] == '(' || code[i] == '[' || code[i] == '{') {
      i = find_close(code, i);
      if (i == std::string_view::npos) return false;
      continue;
    }
    const std::string_view two = code.substr(i, 2);
    if (two == "->" || two == "::") {
      ++i;
      continue;
    }
    if (code[i] == ')' || code[i] == ',' || code[i] == '?' || code[i] == '+' || code[i] == '=') return false;
    if (two == "||" || two == "&&" || two == "!=" || two == "- ") return false;
  }
  return true;
}

/// True when `at` is right of `auto [a, b] =`, with or without a reference.
bool binds_structure(std::string_view code, std::size_t at) {
  const std::size_t equals = find_before(code, at);
  if (equals == std::string_view::npos || code[equals] != '=') return false;
  const std::size_t close = find_before(code, equals);
  if (close == std::string_view::npos || code[close] != ']') return false;
  const std::size_t before = find_before(code, code.rfind('[', close));
  return before != std::string_view::npos && (code[before] == '&' || word_ending_at(code, before) == "auto");
}

struct Lambda {
  std::size_t intro;
  std::size_t begin;  // of the body
  std::size_t end;
  bool captures;
};

/// The lambda whose `[` stands at `at`, if one does.
std::optional<Lambda> read_lambda(std::string_view code, std::size_t at) {
  const std::size_t before = find_before(code, at);
  if (before != std::string_view::npos) {
    const char c = code[before];
    const std::string_view word = word_ending_at(code, before);
    const bool subscript =
        c == ')' || c == ']' || (!word.empty() && word != "return" && word != "co_await" && word != "co_return");
    if (subscript || c == '[') return std::nullopt;  // `[[` opens an attribute
  }
  const std::size_t close = find_close(code, at);
  if (close == std::string_view::npos) return std::nullopt;
  std::size_t i = code.find_first_not_of(" \n", close + 1);
  if (i == std::string_view::npos || (code[i] != '(' && code[i] != '{' && !is_word_at(code, i, "mutable"))) return std::nullopt;
  if (code[i] == '(') i = find_close(code, i);
  const std::size_t body = i == std::string_view::npos ? i : code.find_first_of("{;", i);
  if (body == std::string_view::npos || code[body] != '{') return std::nullopt;
  const bool captures = code.substr(at + 1, close - at - 1).find_first_not_of(" \n") != std::string_view::npos;
  return Lambda{at, body, find_close(code, body), captures};
}

}  // namespace

Complaints check_coroutine_place(const SourceFile& file) {
  Complaints out;
  if (!is_product(file) || file.path.starts_with("proxy/") || file.path == "cmd/serve.cc") return out;
  const std::string code = code_of(file.text);
  for (const std::string_view word : kKeywords) {
    for_each_word(code, word,
                  [&](std::size_t at) { out.push_back(complaint_at(file, at, "waits outside of proxy/ and cmd/serve.cc")); });
  }
  return out;
}

Complaints check_co_await(const SourceFile& file) {
  Complaints out;
  if (!is_product(file)) return out;
  const std::string code = code_of(file.text);
  for_each_word(code, "co_await", [&](std::size_t at) {
    if (!may_await_at(code, at))
      out.push_back(complaint_at(file, at, "co_await opens a statement or stands right of `=`"));
    else if (!stands_alone(code, at))
      out.push_back(complaint_at(file, at, "co_await stands alone: name its result first"));
    if (binds_structure(code, at)) out.push_back(complaint_at(file, at, "no structured binding of a co_await"));
  });
  return out;
}

Complaints check_coroutine_lambdas(const SourceFile& file) {
  Complaints out;
  if (!is_product(file)) return out;
  const std::string code = code_of(file.text);
  std::vector<Lambda> lambdas;
  for (std::size_t at = code.find('['); at != std::string::npos; at = code.find('[', at + 1)) {
    if (const auto lambda = read_lambda(code, at)) lambdas.push_back(*lambda);
  }
  for (const std::string_view word : kKeywords) {
    for_each_word(code, word, [&](std::size_t at) {
      const Lambda* inner = nullptr;  // intros rise, so the last one around is the innermost
      for (const Lambda& lambda : lambdas) {
        if (lambda.begin < at && at < lambda.end) inner = &lambda;
      }
      if (inner != nullptr && inner->captures)
        out.push_back(complaint_at(file, at, "a coroutine lambda captures nothing; pass parameters"));
    });
  }
  return out;
}

Complaints check_coroutine_parameters(const SourceFile& file) {
  Complaints out;
  if (!is_product(file)) return out;
  const std::string code = code_of(file.text);
  for (const std::string_view word : {std::string_view("Task"), std::string_view("awaitable")}) {
    for_each_word(code, word, [&](std::size_t at) {
      const std::size_t open = code.find_first_not_of(" \n", at + word.size());
      if (open == std::string::npos || code[open] != '<') return;
      const std::size_t close = find_close(code, open);
      if (close == std::string::npos) return;
      const std::size_t name = code.find_first_not_of(" \n", close + 1);
      const std::size_t list = code.find_first_of("(;{=,>", close + 1);
      if (name == std::string::npos || list == std::string::npos || code[list] != '(' || list == name) return;
      const std::string parameters = code.substr(list, find_close(code, list) - list);
      if (parameters.find("string_view") != std::string::npos)
        out.push_back(complaint_at(file, at, "a coroutine takes no string_view"));
    });
  }
  return out;
}

}  // namespace pg::test
