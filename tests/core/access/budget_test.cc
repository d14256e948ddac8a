// Money: nothing is set aside beyond a limit, and whatever is set aside is spent, given back, or kept.
#include "core/access/budget.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace pg;

namespace {

std::shared_ptr<Budget> made_budget(Nanos spent = 0) {
  return std::make_shared<Budget>(SpendKind::key, "laptop", SpentByMonth{{202611, spent}});
}

}  // namespace

TEST_CASE("what was spent and what is set aside stay within the limit") {
  const auto budget = made_budget(60);
  Hold first(202611);
  first.add({budget, 100});
  CHECK(first.try_resize(40) == nullptr);
  Hold second(202611);
  second.add({budget, 100});
  const Hold::Part* refused = second.try_resize(1);
  REQUIRE(refused != nullptr);
  CHECK(refused->budget == budget);
  CHECK(budget->state(202611).held == 40);
  CHECK(first.try_resize(10) == nullptr);
  CHECK(second.try_resize(30) == nullptr);
  CHECK(budget->state(202611).held == 40);
}

TEST_CASE("of two budgets both give, or neither") {
  const auto key = made_budget(), project = made_budget(95);
  Hold hold(202611);
  hold.add({key, 100});
  hold.add({project, 100});
  REQUIRE(hold.try_resize(6) != nullptr);
  CHECK(key->state(202611).held == 0);
  CHECK(hold.try_resize(5) == nullptr);
  CHECK(key->state(202611).held == 5);
  CHECK(project->state(202611).held == 5);
  CHECK(hold.try_resize(9) != nullptr);
  CHECK(key->state(202611).held == 5);
}

TEST_CASE("a hold is given back with its end, unless its row is lost") {
  const auto budget = made_budget();
  {
    Hold hold(202611);
    hold.add({budget, 100});
    CHECK(hold.try_resize(50) == nullptr);
    hold.resize(120);  // what it did cost, whatever the limit says
    CHECK(budget->state(202611).held == 120);
  }
  CHECK(budget->held() == 0);
  {
    Hold hold(202611);
    hold.add({budget, 100});
    CHECK(hold.try_resize(50) == nullptr);
    hold.abandon();
  }
  CHECK(budget->state(202611).held == 50);
}

TEST_CASE("each month has its own sum: going back in time opens nothing again") {
  const auto budget = made_budget(100);
  Hold december(202612);
  december.add({budget, 100});
  CHECK(december.try_resize(80) == nullptr);
  Hold november(202611);
  november.add({budget, 100});
  CHECK(november.try_resize(1) != nullptr);
  budget->set_spent(202612, 100);
  CHECK(budget->state(202611).spent == 100);
  CHECK(budget->state(202612).held == 80);
}

TEST_CASE("many threads at once set aside no more than there is") {
  const auto budget = made_budget();
  std::atomic<int> admitted{0};
  std::vector<std::shared_ptr<Hold>> holds(64);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        auto hold = std::make_shared<Hold>(202611);
        hold->add({budget, 100});
        if (hold->try_resize(7) == nullptr) ++admitted;
        holds[static_cast<std::size_t>(t * 8 + i)] = std::move(hold);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(admitted == 14);
  CHECK(budget->state(202611).held == 98);
}
