// Remembers what the guards said of a string, so that a conversation that is resent with every turn is read once. Bounded in
// bytes; belongs to one thread.
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
  /// `budget` bytes for two generations together.
  explicit VerdictCache(std::size_t budget = 8 << 20);
  /// From the next put() on.
  void set_budget(std::size_t bytes) { budget_ = bytes; }

  /// Brings near what find() will look at: worth it when other keys are hashed in between.
  void prefetch(const VerdictKey& key) const {
    young_.prefetch(key);
    old_.prefetch(key);
  }
  /// The remembered verdict, valid until the next find() or put(); nullptr when there is none.
  const Verdict* find(const VerdictKey& key);
  /// One that would take more than a generation's half of the budget is not kept.
  void put(const VerdictKey& key, const Verdict& verdict);
  std::size_t size() const { return young_.count + old_.count; }
  /// What all of them take, with what the allocator and the table need around each; never above the budget.
  std::size_t bytes() const { return young_.bytes + old_.bytes; }

 private:
  struct Hash {
    std::size_t operator()(const VerdictKey& key) const { return static_cast<std::size_t>(key.low); }
  };
  // Nearly all texts are clean: of those the key alone is kept, four to a cache line, where the next free place behind its own
  // is. The lowest two bits of `high` say that somebody stands there, and that something was found.
  struct Generation {
    std::vector<VerdictKey> places;  // none or a power of two, at most three quarters taken
    std::size_t taken = 0;
    std::unordered_map<VerdictKey, Verdict, Hash> found;
    std::size_t count = 0;  // of verdicts, less those that went to the next generation
    std::size_t bytes = 0;

    /// The first of those in its cache line: most searches then end in that line.
    static std::size_t first_place(const VerdictKey& key, std::size_t mask) {
      constexpr std::size_t kInLine = 64 / sizeof(VerdictKey);
      return key.low & mask & ~(kInLine - 1);
    }
    const VerdictKey* find(const VerdictKey& key) const;
    void add(const VerdictKey& key, bool has_findings);
    void grow();
    void clear(std::size_t most_bytes);  // keeps places that take no more
    void prefetch(const VerdictKey& key) const {
      if (!places.empty()) __builtin_prefetch(&places[first_place(key, places.size() - 1)]);
    }
  };
  // nullptr: memory ran out between the mark and the verdict, and the text must be read again.
  static const Verdict* verdict_of(const Generation& generation, const VerdictKey& place, const VerdictKey& key);
  static std::size_t cost_of(const Verdict& verdict);
  bool fits(std::size_t cost) const;
  const Verdict& keep(const VerdictKey& key, Verdict verdict, std::size_t cost);  // one that fits, and is not there yet
  std::size_t budget_;
  Generation young_;
  Generation old_;
};

}  // namespace pg
