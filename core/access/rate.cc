// A ring of slots that moves with the steady clock: a wall clock that jumps changes nothing.
#include "core/access/rate.h"

#include <algorithm>

namespace pg {

// Forgets the slots that have left the window. A time before the newest slot counts as the newest.
void RateWindow::advance(SteadyTime now) {
  const std::int64_t slot = slot_of(now);
  if (slot <= newest_) return;
  const std::int64_t gone = std::min<std::int64_t>(slot - newest_, kRing);
  for (std::int64_t i = 1; i <= gone; ++i) {
    std::uint32_t& count = counts_[static_cast<std::size_t>(newest_ + i) % kRing];
    total_ -= count;
    count = 0;
  }
  if (gone == static_cast<std::int64_t>(kRing)) counts_.fill(0);
  newest_ = slot;
}

std::optional<Millis> RateWindow::wait(SteadyTime now, std::uint32_t limit) {
  advance(now);
  if (total_ < limit) return std::nullopt;
  std::uint32_t must_go = total_ - limit + 1;
  // From the oldest on: the slot with whose end enough of them are gone.
  for (std::int64_t slot = newest_ - kSlots; slot <= newest_; ++slot) {
    const std::uint32_t count = counts_[static_cast<std::size_t>(slot + static_cast<std::int64_t>(kRing)) % kRing];
    if (count >= must_go) {
      const SteadyTime free{slot_ * (slot + static_cast<std::int64_t>(kRing))};
      return std::max(std::chrono::ceil<Millis>(free - now), Millis{1});
    }
    must_go -= count;
  }
  return slot_ * kSlots;  // a limit of nothing
}

void RateWindow::count(SteadyTime now) {
  advance(now);
  ++counts_[static_cast<std::size_t>(newest_) % kRing];
  ++total_;
}

void RateWindow::uncount(SteadyTime then) {
  const std::int64_t slot = std::min(slot_of(then), newest_);
  if (slot < newest_ - kSlots || slot < 0) return;
  std::uint32_t& count = counts_[static_cast<std::size_t>(slot) % kRing];
  if (count == 0) return;
  --count;
  --total_;
}

std::uint32_t RateWindow::used(SteadyTime now) {
  advance(now);
  return total_;
}

// Both windows count every call, so that a limit that is set later knows what came before.
std::optional<OverRate> Rate::take(SteadyTime now, const RateRules& rules) {
  const std::scoped_lock lock(mutex_);
  std::optional<OverRate> over;
  if (rules.rpm != 0)
    if (const auto wait = minute_.wait(now, rules.rpm)) over = OverRate{rules.rpm, false, *wait};
  if (rules.rph != 0)
    if (const auto wait = hour_.wait(now, rules.rph); wait && (!over || *wait > over->wait))
      over = OverRate{rules.rph, true, *wait};
  if (over) return over;
  minute_.count(now);
  hour_.count(now);
  return std::nullopt;
}

void Rate::give_back(SteadyTime then) {
  const std::scoped_lock lock(mutex_);
  minute_.uncount(then);
  hour_.uncount(then);
}

std::uint32_t Rate::minute(SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  return minute_.used(now);
}

std::uint32_t Rate::hour(SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  return hour_.used(now);
}

}  // namespace pg
