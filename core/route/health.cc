// Closed, failures are counted; open, one call per period is let through and decides.
#include "core/route/health.h"

#include <algorithm>
#include <functional>

namespace pg {
namespace {

constexpr SteadyTime at(SteadyTime::rep ticks) {
  return SteadyTime(SteadyTime::duration(ticks));
}

// Never 0, which stands for "none".
SteadyTime::rep ticks_of(SteadyTime time) {
  return std::max<SteadyTime::rep>(time.time_since_epoch().count(), 1);
}

std::uint64_t model_hash(std::string_view model) {
  return model.empty() ? 0 : std::max<std::uint64_t>(std::hash<std::string_view>{}(model), 1);
}

Millis until(SteadyTime::rep ticks, SteadyTime now) {
  return ticks == 0 || at(ticks) <= now ? Millis{0} : std::chrono::ceil<Millis>(at(ticks) - now);
}

}  // namespace

Health::Gate Health::enter(SteadyTime now) {
  const Ticks seen = open_until_.load(std::memory_order_acquire);
  if (seen == 0) return Gate::closed;
  if (now < at(seen)) return Gate::open;
  const std::scoped_lock lock(mutex_);
  const Ticks current = open_until_.load(std::memory_order_relaxed);
  if (current == 0) return Gate::closed;
  if (now < at(current)) return Gate::open;  // another caller became the probe meanwhile
  open_until_.store(ticks_of(now + open_for_), std::memory_order_release);
  return Gate::probe;
}

void Health::succeed() {
  if (failures_.load(std::memory_order_acquire) == 0) return;
  const std::scoped_lock lock(mutex_);
  failures_.store(0, std::memory_order_release);
  open_until_.store(0, std::memory_order_release);
  open_for_ = Millis{0};
}

void Health::fail(SteadyTime now, const BreakerRules& rules, Gate entered) {
  if (rules.failures == 0) return;
  const std::scoped_lock lock(mutex_);
  const bool is_open = open_until_.load(std::memory_order_relaxed) != 0;
  // Calls that were under way when it opened say nothing new; only the probe does.
  if (is_open && entered != Gate::probe) return;
  std::uint32_t count = failures_.load(std::memory_order_relaxed);
  if (!is_open && (count == 0 || now - first_failure_ > rules.window)) {
    count = 0;
    first_failure_ = now;
  }
  failures_.store(++count, std::memory_order_release);
  if (!is_open && count < rules.failures) return;
  open_for_ = is_open ? std::min(open_for_ * 2, std::max(rules.open, rules.open_at_most)) : rules.open;
  open_until_.store(ticks_of(now + open_for_), std::memory_order_release);
}

void Health::rest(std::string_view model, SteadyTime until_time) {
  rest_model_.store(model_hash(model), std::memory_order_relaxed);
  rest_until_.store(ticks_of(until_time), std::memory_order_release);
}

bool Health::rests(std::string_view model, SteadyTime now) const {
  const Ticks ticks = rest_until_.load(std::memory_order_acquire);
  if (ticks == 0 || at(ticks) <= now) return false;
  const std::uint64_t resting = rest_model_.load(std::memory_order_relaxed);
  return resting == 0 || resting == model_hash(model);
}

Millis Health::wait(std::string_view model, SteadyTime now) const {
  const Millis breaker = until(open_until_.load(std::memory_order_acquire), now);
  return rests(model, now) ? std::max(breaker, until(rest_until_.load(std::memory_order_acquire), now)) : breaker;
}

}  // namespace pg
