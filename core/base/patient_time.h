// The time by which things are deleted for their age. A clock that was set wrong for a minute must not cost a year of rows: what
// is deleted does not come back when the clock does. For one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.h"

namespace pg {

/// Milliseconds since the machine was started, those it slept included: no administrator sets them.
std::int64_t since_boot();

class PatientTime {
 public:
  /// What the process before this one believed, and for how many ms it had doubted the clock by then; `boot` as for look().
  /// Before the first look, which without it believes everything.
  void resume(UnixMillis believed, std::int64_t doubted, std::int64_t boot);
  /// What `wall` may be believed to be when the machine has run for `boot` ms. A jump ahead of more than an hour is believed
  /// after it has lasted for a day, one back at once. Between two processes a week may have passed: nobody saw how long it was.
  UnixMillis look(UnixMillis wall, std::int64_t boot);
  /// For how many ms the clock is being doubted; nullopt when it is believed.
  std::optional<std::int64_t> doubted(std::int64_t boot) const;

 private:
  bool looked_ = false;
  std::int64_t believed_ = 0;            // wall time when the machine was started
  std::int64_t leeway_ = 0;              // ms that the clock may be ahead of it; set with it
  std::int64_t doubted_before_ = 0;      // ms, by the process before this one
  std::optional<std::int64_t> doubted_;  // since then (ms of the machine's) the wall clock is ahead of it
};

}  // namespace pg
