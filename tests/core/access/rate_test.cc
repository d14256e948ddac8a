// Windows that slide: never more than the limit in any stretch, no burst at a border, and a wait that is kept.
#include "core/access/rate.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>

#include "tests/support/fake_clock.h"

using namespace pg;
using pg::test::FakeClock;

TEST_CASE("a limit admits so many, then says how long until the next one") {
  FakeClock clock;
  Rate rate;
  const RateRules rules{3, 0};
  for (int i = 0; i < 3; ++i) CHECK_FALSE(rate.take(clock.steady(), rules));
  const auto over = rate.take(clock.steady(), rules);
  REQUIRE(over);
  CHECK(over->limit == 3);
  CHECK_FALSE(over->hourly);
  CHECK(over->wait > Millis{59'000});
  CHECK(over->wait <= Millis{60'500});
  clock.advance(over->wait.count() - 1);
  CHECK(rate.take(clock.steady(), rules));
  clock.advance(1);
  CHECK_FALSE(rate.take(clock.steady(), rules));
}

TEST_CASE("a wall clock that jumps changes nothing") {
  FakeClock clock;
  Rate rate;
  const RateRules rules{1, 0};
  CHECK_FALSE(rate.take(clock.steady(), rules));
  clock.set_wall(clock.wall() + 86'400'000);
  CHECK(rate.take(clock.steady(), rules));
  clock.set_wall(0);
  CHECK(rate.take(clock.steady(), rules));
}

TEST_CASE("the hour counts beside the minute, and the longer wait is named") {
  FakeClock clock;
  Rate rate;
  const RateRules rules{2, 3};
  for (int i = 0; i < 2; ++i) CHECK_FALSE(rate.take(clock.steady(), rules));
  clock.advance(61'000);
  CHECK_FALSE(rate.take(clock.steady(), rules));
  clock.advance(61'000);
  const auto over = rate.take(clock.steady(), rules);
  REQUIRE(over);
  CHECK(over->hourly);
  CHECK(over->limit == 3);
  CHECK(over->wait > Millis{3'400'000});
}

TEST_CASE("what is taken back does not count, and a limit that is lowered waits for enough to go") {
  FakeClock clock;
  Rate rate;
  CHECK_FALSE(rate.take(clock.steady(), {1, 0}));
  rate.give_back(clock.steady());
  CHECK_FALSE(rate.take(clock.steady(), {1, 0}));
  CHECK(rate.take(clock.steady(), {1, 0}));
  for (int i = 0; i < 9; ++i) {
    clock.advance(1'000);
    CHECK_FALSE(rate.take(clock.steady(), {10, 0}));
  }
  const auto over = rate.take(clock.steady(), {2, 0});
  REQUIRE(over);
  clock.advance(over->wait.count());
  CHECK_FALSE(rate.take(clock.steady(), {2, 0}));
  CHECK(rate.minute(clock.steady()) == 2);
}

TEST_CASE("property: in no minute are more admitted than the limit, and nobody waits much longer than a minute") {
  std::mt19937 random(20261126);
  for (int round = 0; round < 40; ++round) {
    FakeClock clock;
    clock.advance(static_cast<std::int64_t>(random() % 100'000));
    RateWindow window{std::chrono::minutes(1)};
    const auto limit = static_cast<std::uint32_t>(1 + random() % 20);
    std::deque<SteadyTime> admitted;
    for (int i = 0; i < 2'000; ++i) {
      clock.advance(static_cast<std::int64_t>(random() % 2'000));
      const SteadyTime now = clock.steady();
      while (!admitted.empty() && now - admitted.front() >= std::chrono::minutes(1)) admitted.pop_front();
      const auto wait = window.wait(now, limit);
      if (wait) {
        CHECK(*wait <= Millis{60'500});
        continue;
      }
      window.count(now);
      admitted.push_back(now);
      REQUIRE(admitted.size() <= limit);
    }
  }
}
