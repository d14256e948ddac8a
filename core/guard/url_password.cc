// RFC 3986 wants signs in a password percent-encoded, but people write them as they are, '@' and '/' too: the host tells the end.
#include "core/guard/url_password.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/stand_ins.h"

namespace pg {
namespace {

constexpr std::size_t kShortestPassword = 6, kLongestPassword = 256;

/// An escaped quote or line break ends a URL; any other backslash may be the password's.
bool ends_url(std::string_view text, std::size_t at, char quote) {
  const char byte = text[at];
  if (byte != '\\') return kSpace.has(byte) || byte == '"' || byte == '`' || (quote != '\0' && byte == quote);
  return escaped_end_at(text, at);
}

/// The '@' before the host: the last one, unless what stands behind an earlier one is more than part of a password.
std::optional<std::size_t> find_host_sign(std::string_view text, std::size_t begin, char quote) {
  static constexpr ByteSet kHostBegin("A-Za-z0-9[${</\\%#\"'");
  static constexpr ByteSet kBehindHost("/?,:&#");
  const std::size_t stop = std::min(text.size(), begin + kLongestPassword + 1);
  std::optional<std::size_t> sign;
  for (std::size_t at = begin; at < stop && !ends_url(text, at, quote); ++at) {
    if (text.substr(at, 3) == "://" || (sign && kBehindHost.has(text[at]))) break;
    if (text[at] == '@' && at + 1 < text.size() && kHostBegin.has(text[at + 1])) sign = at;
  }
  return sign;
}

/// 5432/x?mail=a in localhost:5432/x?mail=a@b. No text has these signs behind a port.
bool begins_with_port(std::string_view password) {
  static constexpr ByteSet kNeverBehind("!_$^*~+");
  std::size_t digits = 0;
  while (digits < password.size() && kDigits.has(password[digits])) ++digits;
  if (digits == 0 || digits > 5) return false;
  return digits == password.size() || !(kAlnum.has(password[digits]) || kNeverBehind.has(password[digits]));
}

/// What of the text behind `begin` may be a host's name.
std::string_view host_behind(std::string_view text, std::size_t begin) {
  constexpr std::size_t kLongestHost = 255;
  const std::string_view near = text.substr(std::min(begin, text.size()), kLongestHost);
  return near.substr(0, std::min(near.size(), near.find_first_of("/:?#,; \t\r\n\"'`<>\\&)]")));
}

/// The name between scheme and colon.
std::string_view user_of(const Candidate& c) {
  std::string_view head = c.text.substr(c.whole.begin, c.whole.size());
  head.remove_suffix(1);
  return head.substr(head.find_last_of("/:") + 1);
}

/// Letters alone are a password where the host may exist.
bool is_own_word(std::string_view password, std::string_view host) {
  constexpr std::size_t kShortest = 8;
  constexpr std::array<std::string_view, 7> kWords = {"pass", "secret", "your", "user", "change", "token", "key"};
  const std::string lower = to_lower(password);
  const auto has = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return password.size() >= kShortest && is_real_host(host) && std::none_of(kWords.begin(), kWords.end(), has);
}

/// The login whose password begins behind the match, with the value moved there; nullopt where no host follows, or what stands
/// there is no password.
std::optional<Login> read_login(Candidate& c) {
  const std::size_t begin = c.whole.end;
  const char before = c.whole.begin > 0 ? c.text[c.whole.begin - 1] : '\0';
  const auto sign = find_host_sign(c.text, begin, before == '\'' ? before : '\0');
  if (!sign || *sign - begin < kShortestPassword) return std::nullopt;
  const Login login{user_of(c), c.text.substr(begin, *sign - begin), host_behind(c.text, *sign + 1)};
  if (begins_with_port(login.password) || is_filled_in_later(login.password) || is_stand_in(login)) return std::nullopt;
  c.value = {begin, *sign};
  c.whole.end = *sign;
  return login;
}

}  // namespace

Judgement check_url_password(Candidate& c) {
  const auto login = read_login(c);
  const bool is_password = login && (is_no_word(login->password) || is_own_word(login->password, login->host));
  return is_password ? Judgement::possible : Judgement::no;
}

/// Programs that speak HTTP end the user's part at the first '/', '?' or '#', so people had to encode them; and what is on the
/// web is written about more.
Judgement check_web_password(Candidate& c) {
  const auto login = read_login(c);
  if (!login || login->password.find_first_of("/?#") != std::string_view::npos) return Judgement::no;
  constexpr std::size_t kNoExample = 14;
  const bool in_an_example = login->host.find("example") != std::string_view::npos && login->password.size() < kNoExample;
  return is_no_word(login->password) && !in_an_example ? Judgement::possible : Judgement::no;
}

}  // namespace pg
