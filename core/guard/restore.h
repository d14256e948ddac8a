// Restoring: which bytes of a reply are one of our tokens, and writing an original as often escaped as its place asks for.
// All texts here are the raw insides of JSON strings, so that only the token's own bytes ever change.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/guard/vault.h"

namespace pg {

/// What happened to the tokens of a reply.
struct RestoreCounts {
  std::uint32_t exact = 0;
  std::uint32_t lenient = 0;  // known tokens in another spelling
  std::uint32_t unknown = 0;  // of our grammar but not in the vault: went out as they came
  std::uint32_t cut = 0;      // ended before they were whole: went out as they came
};

struct TokenMatch {
  enum class Kind : std::uint8_t { none, partial, whole };
  Kind kind = Kind::none;
  bool exact = false;
  bool bracketed = false;
  std::size_t length = 0;
  const Vault::Entry* entry = nullptr;
};

/// How far a text goes: more may follow, it is complete, or it was cut off.
enum class TextEnd : std::uint8_t { open, whole, cut };

/// The tokens of one vault, ready to be found. Holds pointers into the vault, which outlives it and does not grow meanwhile.
class TokenIndex {
 public:
  explicit TokenIndex(const Vault& vault);

  /// Whether a token of the vault, or one of its lenient forms, begins at text[at]: case change, inner blanks, single,
  /// full-width, Markdown-escaped and \u-escaped brackets; without brackets only as an upper-case whole word. Never by likeness.
  /// `partial`: the text ends where one could still be. A decision for a text holds for every continuation of it.
  TokenMatch match_at(std::string_view text, std::size_t at, bool word_before, TextEnd end) const;

  /// The first offset from `at` on where match_at could say anything but none.
  std::size_t next_candidate(std::string_view text, std::size_t at) const {
    while (at < text.size() && !starts_[static_cast<unsigned char>(text[at])]) ++at;
    return at;
  }
  /// No held-back text is longer than this, in bytes.
  std::size_t longest_form() const { return longest_form_; }

 private:
  TokenMatch match_brackets(std::string_view text, std::size_t at) const;
  TokenMatch match_word(std::string_view text, std::size_t at, TextEnd end) const;
  bool begins_name(std::string_view prefix) const;
  bool begins_longer_name(std::string_view name) const;
  const Vault::Entry* find_name(std::string_view name) const;

  std::unordered_map<std::string_view, const Vault::Entry*> by_name_;  // "EMAIL_001"
  std::vector<std::string_view> names_;                                // sorted
  std::array<bool, 256> starts_{};
  std::size_t longest_name_ = 0;
  std::size_t longest_form_ = 0;
};

/// True when text[at - 1] belongs to a word that text[at] would continue. JSON escapes such as \n are no part of a word.
bool is_word_before(std::string_view text, std::size_t at);

/// Counts literals of the token grammar in passing text, however it is cut up.
class LiteralCounter {
 public:
  void pass(std::string_view text);
  void reset() { state_ = State::idle; }
  std::uint32_t count() const { return count_; }

 private:
  enum class State : std::uint8_t { idle, one, two, name, closing };
  State step(char c);

  State state_ = State::idle;
  bool kind_ = false;         // a '_' has ended a kind
  std::uint32_t digits_ = 0;  // since the last '_'; 99 = not a number
  std::uint32_t count_ = 0;
};

/// Appends `original` escaped `times` as the inside of a JSON string (RFC 8259 §7).
void append_escaped_times(std::string& out, std::string_view original, int times);

}  // namespace pg
