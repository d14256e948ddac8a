// Health of one target (a provider with one of its credentials): a circuit breaker, and rests that the provider asked for. Shared
// by all threads: what every call looks at is atomic, what only failures touch has a mutex.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "core/base/clock.h"

namespace pg {

struct BreakerRules {
  std::uint32_t failures = 5;  // in a row; 0 = no breaker
  Millis window{60'000};       // within which they must fall
  Millis open{5'000};          // how long it stays open the first time; twice as long each time its probe fails
  Millis open_at_most{120'000};
};

class Health {
 public:
  enum class Gate : std::uint8_t {
    closed,  // calls go
    probe,   // the breaker is open, and this caller may try whether it still must be; others wait until it has told
    open,    // calls do not go
  };
  /// Whether a call may go now. A probe that never tells is followed by another after the time the breaker was open.
  Gate enter(SteadyTime now);
  void succeed();
  /// `entered`: what enter() said to the call that failed.
  void fail(SteadyTime now, const BreakerRules& rules, Gate entered);

  /// The provider asked not to be asked for `model` ("" = anything) before `until`. The last wish counts.
  void rest(std::string_view model, SteadyTime until);
  bool rests(std::string_view model, SteadyTime now) const;

  /// How long until it is worth asking for `model` again; 0 = now.
  Millis wait(std::string_view model, SteadyTime now) const;

 private:
  using Ticks = SteadyTime::rep;

  std::atomic<std::uint32_t> failures_{0};  // in a row
  std::atomic<Ticks> open_until_{0};        // 0 = closed
  std::atomic<Ticks> rest_until_{0};
  std::atomic<std::uint64_t> rest_model_{0};  // a hash; 0 = any
  std::mutex mutex_;                          // guards the rest
  SteadyTime first_failure_{};
  Millis open_for_{0};  // how long it was opened last
};

}  // namespace pg
