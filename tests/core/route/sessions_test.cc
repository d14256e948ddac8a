#include "core/route/sessions.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/result.h"

namespace pg {
namespace {

constexpr SteadyTime at(int seconds) {
  return SteadyTime{} + std::chrono::seconds(1'000 + seconds);
}

void say(Sessions& sessions, const std::string& key, const std::string& text, int now, int until) {
  auto turn = sessions.begin(key, at(now));
  REQUIRE(turn);
  turn.value().keep({text, text + "!"}, at(until));
}

std::size_t turns_of(Sessions& sessions, const std::string& key, int now) {
  auto turn = sessions.begin(key, at(now));
  return turn ? turn.value().take_earlier().size() : 99;
}

}  // namespace

TEST_CASE("sessions: turns are kept in order until their time is over") {
  Sessions sessions(1'000'000);
  say(sessions, "a", "one", 0, 10);
  say(sessions, "a", "two", 5, 15);
  auto turn = sessions.begin("a", at(14));
  REQUIRE(turn);
  const std::vector<SessionTurn> earlier = turn.value().take_earlier();
  REQUIRE(earlier.size() == 2);
  CHECK(earlier[0].asked == "one");
  CHECK(earlier[1].answered == "two!");
  turn = sessions.begin("b", at(14));
  CHECK(turns_of(sessions, "b", 14) == 99);  // under way
  CHECK(turns_of(sessions, "a", 15) == 0);
}

TEST_CASE("sessions: two turns at once are refused; one that came to nothing leaves nothing") {
  Sessions sessions(1'000'000);
  {
    auto first = sessions.begin("a", at(0));
    REQUIRE(first);
    const auto second = sessions.begin("a", at(0));
    REQUIRE(!second);
    CHECK(second.error().code == Code::conflict);
  }
  CHECK(sessions.sizes().sessions == 0);
  CHECK(sessions.sizes().bytes == 0);
  say(sessions, "a", "one", 0, 10);
  { auto failed = sessions.begin("a", at(1)); }
  CHECK(turns_of(sessions, "a", 2) == 1);
}

TEST_CASE("sessions: a turn that is moved is given back once") {
  Sessions sessions(1'000'000);
  Sessions::Turn kept;
  {
    auto turn = sessions.begin("a", at(0));
    kept = std::move(turn.value());
  }
  CHECK(!sessions.begin("a", at(0)));
  kept = Sessions::Turn();
  CHECK(sessions.begin("a", at(0)));
}

TEST_CASE("sessions: room is made by those that are quiet longest, never by one under way") {
  Sessions sessions(5'000);
  const std::string text(1'000, 'x');
  say(sessions, "old", text, 0, 100);
  auto running = sessions.begin("old", at(0));
  say(sessions, "b", text, 1, 101);
  say(sessions, "c", text, 2, 102);
  CHECK(sessions.sizes().bytes <= 5'000);
  CHECK(turns_of(sessions, "b", 3) == 0);
  CHECK(turns_of(sessions, "c", 3) == 1);
  CHECK(running.value().take_earlier().size() == 1);
}

TEST_CASE("sessions: what has run out is given back without being asked for") {
  Sessions sessions(1'000'000);
  for (int i = 0; i < 100; ++i) say(sessions, "s" + std::to_string(i), "text", i, i + 5);
  CHECK(sessions.sizes().sessions < 12);
  say(sessions, "last", "text", 500, 505);
  CHECK(sessions.sizes().sessions == 1);
}

TEST_CASE("sessions: many threads, each turn once") {
  Sessions sessions(10'000'000);
  std::atomic<int> said{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        auto turn = sessions.begin("s" + std::to_string(i % 7), at(0));
        if (!turn) continue;
        turn.value().keep({"a", "b"}, at(1'000));
        ++said;
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::size_t kept = 0;
  for (int i = 0; i < 7; ++i) kept += turns_of(sessions, "s" + std::to_string(i), 1);
  CHECK(kept == static_cast<std::size_t>(said.load()));
}

}  // namespace pg
