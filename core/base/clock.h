// Time as a value that tests can turn by hand: wall time for rows and expiry, steady time for durations.
#pragma once

#include <chrono>
#include <cstdint>

namespace pg {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Milliseconds since the Unix epoch, UTC.
using UnixMillis = std::int64_t;
inline constexpr UnixMillis kMinute = 60'000;
inline constexpr UnixMillis kHour = 60 * kMinute;
inline constexpr UnixMillis kDay = 24 * kHour;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixMillis wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  UnixMillis wall() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace pg
