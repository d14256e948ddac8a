// RFC 3986 wants signs in a password percent-encoded, but people write them as they are, '@' and '/' too: the host tells the end.
#include "core/guard/url_password.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::size_t kShortestPassword = 6, kLongestPassword = 256;

/// An escaped quote or line break ends a URL; any other backslash may be the password's.
bool ends_url(std::string_view text, std::size_t at, char quote) {
  const char byte = text[at];
  if (byte != '\\') return kSpace.has(byte) || byte == '"' || byte == '`' || (quote != '\0' && byte == quote);
  for (int deep = 0; deep < 16 && at < text.size() && text[at] == '\\'; ++deep) ++at;
  return at < text.size() && std::string_view("\"'nrt").find(text[at]) != std::string_view::npos;
}

/// The '@' before the host: the last one, unless what stands behind an earlier one is more than part of a password.
std::optional<std::size_t> find_host_sign(std::string_view text, std::size_t begin, char quote) {
  static constexpr ByteSet kHostBegin("A-Za-z0-9[${</\\");
  static constexpr ByteSet kBehindHost("/?,:&#");
  const std::size_t stop = std::min(text.size(), begin + kLongestPassword + 1);
  std::optional<std::size_t> sign;
  for (std::size_t at = begin; at < stop && !ends_url(text, at, quote); ++at) {
    if (text.substr(at, 3) == "://" || (sign && kBehindHost.has(text[at]))) break;
    if (text[at] == '@' && at + 1 < text.size() && kHostBegin.has(text[at + 1])) sign = at;
  }
  return sign;
}

/// 5432/x?mail=a in localhost:5432/x?mail=a@b.
bool begins_with_port(std::string_view password) {
  std::size_t digits = 0;
  while (digits < password.size() && kDigits.has(password[digits])) ++digits;
  return digits > 0 && digits <= 5 && (digits == password.size() || !kAlnum.has(password[digits]));
}

bool is_filled_in_later(std::string_view password) {
  if (std::string_view("$<{[(").find(password[0]) != std::string_view::npos) return true;
  constexpr std::array<std::string_view, 5> kTemplates = {"${", "$(", "{{", "%(", "%s"};
  const auto has = [password](std::string_view part) { return password.find(part) != std::string_view::npos; };
  return std::any_of(kTemplates.begin(), kTemplates.end(), has) || (has("<") && has(">")) || (has("{") && has("}"));
}

/// Digits are enough. Letters alone have to change case as no word does.
bool is_no_word(std::string_view password) {
  if (std::any_of(password.begin(), password.end(), [](char c) { return kDigits.has(c); })) return true;
  constexpr std::array<std::string_view, 6> kWords = {"pass", "secret", "your", "user", "change", "example"};
  const std::string lower = to_lower(password);
  if (std::any_of(kWords.begin(), kWords.end(), [&](std::string_view w) { return lower.find(w) != std::string::npos; }))
    return false;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < password.size(); ++i) changes += kUpper.has(password[i]) != kUpper.has(password[i - 1]) ? 1 : 0;
  return password.size() >= 10 && changes >= 5;
}

}  // namespace

Judgement check_url_password(Candidate& c) {
  const std::size_t begin = c.whole.end;
  const char before = c.whole.begin > 0 ? c.text[c.whole.begin - 1] : '\0';
  const auto sign = find_host_sign(c.text, begin, before == '\'' ? before : '\0');
  if (!sign || *sign - begin < kShortestPassword) return Judgement::no;
  const std::string_view password = c.text.substr(begin, *sign - begin);
  if (begins_with_port(password) || is_filled_in_later(password) || !is_no_word(password)) return Judgement::no;
  c.value = {begin, *sign};
  c.whole.end = *sign;
  return Judgement::possible;
}

}  // namespace pg
