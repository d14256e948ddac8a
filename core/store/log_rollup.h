// The log by the hour and by the conversation: sums of one batch of rows, added to log_hours and log_sessions in its transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/result.h"
#include "core/store/db.h"

namespace pg {

struct LogRow;

/// What rows add up to, in either table.
struct LogSums {
  std::int64_t requests = 0;
  std::int64_t cost = 0;       // nano-USD
  std::int64_t unpriced = 0;   // requests whose price is not known
  std::int64_t estimated = 0;  // requests whose cost is an estimate
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::int64_t redacted = 0;  // requests in which something was replaced
  std::int64_t blocked = 0;
  std::int64_t errors = 0;
  std::int64_t cache_breaks = 0;     // requests in which a provider's prompt cache was not hit as before
  std::int64_t cache_lost = 0;       // tokens read anew because of it
  std::int64_t cache_lost_cost = 0;  // nano-USD; what they cost more, as far as prices are known

  void add(const LogRow& row);
  void add(const LogSums& other);
};

/// Used by the writer alone, from batch to batch.
class LogRollup {
 public:
  /// `seq` is the row's number in the log, `names` that of its names: rows with the same one land in the same groups.
  void add(const LogRow& row, std::int64_t seq, std::int64_t names);
  /// Adds what was gathered to the tables and forgets it. Call it inside the batch's transaction.
  Status write(Db& db);
  /// Forgets what was gathered: the batch was not written.
  void discard();

 private:
  struct Group {
    std::int64_t period = 0;  // hour or day
    std::vector<std::string> names;
    std::int64_t status = 0;  // of an hour's
    LogSums sums;
    std::int64_t most[5] = {-1, -1, -1, -1, -1};  // latency, ttft, tokens in, tokens out, cost
    std::int64_t first_time = 0, last_time = 0;   // of a day's
    std::int64_t first_seq = 0, last_seq = 0;
  };
  /// Groups of one table, and which ones its newest period holds already.
  struct Groups {
    std::vector<Group> list;
    std::unordered_map<std::string, std::size_t> by_key;
    std::int64_t newest = -1;
    std::unordered_set<std::string> known;
  };

  /// Where rows of the same names in the same hour go.
  struct Place {
    std::int64_t hour = -1;
    std::size_t hour_group = 0, day_group = 0;
  };

  Place place_of(const LogRow& row);
  std::size_t hour_group(const LogRow& row);
  std::size_t day_group(const LogRow& row);
  std::size_t find_group(Groups& groups, std::int64_t period, std::int64_t status, std::vector<std::string>& names,
                         std::size_t first_open, std::size_t end_open, std::size_t limit);
  Status write_hours(Db& db);
  Status write_days(Db& db);

  Groups hours_, days_;
  std::unordered_map<std::int64_t, Place> places_;  // of the batch, by names
  std::string key_;
  std::vector<std::string> names_;
  std::optional<Statement> add_hour_, add_day_;
};

}  // namespace pg
