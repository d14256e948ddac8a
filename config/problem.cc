// Problems as text. Whatever stands in a settings file may be a credential typed into the wrong place, so excerpts are masked.
#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/ascii.h"
#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"

namespace pg {
namespace {

constexpr std::size_t kMaxExcerpt = 160;
constexpr std::array<std::string_view, 20> kCredentialStarts = {"sk-",   "sk_",  "pk_",  "rk_",   "pg_live_", "gsk_", "xai-",
                                                                "ghp_",  "gho_", "ghs_", "AKIA",  "ASIA",     "AIza", "hf_",
                                                                "glpat", "xox",  "r8_",  "pplx-", "fw_",      "eyJ"};

bool is_word_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '+' || c == '=';
}

// Random text has long runs of letters among digits; model names and dates have dashes between short words.
bool has_dense_run(std::string_view word) {
  std::size_t length = 0, digits = 0, letters = 0;
  for (const char c : word) {
    if (!is_alnum(c)) {
      length = digits = letters = 0;
      continue;
    }
    ++length;
    ++(is_digit(c) ? digits : letters);
    if (length >= 20 && digits >= 2 && letters >= 2) return true;
  }
  return false;
}

// Names whose values are nobody's business, whatever they look like: api_key, X-Api-Key, PG_PROVIDERS_OPENAI_CREDENTIAL.
bool names_credential(std::string_view word) {
  constexpr std::array<std::string_view, 9> kEnds = {"credential", "key",    "apikey",        "token", "secret",
                                                     "password",   "passwd", "authorization", "cookie"};
  const std::string lower = to_lower(word);
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) {
    if (lower.size() < end.size() || lower.substr(lower.size() - end.size()) != end) return false;
    return lower.size() == end.size() || !is_alnum(lower[lower.size() - end.size() - 1]);
  });
}

// The part of a value at `at` that must not be shown: up to its quote, comma, brace or the end of the line.
std::size_t end_of_value(std::string_view line, std::size_t at) {
  constexpr std::array<std::string_view, 7> kHarmless = {"env:", "file:", "sealed", "client", "none", "true", "false"};
  const char quote = at < line.size() && (line[at] == '"' || line[at] == '\'') ? line[at] : '\0';
  const std::string_view value = line.substr(at + (quote != '\0' ? 1 : 0));
  const auto starts = [&](std::string_view form) { return value.substr(0, form.size()) == form; };
  if (std::any_of(kHarmless.begin(), kHarmless.end(), starts)) return at;
  const std::size_t end = quote != '\0' ? line.find(quote, at + 1) : line.find_first_of(",}#", at);
  return std::min(end, line.size());
}

// Byte offset of the 1-based character `column`.
std::size_t byte_of_column(std::string_view line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

std::string printable(std::string_view text) {
  std::string flat(text);
  std::replace(flat.begin(), flat.end(), '\t', ' ');
  return escape_controls(flat);
}

}  // namespace

bool looks_like_credential(std::string_view word) {
  if (word.size() < 16 || is_uuid(word)) return false;
  const auto starts = [&](std::string_view start) { return word.substr(0, start.size()) == start; };
  return std::any_of(kCredentialStarts.begin(), kCredentialStarts.end(), starts) || has_dense_run(word);
}

std::string mask_credentials(std::string_view line) {
  std::string masked(line);
  const auto hide = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      if (masked[i] != ' ' && masked[i] != '"' && masked[i] != '\'') masked[i] = '*';
  };
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && is_word_char(line[end]) && line[end] != '=') ++end;
    const std::string_view word = line.substr(at, end - at);
    if (looks_like_credential(word)) hide(at, end);
    const std::size_t equals = std::min(line.find_first_not_of(" \t\"'", end), line.size());
    if (equals < line.size() && line[equals] == '=' && names_credential(word)) {
      const std::size_t value = std::min(line.find_first_not_of(" \t", equals + 1), line.size());
      hide(value, end_of_value(line, value));
    }
    at = std::max(end, at + 1);
  }
  // Of a URL, who logs in there and what it is asked with.
  for (std::size_t at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 3)) {
    const std::size_t end = std::min(line.find_first_of(" \t\"'<>", at + 3), line.size());
    const std::size_t sign = line.substr(0, end).rfind('@');  // the last: a password may hold anything
    if (sign != std::string_view::npos && sign > at) hide(at + 3, sign);
    if (const std::size_t query = line.substr(0, end).find('?', at + 3); query != std::string_view::npos) hide(query + 1, end);
  }
  return masked;
}

std::string SourcePlace::text() const {
  if (line == 0) return file;
  return fmt::format("{}:{}:{}", file, line, column);
}

std::string problem_text(const Problem& problem) {
  const SourcePlace& place = problem.place;
  // Names of keys and files come from foreign hands, too.
  const std::string hint = escape_controls(without_secrets(problem.hint));
  std::string text = escape_controls(without_secrets(place.text() + (place.text().empty() ? "" : ": ") + problem.message));
  if (place.source.empty()) return hint.empty() ? text : fmt::format("{} ({})", text, hint);
  const std::string masked = mask_credentials(place.source);
  const std::size_t at = byte_of_column(masked, place.column);
  // A window of a long line, wide enough on both sides of the place.
  const std::size_t from = at > kMaxExcerpt / 2 ? byte_of_column(masked, place.column - int{kMaxExcerpt / 2}) : 0;
  const std::string before = printable(std::string_view(masked).substr(from, at - from));
  const std::size_t after = byte_of_column(std::string_view(masked).substr(at), int{kMaxExcerpt / 2});
  const int blanks = display_width(before);
  text += fmt::format("\n  {}{}\n  {:{}}^", before, printable(std::string_view(masked).substr(at, after)), "", blanks);
  if (place.width > 1) text += std::string(static_cast<std::size_t>(std::min(place.width, 60) - 1), '~');
  if (!hint.empty()) text += " " + hint;
  return text;
}

std::string problems_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem_text(problem);
  return text;
}

}  // namespace pg
