// Finds the turns of a conversation in which the provider's prompt cache, hit until then, was not: where the prompt changed, or
// what else it was. In memory only and bounded: after a restart the first turn of each conversation is not judged. Belongs to one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/wire/prompt_digest.h"
#include "core/wire/usage.h"

namespace pg {

/// An answered call, as far as the provider's cache is concerned.
struct CacheTurn {
  std::uint64_t owner = 0;     // a hash of who speaks: project, key, agent and its session
  bool has_session = false;    // else conversations are told apart by what they begin with
  std::uint64_t provider = 0;  // hashes of names: a cache belongs to one model of one provider
  std::uint64_t model = 0;
  UnixMillis begun = 0;
  UnixMillis answered = 0;  // when the first of the answer came
  Usage usage;
  PromptDigest prompt;
};

struct CacheBreak {
  /// The first reason that holds: "provider" or "model" (another one was asked), "expired" (more time passed than a cache lasts),
  /// where the prompt differs from the turn before ("tools", "system", "settings", "messages[12]"), or "unexplained".
  std::string place;
  std::int64_t tokens = 0;  // not read from the cache, though the turn before left them there
};

class CacheBreaks {
 public:
  /// Fewer than half of the tokens that were there, and at least so many missing, is a break.
  static constexpr std::int64_t kLeastTokens = 1'024;
  static constexpr std::size_t kMostTurns = 4'096;          // conversations that are remembered
  static constexpr std::size_t kMostDigests = 2u << 20;     // messages of all of them together
  static constexpr std::size_t kMostPerOwner = 16;          // conversations of one session, or of one opening
  static constexpr UnixMillis kForgotten = 24 * 3'600'000;  // after so long nothing is said about a conversation
  static constexpr UnixMillis kLifetime = 300'000;          // of a cache with breakpoints, renewed by each hit
  static constexpr UnixMillis kLongLifetime = 3'600'000;    // where it was written to be kept for an hour
  static constexpr UnixMillis kImplicitLifetime = 600'000;  // of a cache the provider keeps by itself

  /// Compares the turn with the one before of the same conversation, and remembers it instead. A prompt that got shorter by a
  /// tenth (a compacted history, a rewound one) is no break: its cache was given up on purpose.
  std::optional<CacheBreak> note(CacheTurn turn);
  std::size_t size() const { return turns_.size(); }

 private:
  struct Kept {
    CacheTurn turn;
    std::uint64_t key = 0;
    bool wrote_for_an_hour = false;
  };
  using List = std::list<Kept>;
  List::iterator find(std::uint64_t key, const CacheTurn& turn);
  void forget(List::iterator kept);
  static std::optional<CacheBreak> judge(const Kept& before, const CacheTurn& now);

  List turns_;  // the most recent first
  std::unordered_multimap<std::uint64_t, List::iterator> by_key_;
  std::size_t digests_ = 0;
};

}  // namespace pg
