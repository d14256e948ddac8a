// How rows of the log go: the oldest first, in slices small enough that nobody waits for one.
#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct LogLimits {
  UnixMillis before = 0;       // rows of requests that came earlier go; 0 = none for their age
  std::uint64_t max_size = 0;  // bytes in use in the database, without bodies, above which the oldest go; 0 = never
  // Rows of a later time were written while the clock was wrong: they go with those behind them, and keep none of them here.
  // 0 = there are none.
  UnixMillis now = 0;
};

/// Deletes at most `slice` of the oldest rows that are beyond the limits, and those of a later time than now that stand between
/// them; how many went. Hours and sessions stay.
Result<std::int64_t> prune_log(Db& db, const LogLimits& limits, std::int64_t slice);

/// How many rows prune_log() would delete for their age.
Result<std::int64_t> count_older(Db& db, const LogLimits& limits);

/// About how many of the oldest rows make the database too large, as if all rows were of one size and there was nothing else in
/// it: rather too few. 0 = it is not.
Result<std::int64_t> count_beyond(Db& db, const LogLimits& limits);

/// Bytes the database uses, without free pages, and the size of its file.
struct DbSize {
  std::uint64_t used = 0;
  std::uint64_t file = 0;
};
Result<DbSize> measure_db(Db& db);

}  // namespace pg
