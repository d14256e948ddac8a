// The ring by itself: what is handed over comes back, whichever way the loop happens to wait.
#include "proxy/net/ring.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "proxy/net/loop.h"

namespace pg::test {
namespace {

using WaiterPtr = std::unique_ptr<Ring::Waiter>;
using namespace std::chrono_literals;

bool has_rings() {
  const bool has = Ring::open() != nullptr;
  if (!has) MESSAGE("no io_uring here");
  return has;
}

/// Two sockets that talk to each other.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  void say(std::string_view text) const {
    CHECK(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::array<int, 2> ends{-1, -1};
};

auto receive(Loop& loop, Loop::Job& job, int fd, std::span<char> to) {
  return loop.in_ring(job, Stage::reply, [fd, to](Ring& ring, WaiterPtr waiter) {
    return ring.receive(fd, to.data(), to.size(), std::move(waiter));
  });
}

Task<void> hear(Loop& loop, int fd, std::string& heard, std::size_t size) {
  Loop::Job job;
  std::string room(size, '\0');
  const std::span<char> to(room);
  co_await receive(loop, job, fd, to);
  heard = job.result >= 0 ? room.substr(0, static_cast<std::size_t>(job.result)) : std::to_string(job.result);
}

Task<void> after(Loop& loop, Millis time, std::function<void()> act) {
  Timer timer(loop.io());
  timer.expires_after(time);
  co_await timer.async_wait(kAwait);
  act();
}

void spawn(Loop& loop, Task<void> task) {
  asio::co_spawn(loop.io(), std::move(task), asio::detached);
}

}  // namespace

TEST_CASE("ring: bytes that are there, and bytes that come after a timer of Asio's, however long that takes") {
  if (!has_rings()) return;
  for (const Millis pause : {0ms, 5ms, 80ms}) {  // the last is longer than a loop waits before it goes to sleep
    Loop loop;
    Pair pair;
    std::string heard;
    spawn(loop, hear(loop, pair.ends[0], heard, 100));
    spawn(loop, after(loop, pause, [&] { pair.say("hello"); }));
    loop.run(true);
    CHECK(heard == "hello");
  }
}

TEST_CASE("ring: another thread wakes a loop that waits, and one that sleeps") {
  if (!has_rings()) return;
  for (const Millis pause : {5ms, 80ms}) {
    Loop loop;
    const auto busy = asio::make_work_guard(loop.io());
    bool came = false;
    std::thread other([&] {
      std::this_thread::sleep_for(pause);
      asio::post(loop.io(), [&] {
        came = true;
        loop.io().stop();
      });
    });
    loop.run(true);
    other.join();
    CHECK(came);
  }
}

TEST_CASE("ring: bytes wake a loop that sleeps, again and again") {
  if (!has_rings()) return;
  Loop loop;
  Pair pair;
  std::string heard;
  std::thread other([&] {
    for (const Millis pause : {80ms, 1ms, 80ms}) {
      std::this_thread::sleep_for(pause);
      pair.say("x");
    }
  });
  spawn(loop, [](Loop& on, int fd, std::string& all) -> Task<void> {
    while (all.size() < 3) {
      std::string some;
      co_await hear(on, fd, some, 1);
      all += some;
    }
  }(loop, pair.ends[0], heard));
  loop.run(true);
  other.join();
  CHECK(heard == "xxx");
}

TEST_CASE("ring: work that is cancelled says so, and what is done already is not touched") {
  if (!has_rings()) return;
  Loop loop;
  Pair pair;
  Loop::Job job;
  std::array<char, 8> room{};
  int result = 1;
  spawn(loop, [](Loop& on, Loop::Job& own, int fd, std::span<char> to, int& got) -> Task<void> {
    co_await receive(on, own, fd, to);
    got = own.result;
  }(loop, job, pair.ends[0], room, result));
  spawn(loop, after(loop, 5ms, [&] {
          REQUIRE(job.ticket != Loop::Job::kNone);
          loop.ring()->cancel(job.ticket);
          loop.ring()->cancel(job.ticket);
        }));
  loop.run(true);
  CHECK(result == -ECANCELED);
  CHECK(job.ticket == Loop::Job::kNone);
}

TEST_CASE("ring: sends what goes out at once, in order, and says when nothing does") {
  if (!has_rings()) return;
  Loop loop;
  Pair pair;
  std::string first(700, 'a'), second(4u << 20, 'b');
  std::array<int, 3> results{};
  spawn(loop, [](Loop& on, int fd, std::string& one, std::string& two, std::array<int, 3>& got) -> Task<void> {
    for (int& result : got) {
      std::array<iovec, 2> pieces = {iovec{one.data(), one.size()}, iovec{two.data(), two.size()}};
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = pieces.size();
      Loop::Job job;
      co_await on.in_ring(job, Stage::listen,
                          [&message, fd](Ring& ring, WaiterPtr waiter) { return ring.send(fd, message, std::move(waiter)); });
      result = job.result;
    }
  }(loop, pair.ends[0], first, second, results));
  loop.run(true);
  CHECK(results[0] > 700);
  CHECK(results[0] < (4 << 20));
  CHECK(results[2] == -EAGAIN);
  std::string got(static_cast<std::size_t>(results[0]), '\0');
  REQUIRE(::read(pair.ends[1], got.data(), got.size()) > 700);
  CHECK(got.substr(0, 701) == first + "b");
}

TEST_CASE("ring: what a poll waits for") {
  if (!has_rings()) return;
  Loop loop;
  Pair pair;
  Loop::Job job;
  spawn(loop, [](Loop& on, Loop::Job& own, int fd) -> Task<void> {
    co_await on.in_ring(own, Stage::reply,
                        [fd](Ring& ring, WaiterPtr waiter) { return ring.poll(fd, POLLIN, std::move(waiter)); });
  }(loop, job, pair.ends[0]));
  spawn(loop, after(loop, 5ms, [&] { pair.say("x"); }));
  loop.run(true);
  CHECK((job.result & POLLIN) != 0);
}

TEST_CASE("ring: more at once than there are entries, and more results than there is room for") {
  if (!has_rings()) return;
  constexpr std::size_t kMany = 6'000;
  Loop loop;
  Pair pair;
  std::vector<Loop::Job> jobs(kMany);
  std::size_t done = 0;
  for (Loop::Job& job : jobs)
    spawn(loop, [](Loop& on, Loop::Job& own, int fd, std::size_t& count) -> Task<void> {
      co_await on.in_ring(own, Stage::reply,
                          [fd](Ring& ring, WaiterPtr waiter) { return ring.poll(fd, POLLIN, std::move(waiter)); });
      count += (own.result & POLLIN) != 0 ? 1 : 0;
    }(loop, job, pair.ends[0], done));
  spawn(loop, after(loop, 20ms, [&] { pair.say("x"); }));
  loop.run(true);
  CHECK(done == kMany);
}

TEST_CASE("ring: a loop that ends lets go whom it kept waiting, and nothing is written to him") {
  if (!has_rings()) return;
  const auto kept = std::make_shared<std::string>(64, '-');
  Pair pair;
  {
    Loop loop;
    spawn(loop, [](Loop& on, int fd, std::shared_ptr<std::string> own) -> Task<void> {
      Loop::Job job;
      const std::span<char> to(*own);
      co_await receive(on, job, fd, to);
      *own = "came to its end";
    }(loop, pair.ends[0], kept));
    spawn(loop, after(loop, 5ms, [&] { loop.io().stop(); }));
    loop.run(true);
    CHECK(kept.use_count() == 2);
    pair.say("too late");
  }
  CHECK(kept.use_count() == 1);
  CHECK(*kept == std::string(64, '-'));
}

}  // namespace pg::test
