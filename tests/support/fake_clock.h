// A clock that only moves when a test says so.
#pragma once

#include "core/base/clock.h"

namespace pg::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(UnixMillis wall = 1'000'000) : wall_(wall) {}
  UnixMillis wall() const override { return wall_; }
  SteadyTime steady() const override { return steady_; }
  void advance(std::int64_t millis) {
    wall_ += millis;
    steady_ += Millis(millis);
  }
  void set_wall(UnixMillis wall) { wall_ = wall; }  // steady time does not follow, as on a real machine

 private:
  UnixMillis wall_;
  SteadyTime steady_{};
};

}  // namespace pg::test
