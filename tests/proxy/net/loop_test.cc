// Calls of one turn of a loop take each stage one after the other.
#include "proxy/net/loop.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <string>

namespace pg::test {
namespace {

Task<void> join_all(Loop& loop, std::string& order, std::string name, std::vector<Stage> stages) {
  for (const Stage stage : stages) {
    co_await loop.join(stage);
    order += name + std::to_string(static_cast<int>(stage)) + " ";
  }
}

TEST_CASE("whoever came in one turn takes each stage one after the other, in the order of the stages") {
  Loop loop;
  std::string order;
  const auto spawn = [&](const std::string& name, std::vector<Stage> stages) {
    asio::co_spawn(loop.io(), join_all(loop, order, name, std::move(stages)), asio::detached);
  };
  spawn("a", {Stage::request, Stage::send});
  spawn("b", {Stage::reply, Stage::answer});
  spawn("c", {Stage::request, Stage::send});
  spawn("d", {Stage::reply, Stage::answer, Stage::request});
  loop.io().run();
  CHECK(order == "b0 d0 b1 d1 a2 a3 c2 c3 d2 ");  // a few requests are each sent as soon as they are ready
}

TEST_CASE("many requests of one turn are all read before the first of them is sent, eight are not") {
  for (const int count : {8, 9}) {
    Loop loop;
    std::string order;
    for (int i = 0; i < count; ++i)
      asio::co_spawn(loop.io(), join_all(loop, order, "x", {Stage::request, Stage::send}), asio::detached);
    loop.io().run();
    std::string expected;
    for (int i = 0; i < count; ++i) expected += count == 8 ? "x2 x3 " : "x2 ";
    for (int i = 0; i < count && count == 9; ++i) expected += "x3 ";
    CHECK(order == expected);
  }
}

TEST_CASE("a stage that has had its turn has another one") {
  Loop loop;
  std::string order;
  asio::co_spawn(loop.io(), join_all(loop, order, "a", {Stage::send, Stage::reply, Stage::reply, Stage::send}), asio::detached);
  loop.io().run();
  CHECK(order == "a3 a0 a0 a3 ");
}

TEST_CASE("a handler in turn is called with what came, when its stage is reached") {
  Loop loop;
  std::string order;
  asio::post(loop.io(), loop.in_turn(Stage::send, [&](auto...) { order += "send "; }));
  auto with_size = loop.in_turn(Stage::reply, [&](int size) { order += "reply:" + std::to_string(size) + " "; });
  asio::post(loop.io(), [&]() mutable { with_size(7); });
  CHECK(order.empty());
  loop.io().run();
  CHECK(order == "reply:7 send ");
}

TEST_CASE("a loop that ends forgets who waited for a stage") {
  std::string order;
  {
    Loop loop;
    asio::co_spawn(loop.io(), join_all(loop, order, "a", {Stage::send}), asio::detached);
    loop.io().poll_one();
  }
  CHECK(order.empty());
}

}  // namespace
}  // namespace pg::test
