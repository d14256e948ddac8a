// Vault: which placeholder stands for which original, for one exchange (or one provider-held conversation). Not thread-safe:
// it belongs to its exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/secret_string.h"
#include "core/guard/escape_depth.h"

namespace pg {

/// A literal of our own grammar that stood in the request: `[[EMAIL_001]]` -> {"EMAIL", 1}.
struct TokenLiteral {
  std::string kind;
  std::uint32_t number = 0;
};

class Vault {
 public:
  struct Entry {
    std::string token;      // "[[EMAIL_001]]"
    SecretString original;  // decoded bytes, as the user wrote them
    FoundDepths depths = kFoundOutside;
  };

  Vault() = default;
  Vault(Vault&&) = default;  // views into entries_ stay good
  Vault& operator=(Vault&&) = default;
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  /// Takes over what `earlier` holds, numbers and all, for the next turn of a conversation whose history the provider keeps.
  /// Only into an empty vault.
  void adopt(const Vault& earlier);

  /// A copy that later turns adopt.
  std::shared_ptr<const Vault> snapshot() const;

  /// Numbers begin behind `base`, for a history in which the provider keeps placeholders of a vault that is gone: theirs are
  /// never taken for these. Before the first placeholder_for().
  void number_from(std::uint32_t base) { base_ = base; }

  /// Numbers that literals in the request already use are never given out. Call before the first placeholder_for().
  void skip_literal(const TokenLiteral& literal);

  /// The placeholder of (kind, original), new or known: numbered per kind from 1, or behind the base, three digits or more.
  /// `depths` is where it was found this time.
  std::string_view placeholder_for(std::string_view kind, std::string_view original, FoundDepths depths = kFoundOutside);

  /// The entry of an exact token, or nullptr.
  const Entry* find(std::string_view token) const;
  const std::deque<Entry>& entries() const;
  bool empty() const { return entries_ == nullptr; }
  std::size_t size() const { return entries_ == nullptr ? 0 : entries_->size(); }
  /// Bytes of originals held, for the bound on remembered vaults.
  std::size_t bytes() const { return bytes_; }

 private:
  Entry& add(Entry entry);

  std::unique_ptr<std::deque<Entry>> entries_;  // most calls need none, and an empty deque would get memory all the same
  std::unordered_map<std::string_view, std::size_t> by_token_;  // views into entries_
  std::unordered_map<std::string, std::size_t> by_original_;    // key: HMAC of kind and original, never the text
  std::map<std::string, std::uint32_t, std::less<>> next_number_;
  std::unordered_set<std::string> literals_;
  std::uint32_t base_ = 0;
  std::size_t bytes_ = 0;
};

/// Appends every literal in `text` that restoring could take for one of our tokens: the words `KIND_NNN` in upper case, bracketed
/// or bare, and in any case after a `[` (KIND: [A-Z][A-Z0-9_]*, upper-cased here; NNN: 3 to 9 digits). Linear time.
void find_token_literals(std::string_view text, std::vector<TokenLiteral>& out);

}  // namespace pg
