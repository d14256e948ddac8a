#include "core/access/cache_breaks.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

// A turn that had `cached` of `input` tokens from the cache and wrote the rest there.
CacheTurn turn(std::vector<std::uint32_t> messages, std::int64_t input, std::int64_t cached, UnixMillis begun) {
  CacheTurn made;
  made.owner = 1;
  made.has_session = true;
  made.provider = 1;
  made.model = 1;
  made.begun = begun;
  made.answered = begun + 500;
  made.usage.input_tokens = input;
  made.usage.cached_tokens = cached;
  made.usage.cache_write_tokens = input - cached;
  made.prompt.opening = messages.empty() ? 0 : messages.front();
  made.prompt.messages = std::move(messages);
  return made;
}

std::string break_place(const std::optional<CacheBreak>& found) {
  return found ? found->place : "none";
}

}  // namespace

TEST_CASE("a conversation that grows and hits its cache is not flagged; one whose prefix changed is, at that message") {
  CacheBreaks breaks;
  CHECK_FALSE(breaks.note(turn({1, 2}, 10'000, 0, 0)));
  CHECK_FALSE(breaks.note(turn({1, 2, 3, 4}, 12'000, 10'000, kMinute)));
  const auto found = breaks.note(turn({1, 9, 3, 4, 5}, 14'000, 2'000, 2 * kMinute));
  REQUIRE(found);
  CHECK(found->place == "messages[1]");
  CHECK(found->tokens == 10'000);  // 12,000 were there
  CHECK_FALSE(breaks.note(turn({1, 9, 3, 4, 5, 6}, 15'000, 14'000, 3 * kMinute)));
  CHECK(breaks.size() == 1);
}

TEST_CASE("a break is told by its first reason: provider, model, time, prompt, nothing to be seen") {
  const auto after = [](UnixMillis idle, auto change, std::int64_t wrote_1h = -1) {
    CacheBreaks breaks;
    CacheTurn first = turn({1, 2}, 10'000, 0, 0);
    first.usage.cache_write_1h_tokens = wrote_1h;
    breaks.note(std::move(first));
    CacheTurn second = turn({1, 2, 3}, 11'000, 0, idle);
    change(second);
    return break_place(breaks.note(std::move(second)));
  };
  const auto nothing = [](CacheTurn&) {};
  CHECK(after(kMinute, [](CacheTurn& t) { t.provider = t.model = 2; }) == "provider");
  CHECK(after(kMinute, [](CacheTurn& t) { t.model = 2, t.prompt.system = 7; }) == "model");
  CHECK(after(6 * kMinute, [](CacheTurn& t) { t.prompt.system = 7; }) == "expired");
  CHECK(after(4 * kMinute, [](CacheTurn& t) { t.prompt.system = 7; }) == "system");
  CHECK(after(4 * kMinute, [](CacheTurn& t) { t.prompt.system = 7, t.prompt.tools = 7; }) == "tools");
  CHECK(after(4 * kMinute, nothing) == "unexplained");
  CHECK(after(59 * kMinute, nothing, 10) == "unexplained");
  CHECK(after(61 * kMinute, nothing, 10) == "expired");
}

TEST_CASE("a provider that caches by itself is held to what it read before") {
  CacheBreaks breaks;
  const auto implicit = [](std::vector<std::uint32_t> messages, std::int64_t input, std::int64_t cached, UnixMillis begun) {
    CacheTurn made = turn(std::move(messages), input, cached, begun);
    made.usage.cache_write_tokens = -1;
    return made;
  };
  CHECK_FALSE(breaks.note(implicit({1, 2}, 10'000, 0, 0)));
  CHECK_FALSE(breaks.note(implicit({1, 2, 3}, 11'000, 0, kMinute)));  // it never promised to
  CHECK_FALSE(breaks.note(implicit({1, 2, 3, 4}, 12'000, 10'880, 2 * kMinute)));
  const auto found = breaks.note(implicit({1, 8, 3, 4, 5}, 13'000, -1, 3 * kMinute));  // some leave a zero out
  CHECK(break_place(found) == "messages[1]");
  CHECK(found->tokens == 10'880);
  CHECK_FALSE(breaks.note(implicit({1, 8, 3, 4, 5, 6}, 14'000, 12'928, 4 * kMinute)));
  CHECK(break_place(breaks.note(implicit({1, 8, 3, 4, 5, 6, 7}, 15'000, 0, 15 * kMinute))) == "expired");
}

TEST_CASE("no break: a compacted or rewound history, a small one, half a hit, a call beside the first") {
  const auto next = [](CacheTurn second, std::int64_t input = 10'000) {
    CacheBreaks breaks;
    breaks.note(turn({1, 2, 3, 4}, input, 0, 0));
    return break_place(breaks.note(std::move(second)));
  };
  CHECK(next(turn({1, 9}, 4'000, 0, kMinute)) == "none");
  CHECK(next(turn({1, 2, 9}, 8'900, 0, kMinute)) == "none");
  CHECK(next(turn({1, 9, 3, 4}, 9'100, 0, kMinute)) == "messages[1]");
  CHECK(next(turn({1, 9, 3, 4}, 1'000, 0, kMinute), 1'000) == "none");
  CHECK(next(turn({1, 2, 3, 9}, 10'000, 5'000, kMinute)) == "none");
  CHECK(next(turn({1, 9, 3, 4}, 10'000, 0, 100)) == "none");
}

TEST_CASE("conversations beside each other are not taken for one another") {
  CacheBreaks breaks;
  CHECK_FALSE(breaks.note(turn({1, 2}, 10'000, 0, 0)));
  CHECK_FALSE(breaks.note(turn({7, 8}, 20'000, 0, 1'000)));  // a second agent in the same session
  CHECK_FALSE(breaks.note(turn({1, 2, 3}, 11'000, 10'000, kMinute)));
  CHECK(break_place(breaks.note(turn({7, 9, 4}, 21'000, 0, kMinute))) == "messages[1]");
  CHECK(breaks.size() == 2);
}

TEST_CASE("without a session a conversation is known by how it opens") {
  CacheBreaks breaks;
  const auto plain = [](std::vector<std::uint32_t> messages, std::uint32_t opening, std::int64_t cached, UnixMillis begun) {
    CacheTurn made = turn(std::move(messages), 10'000, cached, begun);
    made.has_session = false;
    made.prompt.opening = opening;
    return made;
  };
  CHECK_FALSE(breaks.note(plain({5, 1, 2}, 1, 0, 0)));
  CHECK_FALSE(breaks.note(plain({5, 2, 2}, 2, 0, 0)));  // the same system message and answer, another opening
  CHECK(break_place(breaks.note(plain({6, 1, 2, 3}, 1, 0, kMinute))) == "messages[0]");
}

TEST_CASE("what is remembered is bounded, in number and in time") {
  CacheBreaks breaks;
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    CacheTurn one = turn({i, i + 1}, 10'000, 0, i);
    one.owner = i;
    breaks.note(std::move(one));
  }
  CHECK(breaks.size() == CacheBreaks::kMostTurns);
  for (std::uint32_t i = 0; i < 100; ++i) breaks.note(turn({1'000 * i + 1, 1'000 * i + 2}, 10'000, 0, 6'000));
  CHECK(breaks.size() == CacheBreaks::kMostTurns);
  CHECK_FALSE(breaks.note(turn({1, 2, 3}, 10'000, 0, 6'000 + CacheBreaks::kForgotten + 1)));
  CHECK(breaks.size() == 1);

  CacheBreaks long_ones;
  for (std::uint32_t i = 0; i < 4'000; ++i) {
    CacheTurn one = turn(std::vector<std::uint32_t>(PromptDigest::kMostMessages, i), 10'000, 0, i);
    one.owner = i;
    long_ones.note(std::move(one));
  }
  CHECK(long_ones.size() == CacheBreaks::kMostDigests / PromptDigest::kMostMessages);
}
