// The patient time by which rows of the log go, kept in the database between two runs: a serve that is started while the clock is
// a year ahead must not take that for the age of every row. For one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.h"
#include "core/base/patient_time.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

class LogTime {
 public:
  /// The time to prune by. The first look goes on from what the database remembers, or, where that is nothing, from its newest
  /// row; io_failed when it cannot be read. Remembers it there, once an hour.
  Result<UnixMillis> look(Db& db, UnixMillis wall, std::int64_t boot);
  /// The same at the end of a run.
  Status keep(Db& db, std::int64_t boot);
  /// By how many ms the clock was ahead when it began to be doubted, once each time.
  std::optional<std::int64_t> take_doubt();

 private:
  Status resume(Db& db, std::int64_t boot);
  PatientTime time_;
  bool begun_ = false;
  bool doubting_ = false;
  UnixMillis believed_ = 0;  // when it was looked at last,
  std::int64_t at_ = 0;      // ms since boot
  std::optional<std::int64_t> kept_at_;
  std::optional<std::int64_t> doubt_;
};

}  // namespace pg
