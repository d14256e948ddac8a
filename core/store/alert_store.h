// The table of alerts that fired: names, times, counts and ids of requests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/alert.h"
#include "core/store/db.h"

namespace pg {

/// What the table says of one alert.
struct AlertSums {
  std::int64_t times = 0;  // among the rows that are kept
  AlertFiring last;
};

class AlertStore {
 public:
  /// So many of the newest rows are kept, and the newest of each alert beside them.
  static constexpr std::int64_t kKept = 1'000;

  explicit AlertStore(Db& db) : db_(db) {}
  /// Adds them, and lets the oldest go. All or nothing.
  Status add(std::span<const AlertFiring> firings);
  /// By name of the alert.
  Result<std::map<std::string, AlertSums, std::less<>>> sums();
  /// The one that was written last; nullopt when there is none.
  Result<std::optional<AlertFiring>> newest();

 private:
  Db& db_;
};

}  // namespace pg
