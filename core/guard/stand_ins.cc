// A stand-in is told by its words: without digits and signs, its letters are cut into words of which none says anything.
#include "core/guard/stand_ins.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

constexpr std::size_t kLongestWords = 48;
constexpr ByteSet kAnyLetter("A-Za-z");

// Words that speak of a value instead of being one.
constexpr std::array<std::string_view, 51> kSpeaking = {
    "password", "passwd", "passwort", "pass",   "passcode", "passphrase", "pwd",     "pw",   "secret", "secrets", "user",
    "username", "my",     "your",     "the",    "here",     "some",       "new",     "old",  "this",   "with",    "test",
    "testing",  "value",  "token",    "key",    "api",      "foo",        "bar",     "baz",  "db",     "very",    "super",
    "strong",   "secure", "long",     "random", "login",    "auth",       "plain",   "text", "is",     "a",       "to",
    "default",  "string", "access",   "app",    "client",   "id",         "personal"};
// Words that ask for another value.
constexpr std::array<std::string_view, 18> kAsking = {"change",    "changeme", "changeit", "me",    "it",   "replace",
                                                      "replaceme", "example",  "sample",   "dummy", "fake", "placeholder",
                                                      "redacted",  "insert",   "enter",    "put",   "fill", "in"};
// Words that programs and examples come with; a digit makes a password of them.
constexpr std::array<std::string_view, 24> kCommon = {"root",  "admin",    "administrator", "postgres",  "postgresql", "pg",
                                                      "mysql", "mariadb",  "mongo",         "mongodb",   "redis",      "rabbit",
                                                      "guest", "rabbitmq", "tiger",         "scott",     "demo",       "hello",
                                                      "world", "welcome",  "dev",           "developer", "database",   "service"};

template <std::size_t N>
bool has_word_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What a letter is written as in p@ssw0rd.
char letter_of(char sign) {
  constexpr std::string_view kWritten = "0134578@$!", kMeant = "oieastbasi";
  const std::size_t at = kWritten.find(sign);
  return at == std::string_view::npos ? to_lower(sign) : kMeant[at];
}

/// The letters of a password in lower case: without what counts or closes it, and without percent escapes.
std::string letters_of(std::string_view password) {
  while (!password.empty() && !kAnyLetter.has(password.back())) password.remove_suffix(1);
  while (!password.empty() && kDigits.has(password.front())) password.remove_prefix(1);
  std::string out;
  for (std::size_t i = 0; i < password.size() && out.size() <= kLongestWords; ++i) {
    if (password[i] == '%' && i + 2 < password.size() && kHex.has(password[i + 1]) && kHex.has(password[i + 2])) {
      i += 2;
      continue;
    }
    const char letter = letter_of(password[i]);
    if (kLower.has(letter)) out += letter;
  }
  return out;
}

/// Whether the letters can be cut into words that `is_word` takes.
template <class IsWord>
bool is_made_of(std::string_view letters, const IsWord& is_word) {
  if (letters.empty() || letters.size() > kLongestWords) return false;
  std::array<bool, kLongestWords + 1> reached{};
  reached[0] = true;
  for (std::size_t end = 1; end <= letters.size(); ++end)
    for (std::size_t begin = end > 16 ? end - 16 : 0; begin < end && !reached[end]; ++begin)
      reached[end] = reached[begin] && is_word(letters.substr(begin, end - begin));
  return reached[letters.size()];
}

bool is_repeated(std::string_view letters) {
  return !letters.empty() && letters.find_first_not_of(letters[0]) == std::string_view::npos;
}

/// ****1, xx..xx: of three signs at most.
bool is_drawn(std::string_view password) {
  std::string seen;
  for (const char byte : password)
    if (seen.find(byte) == std::string::npos && seen.size() < 4) seen += byte;
  return seen.size() <= 3;
}

/// 123456, as far as people count.
bool is_counted(std::string_view password) {
  return std::string_view("1234567890").starts_with(password) || std::string_view("0123456789").starts_with(password);
}

/// DB_PASSWORD_1, %CI_JOB_TOKEN%: how variables are called, and no password is.
bool is_variable(std::string_view password) {
  if (password.size() > 2 && password.front() == '%' && password.back() == '%')
    password = password.substr(1, password.size() - 2);
  static constexpr ByteSet kName("A-Z0-9_");
  const auto count = [password](const ByteSet& set) {
    return std::count_if(password.begin(), password.end(), [&set](char byte) { return set.has(byte); });
  };
  const auto all = static_cast<std::ptrdiff_t>(password.size());
  return password.find('_') != std::string_view::npos && kUpper.has(password.front()) && count(kName) == all &&
         count(kDigits) * 4 <= all;
}

}  // namespace

bool is_filled_in_later(std::string_view password) {
  if (password.empty() || std::string_view("$<{[(").find(password[0]) != std::string_view::npos) return true;
  constexpr std::array<std::string_view, 8> kTemplates = {"${", "$(", "{{", "%(", "%s", "%v", "&lt;", "\\("};
  const auto has = [password](std::string_view part) { return password.find(part) != std::string_view::npos; };
  if (is_variable(password) || password.starts_with("process.env.") || password.starts_with("@Microsoft.KeyVault")) return true;
  return std::any_of(kTemplates.begin(), kTemplates.end(), has) || (has("<") && has(">")) || (has("{") && has("}"));
}

bool is_stand_in(const Login& login) {
  const std::string letters = letters_of(login.password), user = letters_of(login.user);
  const auto speaks = [&](std::string_view word) {
    return has_word_of(word, kSpeaking) || has_word_of(word, kAsking) || (word == user && word.size() > 2);
  };
  const auto says_nothing = [&](std::string_view word) { return speaks(word) || has_word_of(word, kCommon); };
  const bool only_letters = std::all_of(login.password.begin(), login.password.end(), [](char c) { return kAnyLetter.has(c); });
  if ((is_repeated(letters) && letters.size() > 2) || is_drawn(login.password)) return true;
  if (letters.empty()) return is_counted(login.password) && !is_real_host(login.host);
  const bool has_digit = std::any_of(login.password.begin(), login.password.end(), [](char c) { return kDigits.has(c); });
  if (!has_digit && is_made_of(letters, says_nothing)) return true;
  if (!is_made_of(letters, speaks)) return false;
  constexpr std::array<std::string_view, 7> kAlways = {"change",      "your",     "replace", "example",
                                                       "placeholder", "redacted", "dummy"};
  const auto has = [&](std::string_view word) { return letters.find(word) != std::string::npos; };
  return only_letters || std::any_of(kAlways.begin(), kAlways.end(), has) || !is_real_host(login.host);
}

bool is_real_host(std::string_view host) {
  static constexpr ByteSet kName("A-Za-z0-9.-");
  std::size_t size = 0;
  while (size < host.size() && kName.has(host[size])) ++size;
  const std::string name = to_lower(host.substr(0, size));
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 >= name.size()) return false;
  constexpr std::array<std::string_view, 7> kNoHosts = {"example", "localhost", "domain.",   "hostname",
                                                        "your",    "host.com",  "server.com"};
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (name.starts_with("127.") || name == "0.0.0.0") return false;
  return !std::any_of(kNoHosts.begin(), kNoHosts.end(), has) && !name.ends_with(".test") && !name.ends_with(".invalid");
}

bool is_no_word(std::string_view password) {
  for (std::size_t i = 0; i < password.size(); ++i) {
    // The digits of %40 are not the password's.
    if (password[i] == '%' && i + 2 < password.size() && kHex.has(password[i + 1]) && kHex.has(password[i + 2]))
      i += 2;
    else if (kDigits.has(password[i]))
      return true;
  }
  constexpr std::array<std::string_view, 6> kWords = {"pass", "secret", "your", "user", "change", "example"};
  const std::string lower = to_lower(password);
  if (std::any_of(kWords.begin(), kWords.end(), [&](std::string_view w) { return lower.find(w) != std::string::npos; }))
    return false;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < password.size(); ++i) changes += kUpper.has(password[i]) != kUpper.has(password[i - 1]) ? 1 : 0;
  return password.size() >= 10 && changes >= 5;
}

}  // namespace pg
