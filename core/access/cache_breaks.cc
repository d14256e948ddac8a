// Two turns are of one conversation when some of their messages are the same in the same places: a session holds several at once,
// and what changed may be any message, the first as well.
#include "core/access/cache_breaks.h"

#include <algorithm>
#include <utility>

namespace pg {
namespace {

// How many messages both have in the same place.
std::size_t count_same(const PromptDigest& a, const PromptDigest& b) {
  std::size_t same = 0;
  for (std::size_t i = 0; i < std::min(a.messages.size(), b.messages.size()); ++i)
    if (a.messages[i] == b.messages[i]) ++same;
  return same;
}

// What a turn leaves in the cache. A provider that caches by itself does not say what it wrote: only what it read is known.
std::int64_t left_in_cache(const Usage& usage) {
  return zero_if_unknown(usage.cached_tokens) + zero_if_unknown(usage.cache_write_tokens);
}

}  // namespace

std::optional<CacheBreak> CacheBreaks::judge(const Kept& before, const CacheTurn& now) {
  const Usage& was = before.turn.usage;
  // The same history once more while the first was still on its way: nothing was in the cache yet.
  if (now.begun < before.turn.answered) return std::nullopt;
  if (now.usage.input_tokens < was.input_tokens - was.input_tokens / 10) return std::nullopt;
  const std::int64_t expected = std::min(left_in_cache(was), now.usage.input_tokens);
  const std::int64_t lost = expected - zero_if_unknown(now.usage.cached_tokens);
  if (lost < kLeastTokens || zero_if_unknown(now.usage.cached_tokens) >= expected / 2) return std::nullopt;
  const UnixMillis lifetime = before.wrote_for_an_hour      ? kLongLifetime
                              : was.cache_write_tokens >= 0 ? kLifetime
                                                            : kImplicitLifetime;
  const auto say = [lost](std::string place) { return CacheBreak{std::move(place), lost}; };
  if (now.provider != before.turn.provider) return say("provider");
  if (now.model != before.turn.model) return say("model");
  if (now.begun - before.turn.answered > lifetime) return say("expired");
  std::string drift = find_drift(before.turn.prompt, now.prompt);
  return say(drift.empty() ? "unexplained" : std::move(drift));
}

CacheBreaks::List::iterator CacheBreaks::find(std::uint64_t key, const CacheTurn& turn) {
  auto best = turns_.end(), oldest = turns_.end();
  std::size_t most = 0, count = 0;
  const auto [first, last] = by_key_.equal_range(key);
  for (auto it = first; it != last; ++it, ++count) {
    const List::iterator kept = it->second;
    if (oldest == turns_.end() || kept->turn.begun < oldest->turn.begun) oldest = kept;
    const std::size_t same = count_same(kept->turn.prompt, turn.prompt);
    if (same > most) {
      most = same;
      best = kept;
    }
  }
  if (best == turns_.end() && count >= kMostPerOwner) forget(oldest);
  return best;
}

void CacheBreaks::forget(List::iterator kept) {
  const auto [first, last] = by_key_.equal_range(kept->key);
  for (auto it = first; it != last; ++it) {
    if (it->second != kept) continue;
    by_key_.erase(it);
    break;
  }
  digests_ -= kept->turn.prompt.messages.size();
  turns_.erase(kept);
}

std::optional<CacheBreak> CacheBreaks::note(CacheTurn turn) {
  if (turn.prompt.empty() || turn.usage.input_tokens < 0) return std::nullopt;
  const std::uint64_t key = turn.owner ^ (turn.has_session ? 0 : turn.prompt.opening * 0x9E3779B97F4A7C15u);
  while (!turns_.empty() && turn.begun - turns_.back().turn.begun > kForgotten) forget(std::prev(turns_.end()));
  std::optional<CacheBreak> found;
  Kept kept{std::move(turn), key, false};
  const Usage& usage = kept.turn.usage;
  kept.wrote_for_an_hour = usage.cache_write_1h_tokens > 0;
  if (const auto before = find(key, kept.turn); before != turns_.end()) {
    found = judge(*before, kept.turn);
    kept.wrote_for_an_hour = kept.wrote_for_an_hour || before->wrote_for_an_hour;
    forget(before);
  }
  digests_ += kept.turn.prompt.messages.size();
  turns_.push_front(std::move(kept));
  by_key_.emplace(key, turns_.begin());
  while (turns_.size() > kMostTurns || (digests_ > kMostDigests && turns_.size() > 1)) forget(std::prev(turns_.end()));
  return found;
}

}  // namespace pg
