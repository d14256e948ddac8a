// Numbers over the rows that fit a question, by any field: how many, how much, how fast.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/store/log_rollup.h"
#include "core/store/log_store.h"

namespace pg {

struct StatsLine {
  std::string name;  // the field's value
  LogSums sums;
  std::int64_t p50_ms = -1;  // of the time until the last byte
  std::int64_t p95_ms = -1;
};

struct StatsReport {
  std::vector<StatsLine> lines;  // the most frequent first
  StatsLine total;
};

/// Percentiles are exact (nearest rank). A nullptr field gives the total alone. bad_request for a field that makes no groups.
Result<StatsReport> read_stats(Db& db, const LogQuery& query, const LogField* by);

}  // namespace pg
