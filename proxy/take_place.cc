// 429 with Retry-After is what agents wait on; a 503 some of them answer with a storm of retries.
#include "proxy/take_place.h"

#include <fmt/format.h>

#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/send_upstream.h"

namespace pg {
namespace {

constexpr std::uint32_t kRetryCrowded = 2;  // seconds
constexpr std::string_view kQueueFull = "queue-full";
constexpr std::string_view kTooLong = "queue-timeout";

// In the queue. Outlives the coroutine that waits when it is woken just as that one gives up.
class InLine final : public Capacity::Waiter, public std::enable_shared_from_this<InLine> {
 public:
  InLine(Exchange& x, Timer& bell) : io_(x.parts.loop.io()), stopped_(x.gw.stopped), bell_(&bell) {}
  void wake() noexcept override {
    if (stopped_.load()) return;
    asio::post(io_, [self = shared_from_this()] { self->ring(); });
  }
  void forget_bell() { bell_ = nullptr; }

 private:
  void ring() {
    if (bell_ != nullptr) bell_->cancel();
  }
  asio::io_context& io_;
  const std::atomic<bool>& stopped_;
  Timer* bell_;  // only touched on the exchange's own loop
};

// Lives in the waiting coroutine's frame, and takes it out of the queue however that one ends.
class Wait final : private Watched, public Interruptible {
 public:
  Wait(Exchange& x, Capacity& capacity) : x_(x), capacity_(capacity), bell_(x.parts.loop.io()) {
    bell_.expires_at(SteadyTime::max());
    in_line_ = std::make_shared<InLine>(x, bell_);
    x_.parts.loop.watch(*this);
  }
  ~Wait() {
    x_.parts.loop.unwatch(*this);
    in_line_->forget_bell();
    if (joined_ && !capacity_.leave(*in_line_)) capacity_.give_back();
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  Capacity::Joined join() {
    const Capacity::Joined joined = capacity_.join(in_line_);
    joined_ = joined != Capacity::Joined::full;
    until_ = x_.gw.clock.steady() + capacity_.rules().patience;
    return joined;
  }
  // Ends when there is a place, when the time is up, or when somebody aborts.
  Task<void> sleep() {
    if (!ended_) co_await bell_.async_wait(kAwait);
  }
  void abort(IoEnd) override {
    ended_ = true;
    bell_.cancel();
  }
  // Whether a place is ours now; if not, we are out of the queue.
  bool claim() {
    const bool ours = joined_ && !capacity_.leave(*in_line_);
    joined_ = false;
    return ours;
  }

 private:
  void on_tick(SteadyTime now) override {
    if (now >= until_ || x_.gw.draining.load(std::memory_order_relaxed)) abort(IoEnd::timeout);
  }
  Exchange& x_;
  Capacity& capacity_;
  Timer bell_;
  std::shared_ptr<InLine> in_line_;
  SteadyTime until_ = SteadyTime::max();
  bool joined_ = false;
  bool ended_ = false;
};

Error crowded(Exchange& x, const std::string& whose, std::string_view how) {
  x.retry_after = kRetryCrowded;
  return make_error(Code::rate_limited, fmt::format("too many calls at once for {}; try again in a moment", whose),
                    std::string(how));
}

}  // namespace

bool is_crowded(const Error& error) {
  return error.code == Code::rate_limited && (error.detail == kQueueFull || error.detail == kTooLong);
}

Task<Status> take_place(Exchange& x, Capacity& capacity, Permit& permit, std::string whose) {
  if (capacity.try_enter()) {
    permit = Permit(capacity);
    co_return Status{};
  }
  const SteadyTime begun = x.gw.clock.steady();
  bool client_left = false;
  {
    Wait wait(x, capacity);
    const Capacity::Joined joined = wait.join();
    if (joined == Capacity::Joined::full) co_return crowded(x, whose, kQueueFull);
    if (joined == Capacity::Joined::waiting) {
      const ClientWatch watch(x, wait);
      co_await wait.sleep();
      client_left = watch.client_left();
    }
    if (wait.claim()) permit = Permit(capacity);
  }
  x.queued += std::chrono::duration_cast<Millis>(x.gw.clock.steady() - begun);
  if (client_left) co_return client_left_error();
  if (x.revoked) co_return revoked_error(x);
  if (permit.held()) co_return Status{};
  if (x.gw.draining.load(std::memory_order_relaxed)) co_return make_error(Code::unavailable, "pg is shutting down");
  co_return crowded(x, whose, kTooLong);
}

Task<Status> admit(Exchange& x) {
  if (x.caller != nullptr && x.caller->capacity != nullptr) {
    std::string whose = "key " + x.caller->name;
    const Status placed = co_await take_place(x, *x.caller->capacity, x.key_place, std::move(whose));
    if (!placed) co_return placed;
  }
  if (x.policy->capacity == nullptr) co_return Status{};
  std::string all = "this gateway";
  const Status placed = co_await take_place(x, *x.policy->capacity, x.process_place, std::move(all));
  co_return placed;
}

}  // namespace pg
