// The time by which things are deleted for their age. A clock that was set wrong for a minute must not cost a year of rows: what
// is deleted does not come back when the clock does. For one thread.
#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace pg {

/// Milliseconds since the machine was started, those it slept included: no administrator sets them.
std::int64_t since_boot();

class PatientTime {
 public:
  /// What `wall` may be believed to be when the machine has run for `boot` ms. A jump ahead of more than an hour is believed
  /// after it has lasted for a day, one back at once. The first look believes everything.
  UnixMillis look(UnixMillis wall, std::int64_t boot);

 private:
  bool looked_ = false;
  std::int64_t believed_ = 0;  // wall time when the machine was started
  std::int64_t doubted_ = -1;  // since then (ms of the machine's) the wall clock is ahead of that; -1 = it is not
};

}  // namespace pg
