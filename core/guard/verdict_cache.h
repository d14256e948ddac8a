// Remembers what the guards said of a string, so that a conversation that is resent with every turn is read once. Bounded;
// belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/guard/rule.h"
#include "core/guard/vault.h"

namespace pg {

/// What was found in one raw string of a body; offsets are raw and relative to the string.
struct Verdict {
  std::vector<Finding> findings;
  std::vector<TokenLiteral> literals;
  bool nested = false;  // the findings stand in JSON inside the string: their originals are two escapes deep
  bool recode = false;  // base64 of text: the whole string is decoded, edited and encoded again
  bool empty() const { return findings.empty() && literals.empty(); }
};

struct VerdictKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const VerdictKey&) const = default;
  /// The key under `salt`, which holds the guards' fingerprint and the string's role.
  VerdictKey salted(std::uint64_t salt) const { return {low ^ salt * 0x9E3779B97F4A7C15u, high + salt}; }
};

/// A keyed 128-bit hash (the key is drawn at start-up, so nobody outside can aim for a collision).
VerdictKey hash_text(std::string_view raw);

class VerdictCache {
 public:
  /// Two generations of at most `generation` verdicts each.
  explicit VerdictCache(std::size_t generation = 32'768);
  /// From the next put() on.
  void set_generation(std::size_t generation) { generation_ = generation; }

  /// The remembered verdict, valid until the next put(); nullptr when there is none.
  const Verdict* find(const VerdictKey& key);
  const Verdict& put(const VerdictKey& key, Verdict verdict);
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const VerdictKey& key) const { return static_cast<std::size_t>(key.low); }
  };
  using Map = std::unordered_map<VerdictKey, Verdict, Hash>;
  std::size_t generation_;
  Map young_;
  Map old_;
};

}  // namespace pg
