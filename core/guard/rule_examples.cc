// Spells examples: classes from a small generator, and values whose checksums have to be right.
#include "core/guard/rule_examples.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/validators.h"

namespace pg {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kClasses = {{
    {"alnum", "A-Za-z0-9"},
    {"hex", "0-9a-f"},
    {"lhex", "0-9a-f"},
    {"uhex", "0-9A-F"},
    {"digit", "0-9"},
    {"upper", "A-Z"},
    {"lower", "a-z"},
    {"b64", "A-Za-z0-9+/"},
    {"b64u", "A-Za-z0-9_-"},
    {"base32", "A-Z2-7"},
    {"lalnum", "a-z0-9"},
    {"ualnum", "A-Z0-9"},
}};

/// splitmix64: the same everywhere, which <random>'s distributions are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::string letters(std::string_view alphabet, std::size_t count) {
    const ByteSet set(alphabet);
    std::string symbols;
    for (int c = 0; c < 256; ++c)
      if (set.has(static_cast<char>(c))) symbols += static_cast<char>(c);
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += symbols[next() % symbols.size()];
    return out;
  }
  std::string bytes(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(next() & 0xFF);
    return out;
  }

 private:
  std::uint64_t state_;
};

std::size_t count_of(std::string_view digits, std::size_t fallback) {
  std::size_t value = fallback;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string with_crc(Dice& dice, std::string_view prefix, std::size_t size) {
  const std::string body = dice.letters("A-Za-z0-9", size);
  return std::string(prefix) + body + base62_6(crc32(body));
}

std::string fine_grained_pat(Dice& dice) {
  const std::string account = dice.letters("A-Z0-9", 20);
  const std::string head = fmt::format("github_pat_11{}_{}", account, dice.letters("A-Za-z0-9", 43));
  return head + base32_sha256_8(head) + dice.letters("A-Za-z0-9", 8);
}

std::string jwt(Dice& dice) {
  const std::string payload =
      fmt::format(R"({{"sub":"{}","iat":{}}})", dice.letters("a-z0-9", 12), 1700000000 + dice.next() % 1000000);
  return fmt::format("{}.{}.{}", to_base64url(R"({"alg":"HS256","typ":"JWT"})"), to_base64url(payload),
                     dice.letters("A-Za-z0-9_-", 43));
}

std::string pem(Dice& dice, std::string_view type, std::string_view newline) {
  const std::string words = fmt::format("{}{}PRIVATE KEY", type, type.empty() ? "" : " ");
  std::string out = fmt::format("-----BEGIN {}-----", words);
  out += newline;
  for (int line = 0; line < 8; ++line) (out += to_base64(dice.bytes(48))) += newline;
  return out + fmt::format("-----END {}-----", words);
}

/// libmacaroons version 2: location, then an identifier; enough of one for its reader.
std::string pypi(Dice& dice, std::string_view location) {
  std::string m("\x02\x01", 2);
  m += static_cast<char>(location.size());
  m += location;
  m.append("\x02\x24", 2).append(dice.bytes(96));
  return fmt::format("pypi-{}", to_base64url(m));
}

std::optional<std::string> special(Dice& dice, const std::vector<std::string_view>& words) {
  const std::string_view name = words[0];
  const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string_view(); };
  if (name == "join") return std::string();
  if (name == "github_crc") return with_crc(dice, word(1), count_of(word(2), 30));
  if (name == "github_pat") return fine_grained_pat(dice);
  if (name == "jwt") return jwt(dice);
  if (name == "pem") return pem(dice, word(1), "\n");
  if (name == "pem_escaped") return pem(dice, word(1), "\\n");
  if (name == "pem_twice_escaped") return pem(dice, word(1), "\\\\n");
  if (name == "pem_base64") return to_base64(pem(dice, word(1), "\n"));
  if (name == "pypi") return pypi(dice, word(1));
  if (name == "basic_auth") return to_base64("robot:" + dice.letters("A-Za-z0-9", 24));
  if (name == "repeat" && !word(1).empty()) return std::string(count_of(word(2), 8), word(1)[0]);
  return std::nullopt;
}

}  // namespace

std::optional<ClassField> read_class_field(std::string_view field) {
  const std::vector<std::string_view> words = split(field, ':');
  if (words[0] == "any" && words.size() >= 2) return ClassField{words[1], words.size() > 2 ? count_of(words[2], 1) : 1};
  for (const auto& [name, alphabet] : kClasses)
    if (name == words[0]) return ClassField{alphabet, words.size() > 1 ? count_of(words[1], 1) : 1};
  return std::nullopt;
}

Result<std::string> spell_example(std::string_view pattern, std::uint64_t seed) {
  Dice dice(seed);
  for (const char c : pattern) dice = Dice(dice.next() ^ static_cast<unsigned char>(c));
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
    if (close == std::string_view::npos || i + 1 >= pattern.size() || !kLower.has(pattern[i + 1])) {
      out += pattern[i];
      continue;
    }
    const std::string_view field = pattern.substr(i + 1, close - i - 1);
    if (const auto letters = read_class_field(field)) {
      out += dice.letters(letters->alphabet, letters->count);
    } else if (const auto value = special(dice, split(field, ':'))) {
      out += *value;
    } else {
      return make_error(Code::bad_request, fmt::format("no field is called \"{{{}}}\"", field));
    }
    i = close;
  }
  return out;
}

}  // namespace pg
