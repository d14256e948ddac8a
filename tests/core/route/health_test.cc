#include "core/route/health.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/gen.h"

namespace pg::test {
namespace {

using Gate = Health::Gate;

constexpr BreakerRules kRules{3, Millis{10'000}, Millis{1'000}, Millis{4'000}};

void fail_times(Health& health, FakeClock& clock, int times) {
  for (int i = 0; i < times; ++i) {
    const Gate gate = health.enter(clock.steady());
    if (gate != Gate::open) health.fail(clock.steady(), kRules, gate);
  }
}

}  // namespace

TEST_CASE("a breaker opens after so many failures in a row, and a success in between starts over") {
  FakeClock clock;
  Health health;
  fail_times(health, clock, 2);
  CHECK(health.enter(clock.steady()) == Gate::closed);
  health.succeed();
  fail_times(health, clock, 2);
  CHECK(health.enter(clock.steady()) == Gate::closed);
  fail_times(health, clock, 1);
  CHECK(health.enter(clock.steady()) == Gate::open);
  CHECK(health.wait("m", clock.steady()) == Millis{1'000});
}

TEST_CASE("failures that lie further apart than the window do not add up") {
  FakeClock clock;
  Health health;
  fail_times(health, clock, 2);
  clock.advance(10'001);
  fail_times(health, clock, 2);
  CHECK(health.enter(clock.steady()) == Gate::closed);
  fail_times(health, clock, 1);
  CHECK(health.enter(clock.steady()) == Gate::open);
}

TEST_CASE("an open breaker lets one probe through a period; its failure doubles the period up to the cap, its success closes") {
  FakeClock clock;
  Health health;
  fail_times(health, clock, 3);
  for (const int period : {1'000, 2'000, 4'000, 4'000}) {
    CAPTURE(period);
    clock.advance(period - 1);
    CHECK(health.enter(clock.steady()) == Gate::open);
    clock.advance(1);
    CHECK(health.enter(clock.steady()) == Gate::probe);
    CHECK(health.enter(clock.steady()) == Gate::open);
    health.fail(clock.steady(), kRules, Gate::probe);
  }
  clock.advance(4'000);
  CHECK(health.enter(clock.steady()) == Gate::probe);
  health.succeed();
  CHECK(health.enter(clock.steady()) == Gate::closed);
  fail_times(health, clock, 3);
  CHECK(health.wait("m", clock.steady()) == Millis{1'000});
}

TEST_CASE("a probe that never tells is followed by another, and calls from before the opening do not lengthen it") {
  FakeClock clock;
  Health health;
  fail_times(health, clock, 3);
  for (int i = 0; i < 10; ++i) health.fail(clock.steady(), kRules, Gate::closed);
  CHECK(health.wait("m", clock.steady()) == Millis{1'000});
  clock.advance(1'000);
  CHECK(health.enter(clock.steady()) == Gate::probe);
  clock.advance(999);
  CHECK(health.enter(clock.steady()) == Gate::open);
  clock.advance(1);
  CHECK(health.enter(clock.steady()) == Gate::probe);
}

TEST_CASE("no breaker: failures change nothing") {
  FakeClock clock;
  Health health;
  for (int i = 0; i < 100; ++i) health.fail(clock.steady(), BreakerRules{0, {}, {}, {}}, Gate::closed);
  CHECK(health.enter(clock.steady()) == Gate::closed);
}

TEST_CASE("a rest is for a model or for all of them, and ends by itself") {
  FakeClock clock;
  Health health;
  CHECK_FALSE(health.rests("m", clock.steady()));
  health.rest("m", clock.steady() + Millis{500});
  CHECK(health.rests("m", clock.steady()));
  CHECK_FALSE(health.rests("other", clock.steady()));
  CHECK(health.wait("m", clock.steady()) == Millis{500});
  CHECK(health.wait("other", clock.steady()) == Millis{0});
  CHECK(health.enter(clock.steady()) == Gate::closed);
  clock.advance(500);
  CHECK_FALSE(health.rests("m", clock.steady()));
  health.rest("", clock.steady() + Millis{500});
  CHECK(health.rests("other", clock.steady()));
}

TEST_CASE("property: a breaker does what its rules say, whatever happens in whatever order") {
  PG_GEN(gen);
  for (int round = 0; round < 300; ++round) {
    FakeClock clock;
    Health health;
    const BreakerRules rules{static_cast<std::uint32_t>(gen.number(1, 4)), Millis{gen.number(1, 3'000)},
                             Millis{gen.number(1, 1'000)}, Millis{gen.number(1'000, 4'000)}};
    // The model: the same rules, said plainly.
    std::uint32_t row = 0;
    SteadyTime first{};
    std::optional<SteadyTime> open_until;
    Millis period{0};
    std::vector<Gate> under_way;
    for (int step = 0; step < 60; ++step) {
      const SteadyTime now = clock.steady();
      switch (gen.number(0, 3)) {
        case 0:
          clock.advance(static_cast<std::int64_t>(gen.number(0, 1'500)));
          break;
        case 1: {
          const Gate expected = !open_until ? Gate::closed : now < *open_until ? Gate::open : Gate::probe;
          CHECK(health.enter(now) == expected);
          if (expected == Gate::probe) open_until = now + period;
          if (expected != Gate::open) under_way.push_back(expected);
          break;
        }
        case 2: {
          if (under_way.empty()) break;
          under_way.pop_back();
          health.succeed();
          if (row > 0) {
            row = 0;
            open_until.reset();
          }
          break;
        }
        default: {
          if (under_way.empty()) break;
          const Gate entered = under_way.back();
          under_way.pop_back();
          health.fail(now, rules, entered);
          if (open_until && entered != Gate::probe) break;
          if (!open_until && (row == 0 || now - first > rules.window)) {
            row = 0;
            first = now;
          }
          ++row;
          if (open_until)
            period = std::min(period * 2, std::max(rules.open, rules.open_at_most));
          else if (row >= rules.failures)
            period = rules.open;
          else
            break;
          open_until = now + period;
        }
      }
    }
  }
}

TEST_CASE("of many threads that find a breaker half open, one is the probe") {
  FakeClock clock;
  for (int round = 0; round < 50; ++round) {
    Health health;
    fail_times(health, clock, 3);
    clock.advance(1'000);
    std::atomic<int> probes{0};
    std::vector<std::thread> threads;
    const SteadyTime now = clock.steady();
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { probes += health.enter(now) == Gate::probe ? 1 : 0; });
    for (std::thread& thread : threads) thread.join();
    CHECK(probes == 1);
  }
}

}  // namespace pg::test
