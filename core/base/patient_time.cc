// The difference between both clocks is what a jump changes.
#include "core/base/patient_time.h"

#include <ctime>

namespace pg {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kPatience = 24 * kHour;

}  // namespace

std::int64_t since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

UnixMillis PatientTime::look(UnixMillis wall, std::int64_t boot) {
  const std::int64_t started = wall - boot;
  const bool ahead = looked_ && started > believed_ + kHour;
  if (ahead && doubted_ < 0) doubted_ = boot;
  if (!ahead || boot - doubted_ >= kPatience) {
    looked_ = true;
    believed_ = started;
    doubted_ = -1;
  }
  return believed_ + boot;
}

}  // namespace pg
