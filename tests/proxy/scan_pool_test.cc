#include "proxy/scan_pool.h"

#include <doctest/doctest.h>

#include <future>
#include <stdexcept>

namespace pg {
namespace {

/// A job that waits until it may go on. Gates, and whatever else a job refers to, are declared before the pool: it is the pool's
/// end that waits for a job to have let go of them.
struct PoolGate {
  std::promise<void> open;
  std::shared_future<void> opened{open.get_future()};
  std::promise<void> begun;
};

std::shared_ptr<ScanPool::Job> make_job(
    std::function<void()> work, std::function<void()> done = [] {}) {
  const auto job = std::make_shared<ScanPool::Job>();
  job->work = std::packaged_task<void()>(std::move(work));
  job->done = std::move(done);
  return job;
}

std::shared_ptr<ScanPool::Job> make_waiting(PoolGate& gate) {
  return make_job([&gate] {
    gate.begun.set_value();
    gate.opened.wait();
  });
}

TEST_CASE("jobs run elsewhere, and what they throw is kept") {
  std::promise<std::thread::id> ran;
  std::promise<void> done;
  ScanPool pool;
  const auto job = make_job(
      [&ran] {
        ran.set_value(std::this_thread::get_id());
        throw std::runtime_error("a guard's fault");
      },
      [&done] { done.set_value(); });
  REQUIRE(pool.add(job));
  CHECK(ran.get_future().get() != std::this_thread::get_id());
  done.get_future().wait();
  CHECK_THROWS_AS(job->work.get_future().get(), std::runtime_error);
}

TEST_CASE("a second thread starts only when the first is busy, and never one too many") {
  PoolGate first, second, third;
  ScanPool pool;
  pool.use_threads(2);
  REQUIRE(pool.add(make_waiting(first)));
  REQUIRE(pool.add(make_waiting(second)));
  REQUIRE(pool.add(make_waiting(third)));
  first.begun.get_future().wait();
  second.begun.get_future().wait();
  const std::future<void> begun = third.begun.get_future();
  CHECK(begun.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  second.open.set_value();
  begun.wait();
  third.open.set_value();
  first.open.set_value();
}

TEST_CASE("what has not begun can be taken back, what runs is asked to stop") {
  PoolGate gate;
  bool ran = false;
  ScanPool pool;
  const auto running = make_waiting(gate);
  const auto waiting = make_job([&ran] { ran = true; }, [&ran] { ran = true; });
  REQUIRE(pool.add(running));
  gate.begun.get_future().wait();
  REQUIRE(pool.add(waiting));
  CHECK(pool.take_back(*waiting));
  CHECK_FALSE(pool.take_back(*running));
  CHECK(running->stop.load());
  gate.open.set_value();
  pool.stop();
  CHECK_FALSE(ran);
}

TEST_CASE("stopping waits for what runs and forgets what waits") {
  PoolGate gate;
  bool ran = false;
  std::shared_ptr<ScanPool::Job> running;
  ScanPool pool;
  running = make_job([&gate, &running] {
    gate.begun.set_value();
    while (!running->stop.load()) std::this_thread::yield();
  });
  REQUIRE(pool.add(running));
  gate.begun.get_future().wait();
  REQUIRE(pool.add(make_job([&ran] { ran = true; })));
  pool.stop();
  CHECK(running->stop.load());
  CHECK_FALSE(ran);
  CHECK_FALSE(pool.add(make_job([] {})));
}

}  // namespace
}  // namespace pg
