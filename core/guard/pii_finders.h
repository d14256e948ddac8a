// The single finders behind find_pii(): each looks at one anchor and says what stands there.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/matcher.h"

namespace pg {

/// The address around the '@' at `at`; not user@host:path, name@version, hero@2x.png, URL userinfo or a machine's mailbox.
std::optional<Place> email_at(std::string_view text, std::size_t at);

// For the others `run` is a maximal run of digits, and the place that is found begins with it (or with what belongs before it).

/// 14 to 19 digits, bare or 4-4-4-4(-3) or 4-6-5 with one kind of separator: issuer, length, Luhn; never part of a longer token.
std::optional<Place> card_at(std::string_view text, Place run);
/// Two upper-case letters before the run, groups of four or none: structure of the country and mod 97.
std::optional<Place> iban_at(std::string_view text, Place run);
/// 3-2-4 dashed; spaced, dotted or bare only near the words SSN or social security.
std::optional<Place> ssn_at(std::string_view text, Place run);
/// +CC numbers, North American numbers with separators; bare digits only behind a label such as "tel:".
std::optional<Place> phone_at(std::string_view text, Place run);
/// Four numbers of a global unicast address (RFC 6890 and well-known resolvers left out); not four-part versions.
std::optional<Place> ipv4_at(std::string_view text, Place run, bool also_private);

/// The byte at `at`, NUL behind the end.
inline char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\0';
}
/// Length of the run of digits at `at`.
std::size_t digits_at(std::string_view text, std::size_t at);

/// Words that announce a kind of number, "tel|fax": lower case, joined by bars.
struct Labels {
  constexpr explicit Labels(std::string_view joined) : words(joined) {
    for (std::size_t i = 0; i < words.size(); ++i)
      if (i == 0 || words[i - 1] == '|') firsts.add(words[i]);
  }
  std::string_view words;
  ByteSet firsts;
};

/// True when one of the labels stands in the `reach` bytes before `at`, in any case, on the same line, not as the end of another
/// word.
bool label_before(std::string_view text, std::size_t at, std::size_t reach, const Labels& labels);

/// The word (letters alone) that ends at most `reach` bytes of `between` before `at`; empty when none does.
std::string_view word_before(std::string_view text, std::size_t at, std::size_t reach, const ByteSet& between);

/// A few words, joined by bars; most others are told from them by their length.
class WordSet {
 public:
  consteval explicit WordSet(std::string_view joined) {
    while (!joined.empty()) {
      const std::size_t size = std::min(joined.find('|'), joined.size());
      words_[static_cast<std::size_t>(count_++)] = joined.substr(0, size);
      sizes_ |= std::uint32_t{1} << size;
      joined.remove_prefix(std::min(size + 1, joined.size()));
    }
  }
  /// In any case.
  bool has(std::string_view word) const {
    if (word.size() >= 32 || (sizes_ >> word.size() & 1) == 0) return false;
    return std::any_of(words_.begin(), words_.begin() + count_,
                       [word](std::string_view one) { return equals_ignore_case(one, word); });
  }

 private:
  std::array<std::string_view, 48> words_{};
  std::ptrdiff_t count_ = 0;
  std::uint32_t sizes_ = 0;
};

}  // namespace pg
