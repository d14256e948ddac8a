// E-mail addresses, and the many things with an '@' that are none: versions, paths, decorators, logins, machines' mailboxes.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/pii_finders.h"
#include "core/guard/validators.h"

namespace pg {
namespace {

constexpr ByteSet kLocal("A-Za-z0-9._%+-");
constexpr ByteSet kDomain("A-Za-z0-9.-");
constexpr std::size_t kMaxLocal = 64;  // RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxDomain = 253;

constexpr std::array<std::string_view, 9> kMachines = {"noreply", "no-reply",      "no_reply",      "donotreply", "do-not-reply",
                                                       "git",     "mailer-daemon", "notifications", "npm"};

/// Begin of the local part before `at`, or `at`. The letter of an escape (\n) or a percent code (%22) is no part of it.
std::size_t local_begin(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && kLocal.has(text[begin - 1]) && at - begin <= kMaxLocal + 8) --begin;
  if (begin > 0 && text[begin - 1] == '\\') {
    // \n is one letter, \u003c five: what stands behind the escape may begin an address.
    for (const std::size_t length : {std::size_t{5}, std::size_t{3}, std::size_t{1}}) {
      const std::size_t escape = escape_before(text, begin + length);
      if (begin + length <= at && escape == length + 1) {
        begin += length;
        break;
      }
    }
  }
  while (begin + 3 <= at && text[begin] == '%' && kHex.has(text[begin + 1]) && kHex.has(text[begin + 2])) begin += 3;
  while (begin < at && !kAlnum.has(text[begin]) && text[begin] != '_') ++begin;
  return begin;
}

bool is_local(std::string_view local) {
  return !local.empty() && local.size() <= kMaxLocal && local.back() != '.' && local.find("..") == std::string_view::npos;
}

bool is_domain(std::string_view domain) {
  if (domain.size() > kMaxDomain || domain.find('.') == std::string_view::npos) return false;
  std::size_t begin = 0;
  while (begin <= domain.size()) {
    const std::size_t dot = std::min(domain.find('.', begin), domain.size());
    const std::string_view label = domain.substr(begin, dot - begin);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    begin = dot + 1;
  }
  return is_tld(domain.substr(domain.rfind('.') + 1));
}

/// name@1.2.x and hero@2x.png: the first label is a version or a scale, whatever extension follows.
bool is_version_or_scale(std::string_view domain) {
  std::size_t i = !domain.empty() && (domain[0] == 'v' || domain[0] == 'V') ? 1 : 0;
  const std::size_t digits = i;
  while (i < domain.size() && kDigits.has(domain[i])) ++i;
  return i > digits && i < domain.size() &&
         (domain[i] == '.' || (domain[i] == 'x' && i + 1 < domain.size() && domain[i + 1] == '.'));
}

/// scheme://user@host and scheme://user:password@host: the login of a URL.
bool is_userinfo(std::string_view text, std::size_t begin) {
  const std::size_t reach = begin > 256 ? begin - 256 : 0;
  for (std::size_t i = begin; i > reach; --i) {
    const char c = text[i - 1];
    if (c == '/') return i >= 3 && text[i - 2] == '/' && text[i - 3] == ':';
    if (c != ':' && !kLocal.has(c) && c != '!' && c != '$' && c != '*') return false;
  }
  return false;
}

/// user@host:path, as git, ssh and rsync write it: what follows the colon is a path, not a port or a sentence.
bool is_remote_path(std::string_view text, std::size_t end) {
  if (end + 1 >= text.size() || text[end] != ':') return false;
  if (text[end + 1] == '/' || text[end + 1] == '~' || text[end + 1] == '.') return text.substr(end + 1, 2) != "//";
  const std::size_t stop = std::min(text.size(), end + 200);
  for (std::size_t i = end + 1; i < stop; ++i) {
    if (text[i] == '/') return true;
    if (!kWord.has(text[i]) && text[i] != '-' && text[i] != '.' && text[i] != '~') return text.substr(0, i).ends_with(".git");
  }
  return text.substr(0, stop).ends_with(".git");
}

bool is_machine(std::string_view local, std::string_view domain) {
  return std::any_of(kMachines.begin(), kMachines.end(), [&](std::string_view m) { return equals_ignore_case(m, local); }) ||
         equals_ignore_case(domain, "users.noreply.github.com");
}

}  // namespace

std::optional<Place> email_at(std::string_view text, std::size_t at) {
  if (at == 0 || at + 4 > text.size() || !kAlnum.has(text[at + 1]) || !kLocal.has(text[at - 1])) return std::nullopt;
  std::size_t end = at + 1;
  while (end < text.size() && kDomain.has(text[end]) && end - at <= kMaxDomain + 1) ++end;
  while (end > at + 1 && !kAlnum.has(text[end - 1])) --end;
  std::string_view domain = text.substr(at + 1, end - at - 1);
  if (!is_domain(domain)) {
    // A sentence that goes on without a space: "…@example.com.The next".
    const std::size_t dot = domain.rfind('.');
    if (dot == std::string_view::npos || dot + 1 >= domain.size() || !kUpper.has(domain[dot + 1])) return std::nullopt;
    domain = domain.substr(0, dot);
    if (!is_domain(domain)) return std::nullopt;
    end = at + 1 + domain.size();
  }
  if (is_version_or_scale(domain)) return std::nullopt;
  const std::size_t begin = local_begin(text, at);
  const std::string_view local = text.substr(begin, at - begin);
  if (!is_local(local)) return std::nullopt;
  // A decorated call, another '@' or a path before the name: code, not mail.
  if (end < text.size() && (text[end] == '(' || text[end] == '@')) return std::nullopt;
  if (begin > 0 && text[begin - 1] == '@') return std::nullopt;
  if (is_userinfo(text, begin) || is_remote_path(text, end) || is_machine(local, domain)) return std::nullopt;
  return Place{begin, end};
}

}  // namespace pg
