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
constexpr ByteSet kLetterLeads("\xC3-\xD4");  // of Latin, Greek and Cyrillic letters in UTF-8
constexpr std::size_t kMaxLocal = 64;         // RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxDomain = 253;

constexpr std::array<std::string_view, 9> kMachines = {"noreply", "no-reply",      "no_reply",      "donotreply", "do-not-reply",
                                                       "git",     "mailer-daemon", "notifications", "npm"};

/// True when the two bytes at `at` are one letter beyond ASCII: RFC 6531 lets them stand in names, RFC 5890 in domains.
bool is_wide_letter(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || !kLetterLeads.has(text[at]) || (static_cast<unsigned char>(text[at + 1]) & 0xC0U) != 0x80)
    return false;
  return text[at] != '\xC3' || (text[at + 1] != '\x97' && text[at + 1] != '\xB7');  // signs of multiplication and division
}

/// o'brien@, d'angelo@: an apostrophe at `at` inside a name, not the quote behind the f or u of a string.
bool is_name_apostrophe(std::string_view text, std::size_t at) {
  static constexpr ByteSet kParticle("oOdDlLmM");
  if (text[at] != '\'' || at == 0 || at + 1 >= text.size() || !kAlnum.has(text[at + 1]) || !kParticle.has(text[at - 1]))
    return false;
  return at == 1 || !(kWord.has(text[at - 2]) || text[at - 2] == '\'' || text[at - 2] == '\\');
}

/// Begin of the local part before `at`, or `at`. The letter of an escape (\n) or a percent code (%22) is no part of it.
std::size_t local_begin(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin <= kMaxLocal + 8) {
    if (kLocal.has(text[begin - 1]) || is_name_apostrophe(text, begin - 1))
      --begin;
    else if (begin >= 2 && is_wide_letter(text, begin - 2))
      begin -= 2;
    else
      break;
  }
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
  while (begin < at && !kAlnum.has(text[begin]) && text[begin] != '_' && !is_wide_letter(text, begin)) ++begin;
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

/// name@1.2.x and hero@2x.zip: a version or a scale, whatever extension follows. One number alone may be a provider of mailboxes
/// (163.com, 1984.io), but not behind a path (actions/checkout@v4.com).
bool is_version_or_scale(std::string_view domain, bool in_path) {
  std::size_t i = domain[0] == 'v' || domain[0] == 'V' ? 1 : 0;
  const std::size_t digits = i;
  while (i < domain.size() && kDigits.has(domain[i])) ++i;
  if (i == digits || i >= domain.size()) return false;
  if (domain[i] == 'x') return domain.substr(i) == "x.zip" || domain.substr(i) == "x.mov";
  if (domain[i] != '.') return false;
  const std::string_view second = domain.substr(i + 1, domain.find('.', i + 1) - i - 1);
  constexpr std::array<std::string_view, 7> kFiles = {"md", "rs", "py", "sh", "pl", "zip", "mov"};
  const std::string_view last = domain.substr(domain.rfind('.') + 1);
  return in_path || std::find(kFiles.begin(), kFiles.end(), last) != kFiles.end() ||
         (!second.empty() && digits_at(second, 0) == second.size());
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

/// passw0rd in name@host:passw0rd: no name of a folder has digits amid its letters.
bool is_password_like(std::string_view word) {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < word.size(); ++i) changes += kDigits.has(word[i]) != kDigits.has(word[i - 1]) ? 1 : 0;
  return changes >= 2 && word.size() >= 6;
}

/// user@host:path, as git, ssh and rsync write it: what follows the colon is a path, not a port or a sentence.
bool is_remote_path(std::string_view text, std::size_t end) {
  if (end + 1 >= text.size() || text[end] != ':') return false;
  if (text[end + 1] == '/' || text[end + 1] == '~' || text[end + 1] == '.') return text.substr(end + 1, 2) != "//";
  const std::size_t stop = std::min(text.size(), end + 200);
  for (std::size_t i = end + 1; i < stop; ++i) {
    const std::string_view first = text.substr(end + 1, i - end - 1);
    if (text[i] == '/') return digits_at(first, 0) != first.size() && !is_password_like(first);
    if (!kWord.has(text[i]) && text[i] != '-' && text[i] != '.' && text[i] != '~') return text.substr(0, i).ends_with(".git");
  }
  return text.substr(0, stop).ends_with(".git");
}

/// The call of a decorated or multiplied value, self@app.run(): in "name@example.com(home)" the domain is of those no method is
/// called by.
bool is_call(std::string_view text, std::size_t end) {
  constexpr std::array<std::string_view, 16> kNoMethods = {"com", "org", "net", "edu", "gov", "mil", "info", "de",
                                                           "fr",  "uk",  "eu",  "nl",  "ch",  "jp",  "cn",   "br"};
  if (byte_at(text, end) != '(') return false;
  return std::none_of(kNoMethods.begin(), kNoMethods.end(), [&](std::string_view tld) {
    return end > tld.size() && text[end - tld.size() - 1] == '.' &&
           equals_ignore_case(text.substr(end - tld.size(), tld.size()), tld);
  });
}

bool is_machine(std::string_view local, std::string_view domain) {
  return std::any_of(kMachines.begin(), kMachines.end(), [&](std::string_view m) { return equals_ignore_case(m, local); }) ||
         equals_ignore_case(domain, "users.noreply.github.com");
}

/// The domain from `begin` on, or an empty one.
std::string_view read_domain(std::string_view text, std::size_t begin, bool wide) {
  std::size_t end = begin;
  while (end < text.size() && end - begin <= kMaxDomain) {
    if (kDomain.has(text[end]))
      ++end;
    else if (wide && is_wide_letter(text, end))
      end += 2;
    else
      break;
  }
  while (end > begin && !kAlnum.has(text[end - 1])) --end;
  const std::string_view domain = text.substr(begin, end - begin);
  if (is_domain(domain)) return domain;
  // A sentence that goes on without a space: "…@example.com.The next".
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot + 1 >= domain.size() || !kUpper.has(domain[dot + 1])) return {};
  return is_domain(domain.substr(0, dot)) ? domain.substr(0, dot) : std::string_view();
}

}  // namespace

std::optional<Place> email_at(std::string_view text, std::size_t at) {
  if (at == 0 || at + 4 > text.size()) return std::nullopt;
  if (!kAlnum.has(text[at + 1]) && !is_wide_letter(text, at + 1)) return std::nullopt;
  if (!kLocal.has(text[at - 1]) && (at < 2 || !is_wide_letter(text, at - 2))) return std::nullopt;
  std::string_view domain = read_domain(text, at + 1, true);
  if (domain.empty()) domain = read_domain(text, at + 1, false);
  if (domain.empty()) return std::nullopt;
  const std::size_t end = at + 1 + domain.size();
  std::size_t begin = local_begin(text, at);
  // 'd'angelo@…' is no string, so a quote behind the address means that one began before it.
  const std::size_t quote = text.substr(begin, at - begin).rfind('\'');
  if (quote != std::string_view::npos && byte_at(text, end) == '\'') begin += quote + 1;
  const std::string_view local = text.substr(begin, at - begin);
  if (!is_local(local) || is_version_or_scale(domain, begin > 0 && text[begin - 1] == '/')) return std::nullopt;
  // A decorated call, another '@' or a path before the name: code, not mail.
  if (is_call(text, end) || byte_at(text, end) == '@') return std::nullopt;
  if (begin > 0 && text[begin - 1] == '@') return std::nullopt;
  if (is_userinfo(text, begin) || is_remote_path(text, end) || is_machine(local, domain)) return std::nullopt;
  return Place{begin, end};
}

}  // namespace pg
