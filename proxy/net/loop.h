// One thread, one io_context, one coarse tick that enforces every deadline. Nothing here is shared between threads.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "core/base/clock.h"
#include "proxy/net/asio.h"

namespace pg {

/// Something that wants to be asked, every tick, whether its time is up.
class Watched {
 public:
  virtual void on_tick(SteadyTime now) = 0;

 protected:
  virtual ~Watched() = default;

 private:
  friend class Loop;
  std::size_t slot_ = static_cast<std::size_t>(-1);
};

class Loop {
 public:
  /// Deadlines are kept to within one tick; a client that left is noticed within two.
  static constexpr Millis kTick{40};

  // Other threads only post: the scheduler keeps its lock, sockets need none.
  Loop() : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), timer_(io_) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::io_context& io() { return io_; }
  void watch(Watched& watched);
  void unwatch(Watched& watched);

 private:
  void arm();
  void tick();

  std::vector<Watched*> watched_;  // outlives io_, whose destructor ends coroutines that unwatch
  bool armed_ = false;
  asio::io_context io_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer_;
};

}  // namespace pg
