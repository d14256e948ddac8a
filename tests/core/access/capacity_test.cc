#include "core/access/capacity.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace pg::test {
namespace {

struct CountingWaiter final : Capacity::Waiter {
  std::atomic<int> woken{0};
  void wake() noexcept override { ++woken; }
};

using Joined = Capacity::Joined;

}  // namespace

TEST_CASE("so many places, then a queue, then no more; first come, first served") {
  Capacity capacity({2, 2, Millis{0}});
  CHECK(capacity.try_enter());
  CHECK(capacity.try_enter());
  CHECK_FALSE(capacity.try_enter());
  const auto a = std::make_shared<CountingWaiter>();
  const auto b = std::make_shared<CountingWaiter>();
  const auto c = std::make_shared<CountingWaiter>();
  CHECK(capacity.join(a) == Joined::waiting);
  CHECK(capacity.join(b) == Joined::waiting);
  CHECK(capacity.join(c) == Joined::full);
  capacity.give_back();
  CHECK(a->woken == 1);
  CHECK(b->woken == 0);
  CHECK(capacity.busy() == 2);
  CHECK_FALSE(capacity.leave(*a));  // it has a place
  CHECK(capacity.leave(*b));
  CHECK_FALSE(capacity.leave(*b));
  capacity.give_back();
  CHECK(capacity.busy() == 1);
  CHECK(capacity.join(c) == Joined::entered);
  CHECK(c->woken == 0);
}

TEST_CASE("a permit gives its place back once, wherever it was moved to") {
  Capacity capacity({1, 0, Millis{0}});
  {
    REQUIRE(capacity.try_enter());
    Permit first(capacity);
    Permit second(std::move(first));
    CHECK_FALSE(first.held());
    CHECK(second.held());
    Permit third;
    third = std::move(second);
    CHECK(capacity.busy() == 1);
    third.release();
    third.release();
    CHECK(capacity.busy() == 0);
  }
  CHECK(capacity.busy() == 0);
}

TEST_CASE("a changed limit is in force at once: more places wake who waits, fewer wait for places to come back") {
  Capacity capacity({1, 9, Millis{0}});
  REQUIRE(capacity.try_enter());
  std::vector<std::shared_ptr<CountingWaiter>> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.push_back(std::make_shared<CountingWaiter>());
    CHECK(capacity.join(waiters.back()) == Joined::waiting);
  }
  capacity.change({3, 9, Millis{5}});
  CHECK(waiters[0]->woken == 1);
  CHECK(waiters[1]->woken == 1);
  CHECK(waiters[2]->woken == 0);
  CHECK(capacity.rules().patience == Millis{5});
  capacity.change({1, 9, Millis{5}});
  capacity.give_back();
  capacity.give_back();
  CHECK(waiters[2]->woken == 0);
  capacity.give_back();
  CHECK(waiters[2]->woken == 1);
  CHECK(capacity.busy() == 1);
}

TEST_CASE("property: with many threads no wake-up is lost, nobody is over the limit, and all places come back") {
  struct Sleeper final : Capacity::Waiter {
    std::atomic<bool> woken{false};
    void wake() noexcept override {
      woken = true;
      woken.notify_one();
    }
  };
  constexpr std::uint32_t kPlaces = 3;
  Capacity capacity({kPlaces, 5, Millis{0}});
  std::atomic<std::uint32_t> inside{0};
  std::atomic<int> served{0}, refused{0}, left{0}, over{0};
  const auto work = [&](int thread) {
    for (int i = 0; i < 2000; ++i) {
      if (!capacity.try_enter()) {
        const auto sleeper = std::make_shared<Sleeper>();
        const Joined joined = capacity.join(sleeper);
        if (joined == Joined::full) {
          ++refused;
          continue;
        }
        if (joined == Joined::waiting) {
          // Some lose patience at once: they leave the queue, or find that they have a place.
          if ((i + thread) % 3 == 0 && capacity.leave(*sleeper)) {
            ++left;
            continue;
          }
          sleeper->woken.wait(false);
        }
      }
      const Permit permit(capacity);
      if (++inside > kPlaces) ++over;
      if (i % 16 == 0) std::this_thread::yield();
      --inside;
      ++served;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  CHECK(over == 0);
  CHECK(served + refused + left == 16'000);
  CHECK(capacity.busy() == 0);
  CHECK(capacity.waiting() == 0);
}

}  // namespace pg::test
