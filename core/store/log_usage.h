// What was used and what it cost, in groups: from the hours where they tell, from the rows where only those know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/store/log_rollup.h"
#include "core/store/log_store.h"

namespace pg {

enum class UsageBy : std::uint8_t { model, provider, project, key, agent, endpoint, session, status, day, hour };

/// The words for UsageBy, in its order.
std::span<const std::string_view> usage_groups();

/// One hour of a group.
struct UsagePoint {
  UnixMillis time = 0;  // when it begins
  std::int64_t cost = 0;
  std::int64_t tokens = 0;  // in and out
  std::int64_t requests = 0;
};

struct UsageLine {
  std::string name;     // of the group; "" = requests without one
  UnixMillis time = 0;  // of a day or an hour: when it begins, local time
  LogSums sums;
  std::vector<UsagePoint> trend = {};  // in order, hours without a request left out; only when it was asked for
};

struct UsageReport {
  std::vector<UsageLine> lines;  // the dearest first; days and hours in order
  LogSums total;
};

/// Sums over the rows that `query` asks for; query.limit and query.after_seq are not looked at. Sums of whole hours stay when
/// their rows are gone, as long as the filter names nothing but what log_hours holds. `trend` fills UsageLine::trend, of all
/// groups but sessions, days and hours.
Result<UsageReport> read_usage(Db& db, const LogQuery& query, UsageBy by, bool trend = false);

/// In words where those sums come from, and what SQLite does for rows that are read: "sums   of whole hours from log_hours …".
Result<std::string> explain_usage(Db& db, const LogQuery& query, UsageBy by);

/// One agent as it was seen.
struct AgentLine {
  std::string agent;
  std::string versions;  // "2.1.329, 2.1.197": the newest first
  std::int64_t keys = 0;
  std::int64_t sessions = 0;
  UnixMillis last = 0;
  LogSums sums;
};
/// Agents that were seen since then, the last first.
Result<std::vector<AgentLine>> read_agents(Db& db, UnixMillis since);

}  // namespace pg
