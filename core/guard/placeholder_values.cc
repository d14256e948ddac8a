// Values that stand for a secret in documentation: repeated characters, sequences, telling words.
#include <array>
#include <string>
#include <string_view>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/guard/secret_rule.h"

namespace pg {
namespace {

constexpr std::size_t kRun = 8;
constexpr std::array<std::string_view, 10> kWords = {"example",  "redacted", "placeholder", "your-",    "your_",
                                                     "changeme", "xxxxx",    "insert_",     "dummykey", "sample_"};

bool has_run_or_sequence(std::string_view value) {
  std::size_t same = 1, up = 1;
  for (std::size_t i = 1; i < value.size(); ++i) {
    same = value[i] == value[i - 1] ? same + 1 : 1;
    up = value[i] == value[i - 1] + 1 ? up + 1 : 1;
    if (same >= kRun || up >= kRun) return true;
  }
  return false;
}

bool has_word(std::string_view value) {
  for (std::size_t i = 0; i + 5 <= value.size(); ++i) {
    for (const std::string_view word : kWords) {
      if (i + word.size() > value.size() || to_lower(value[i]) != word[0]) continue;
      std::size_t k = 1;
      while (k < word.size() && to_lower(value[i + k]) == word[k]) ++k;
      if (k == word.size()) return true;
    }
  }
  return false;
}

}  // namespace

bool is_placeholder(std::string_view value) {
  return has_run_or_sequence(value) || has_word(value);
}

std::string sample_hash(std::string_view value) {
  return to_hex(as_bytes(sha256(value)).substr(0, 8));
}

}  // namespace pg
