// The difference between both clocks is what a jump changes.
#include "core/base/patient_time.h"

#include <ctime>

namespace pg {
namespace {

constexpr std::int64_t kPatience = kDay;
constexpr std::int64_t kWeek = 7 * kDay;

}  // namespace

std::int64_t since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

void PatientTime::resume(UnixMillis believed, std::int64_t doubted, std::int64_t boot) {
  looked_ = true;
  believed_ = believed - boot;
  leeway_ = kWeek;
  doubted_before_ = doubted;
}

UnixMillis PatientTime::look(UnixMillis wall, std::int64_t boot) {
  const std::int64_t started = wall - boot;
  const bool ahead = looked_ && started > believed_ + leeway_;
  if (ahead && !doubted_) doubted_ = boot - doubted_before_;
  if (!ahead || boot - *doubted_ >= kPatience) {
    looked_ = true;
    believed_ = started;
    leeway_ = kHour;
    doubted_before_ = 0;
    doubted_.reset();
  }
  return believed_ + boot;
}

std::optional<std::int64_t> PatientTime::doubted(std::int64_t boot) const {
  return doubted_ ? std::optional(boot - *doubted_) : std::nullopt;
}

}  // namespace pg
