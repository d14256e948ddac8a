// One thread, one io_context, one coarse tick that enforces every deadline. Nothing here is shared between threads.
#pragma once

#include <array>
#include <memory>
#include <utility>
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

/// The parts of a call's way. Calls that came in the same turn of the loop take each part one after the other, in this order: the
/// processor then has that part's code at hand after the first of them, and the other side is woken once instead of for each. A
/// few requests are sent one by one.
enum class Stage : std::uint8_t {
  reply,    // bytes of a provider's have come
  answer,   // the first bytes for a client are ready
  request,  // bytes of a client's have come
  send,     // a request for a provider is ready
  listen,   // nothing is left to do but to read on: what was written may have been answered meanwhile
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

  /// Goes on when it is this stage's turn.
  auto join(Stage stage) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this, stage](auto handler) { hold(stage, std::move(handler)); }, kPlainAwait);
  }
  /// Calls `handler` when it is that stage's turn.
  template <class Handler>
  void hold(Stage stage, Handler handler) {
    enter(stage, std::make_unique<Held<Handler>>(std::move(handler)));
  }
  /// A completion handler that calls `handler` with what it is called with, when it is that stage's turn.
  template <class Handler>
  auto in_turn(Stage stage, Handler handler) {
    return [this, stage, handler = std::move(handler)](auto... arguments) mutable {
      this->hold(stage, [handler = std::move(handler), arguments...]() mutable { std::move(handler)(arguments...); });
    };
  }

 private:
  struct Waiting {
    virtual ~Waiting() = default;
    virtual void go_on() = 0;
  };
  template <class Handler>
  struct Held final : Waiting {
    explicit Held(Handler h) : handler(std::move(h)) {}
    void go_on() override { std::move(handler)(); }
    Handler handler;
  };
  static constexpr asio::use_awaitable_t<Executor> kPlainAwait{};

  void enter(Stage stage, std::unique_ptr<Waiting> waiting);
  void arm_stages();
  void run_stages();
  void run_stage(Stage stage);
  void arm();
  void tick();

  std::vector<Watched*> watched_;  // outlives io_, whose destructor ends coroutines that unwatch
  bool armed_ = false;
  bool stages_armed_ = false;
  asio::io_context io_;
  Timer timer_;
  std::array<std::vector<std::unique_ptr<Waiting>>, 5> stages_;  // by Stage
  std::vector<std::unique_ptr<Waiting>> spare_;                  // empty: its room is the next stage's
};

}  // namespace pg
