// Patterns: anchored matches, groups, refusal of what matches nothing, and first use by many threads at once.
#include "core/guard/matcher.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace pg {
namespace {

TEST_CASE("a match begins exactly where it is asked for") {
  const Pattern pattern("ab+");
  CHECK(pattern.match_at("xabb", 1)->whole == Place{1, 4});
  CHECK_FALSE(pattern.match_at("xabb", 0));
  CHECK_FALSE(pattern.match_at("xabb", 2));
}

TEST_CASE("a group has its own place") {
  const Pattern pattern("key=([0-9]+);");
  const auto match = pattern.match_at("  key=42; ", 2, 1);
  REQUIRE(match);
  CHECK(match->whole == Place{2, 9});
  CHECK(match->group == Place{6, 8});
}

TEST_CASE("find goes on behind a place and passes over empty matches") {
  const Pattern pattern("x+");
  CHECK(*pattern.find("a xx x", 0) == Place{2, 4});
  CHECK(*pattern.find("a xx x", 4) == Place{5, 6});
  CHECK_FALSE(pattern.find("a xx x", 6));
  CHECK(*Pattern("x*").find("aax", 0) == Place{2, 3});
}

TEST_CASE("malformed expressions and those that match nothing are refused by name") {
  for (const char* bad : {"(", "[", "a*", "\\b", "^", "$", "(?=a)", "a|", "a{0,3}"}) {
    CAPTURE(bad);
    const Status status = Pattern(bad).check();
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().code == Code::invalid_config);
  }
  CHECK(Pattern("a+").check().has_value());
}

TEST_CASE("any byte is a character of Latin-1, and UTF-8 patterns read code points") {
  CHECK(Pattern("[\\x80-\\xff]{2}").match_at("\xC3\xA9", 0)->whole == Place{0, 2});
  CHECK(Pattern(".", Charset::utf8).match_at("\xC3\xA9", 0)->whole == Place{0, 2});
}

TEST_CASE("many threads may be first") {
  const Pattern pattern("[a-z]{3}[0-9]{3}");
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += pattern.match_at("abc123", 0).has_value() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 8);
}

}  // namespace
}  // namespace pg
