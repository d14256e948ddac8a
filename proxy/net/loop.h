// One thread, one io_context, a ring where the kernel has one, one coarse tick that enforces every deadline. Nothing here is
// shared between threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "proxy/net/asio.h"
#include "proxy/net/ring.h"

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
  /// Runs until io().stop(), or until nothing is left to do; on a ring when that is wanted and can be had.
  void run(bool wants_ring);
  /// nullptr = Asio reads, writes and waits.
  Ring* ring() { return ring_.get(); }
  /// Enough is going on for writes to be worth collecting: many go out with one system call, each a little later.
  bool collects_writes() const { return ring_ != nullptr && is_crowded_; }

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
  /// What the ring tells one who waits for it; kept by him for as long as he waits.
  struct Job {
    static constexpr Ring::Ticket kNone = ~Ring::Ticket{0};
    Ring::Ticket ticket = kNone;
    int result = 0;
  };
  /// Goes on when the ring has done what `begin(ring, waiter)` asks of it (and gives the ticket of), and it is this stage's turn.
  template <class Begin>
  auto in_ring(Job& job, Stage stage, Begin begin) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this, &job, stage, begin](auto handler) {
          job.ticket = begin(*ring_, std::make_unique<InRing<decltype(handler)>>(*this, job, stage, std::move(handler)));
        },
        kPlainAwait);
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
  template <class Handler>
  struct InRing final : Ring::Waiter, Waiting {
    InRing(Loop& l, Job& j, Stage s, Handler h) : loop(l), job(j), stage(s), handler(std::move(h)) {}
    void done(std::unique_ptr<Ring::Waiter> self, int result) override {
      job = {Job::kNone, result};
      std::unique_ptr<Waiting> waiting(this);
      (void)self.release();
      loop.enter(stage, std::move(waiting));
    }
    void go_on() override { std::move(handler)(); }
    Loop& loop;
    Job& job;
    Stage stage;
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
  bool is_crowded_ = false;
  asio::io_context io_;
  std::unique_ptr<Ring> ring_;
  Timer timer_;
  std::array<std::vector<std::unique_ptr<Waiting>>, 5> stages_;  // by Stage
  std::vector<std::unique_ptr<Waiting>> spare_;                  // empty: its room is the next stage's
};

}  // namespace pg
