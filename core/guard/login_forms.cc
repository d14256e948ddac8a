// What stands around a value is looked at within some hundred bytes on either side, so that a hit costs the same in any text.
#include "core/guard/login_forms.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/stand_ins.h"

namespace pg {
namespace {

/// The line up to `at`, of its last `reach` bytes; a backslash at its end continues it.
std::string_view line_before(std::string_view text, std::size_t at, std::size_t reach) {
  std::size_t begin = at;
  const std::size_t stop = at > reach ? at - reach : 0;
  while (begin > stop && (text[begin - 1] != '\n' || (begin >= 2 && text[begin - 2] == '\\'))) --begin;
  return text.substr(begin, at - begin);
}

/// The line from `at` on, of its next `reach` bytes.
std::string_view line_behind(std::string_view text, std::size_t at, std::size_t reach) {
  const std::string_view near = text.substr(std::min(at, text.size()), reach);
  return near.substr(0, near.find('\n'));
}

template <std::size_t N>
bool names_any(std::string_view before, std::string_view behind, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return contains_ignore_case(before, name) || contains_ignore_case(behind, name);
  });
}

bool is_password_of(const Login& login) {
  return !is_filled_in_later(login.password) && !is_stand_in(login) && is_no_word(login.password);
}

}  // namespace

Judgement check_password(Candidate& c) {
  return is_password_of({{}, c.value_text(), {}}) ? Judgement::possible : Judgement::no;
}

Judgement check_connection_password(Candidate& c) {
  constexpr std::size_t kBefore = 256, kBehind = 160;
  constexpr std::array<std::string_view, 5> kServers = {"server=", "data source=", "host=", "driver=", "address="};
  constexpr std::array<std::string_view, 4> kUsers = {"user=", "uid=", "user id=", "username="};
  constexpr std::array<std::string_view, 1> kDatabase = {"dbname="};
  if (c.whole.begin == 0 || !is_password_of({{}, c.value_text(), {}})) return Judgement::no;
  const char sign = c.text[c.text[c.whole.begin] == ';' ? c.whole.begin : c.whole.begin - 1];
  const std::string_view before = line_before(c.text, c.whole.begin, kBefore);
  const bool is_jdbc = contains_ignore_case(before, "jdbc:");
  if (sign == '?' || sign == '&') return is_jdbc ? Judgement::possible : Judgement::no;
  const std::string_view behind = line_behind(c.text, c.whole.end, kBehind);
  bool is_string = false;
  if (sign == ';' || (sign == ' ' && c.whole.begin >= 2 && c.text[c.whole.begin - 2] == ';')) {
    is_string = is_jdbc || (names_any(before, behind, kServers) && names_any(before, behind, kUsers));
  } else if (sign == ' ') {
    // host=db user=app password=… dbname=x, and no call with arguments of these names
    const bool is_call = before.find_first_of("(,") != std::string_view::npos;
    is_string = !is_call && names_any(before, behind, kServers) && names_any(before, behind, kDatabase);
  }
  return is_string ? Judgement::possible : Judgement::no;
}

Judgement check_curl_password(Candidate& c) {
  constexpr std::size_t kReach = 400;
  if (!contains_ignore_case(line_before(c.text, c.whole.begin + 1, kReach), "curl")) return Judgement::no;
  return check_password(c);
}

Judgement check_azure_sas(Candidate& c) {
  constexpr std::size_t kReach = 400;
  const std::string_view before = line_before(c.text, c.whole.begin, kReach), behind = line_behind(c.text, c.whole.end, kReach);
  constexpr std::array<std::string_view, 2> kExpiry = {"?se=", "&se="};
  constexpr std::array<std::string_view, 6> kWhat = {"?sv=", "&sv=", "?sr=", "&sr=", "?sp=", "&sp="};
  return names_any(before, behind, kExpiry) && names_any(before, behind, kWhat) ? Judgement::possible : Judgement::no;
}

Judgement check_jwk(Candidate& c) {
  constexpr std::size_t kReach = 4096;  // of an RSA key of 4096 bits
  const std::size_t stop = c.whole.begin > kReach ? c.whole.begin - kReach : 0;
  const std::string_view before = c.text.substr(stop, c.whole.begin - stop);
  const std::size_t open = before.rfind('{');
  if (open == std::string_view::npos) return Judgement::no;
  const std::string_view behind = c.text.substr(std::min(c.whole.end, c.text.size()), kReach);
  const std::array<std::string_view, 2> members = {before.substr(open), behind.substr(0, behind.find('}'))};
  const auto has = [&](std::string_view name) {
    return std::any_of(members.begin(), members.end(),
                       [name](std::string_view part) { return part.find(name) != std::string_view::npos; });
  };
  // A symmetric key is "k"; keys of curves and RSA name their public part as well.
  const bool symmetric = c.text.substr(c.whole.begin, 2) == "\"k";
  return has("\"kty") && (symmetric ? has("oct") : has("\"x") || has("\"n")) ? Judgement::possible : Judgement::no;
}

}  // namespace pg
