// Rate: how many calls may come in any minute and in any hour, counted over windows that slide. Shared by all threads: a mutex of
// its own guards everything, and its size does not depend on how many come.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/base/clock.h"

namespace pg {

/// Calls; 0 = no limit.
struct RateRules {
  std::uint32_t rpm = 0;
  std::uint32_t rph = 0;
  bool empty() const { return rpm == 0 && rph == 0; }
};

/// Counts in slots, the oldest of which is forgotten as a whole once all of it lies outside: never more than the limit in any
/// stretch of the window's length, and a call counts for at most one slot longer.
class RateWindow {
 public:
  explicit RateWindow(Millis length) : slot_(length / kSlots) {}
  /// How long until one more would be within `limit`; nullopt: it is now.
  std::optional<Millis> wait(SteadyTime now, std::uint32_t limit);
  void count(SteadyTime now);
  void uncount(SteadyTime then);  // one that was counted at `then`
  std::uint32_t used(SteadyTime now);

 private:
  static constexpr std::int64_t kSlots = 120;
  static constexpr std::size_t kRing = kSlots + 1;
  std::int64_t slot_of(SteadyTime time) const { return time.time_since_epoch() / slot_; }
  void advance(SteadyTime now);

  Millis slot_;
  std::int64_t newest_ = 0;  // slot
  std::uint32_t total_ = 0;
  std::array<std::uint32_t, kRing> counts_{};
};

/// Which limit a call was over, and when it would be admitted.
struct OverRate {
  std::uint32_t limit = 0;
  bool hourly = false;
  Millis wait{0};
};

class Rate {
 public:
  /// Counts one call, or says why not, and then nothing was counted.
  std::optional<OverRate> take(SteadyTime now, const RateRules& rules);
  /// Takes back one that was counted at `then`: it was refused for another reason.
  void give_back(SteadyTime then);
  /// Calls in the last minute and in the last hour.
  std::uint32_t minute(SteadyTime now);
  std::uint32_t hour(SteadyTime now);

 private:
  std::mutex mutex_;
  RateWindow minute_{std::chrono::minutes(1)};
  RateWindow hour_{std::chrono::hours(1)};
};

}  // namespace pg
