// One pass over the rows; the durations of each group are kept, four bytes a row.
#include "core/store/log_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/text.h"
#include "core/store/name_groups.h"

namespace pg {
namespace {

constexpr std::size_t kMaxGroups = 10'000;
constexpr std::int64_t kLongestDuration = 0x7fffffff;

struct StatsGroup {
  StatsLine line;
  std::vector<std::int32_t> durations;
};

std::int64_t percentile(std::vector<std::int32_t>& values, std::size_t percent) {
  if (values.empty()) return -1;
  const std::size_t rank = (values.size() * percent + 99) / 100;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

StatsLine finish(StatsGroup& group) {
  group.line.p50_ms = percentile(group.durations, 50);
  group.line.p95_ms = percentile(group.durations, 95);
  return std::move(group.line);
}

// Classes rather than single values where those would say nothing.
std::string group_sql(const LogField& field) {
  switch (field.kind) {
    case LogKind::model:
      return "CASE WHEN model_served <> '' THEN model_served ELSE model END";
    case LogKind::time:
      return "strftime('%Y-%m-%dT%H:00Z', time / 1000, 'unixepoch')";
    case LogKind::yes_no:
      return fmt::format("CASE WHEN {} THEN 'yes' ELSE 'no' END", field.sql);
    default:
      return std::string(field.sql);
  }
}

void add_row(StatsGroup& group, const LogSums& sums, std::int64_t duration) {
  group.line.sums.add(sums);
  if (duration >= 0) group.durations.push_back(static_cast<std::int32_t>(std::min(duration, kLongestDuration)));
}

}  // namespace

Result<StatsReport> read_stats(Db& db, const LogQuery& query, const LogField* by) {
  const bool measures = by != nullptr && (by->kind == LogKind::number || by->kind == LogKind::size ||
                                          by->kind == LogKind::duration || by->kind == LogKind::money);
  if (measures && by->name != "retries")
    return make_error(Code::bad_request, fmt::format("\"{}\" is measured, not grouped by; try model, status or agent", by->name));
  const bool shared = by == nullptr || by->kind == LogKind::model || stands_in_names(by->sql);
  const std::string sql = by == nullptr ? "''" : group_sql(*by);
  const std::string columns = fmt::format("{}, names, latency_ms, {}", shared ? "''" : sql, kSumColumns);
  NameGroups names(db, shared ? sql : "''", kMaxGroups);
  std::vector<StatsGroup> groups;
  auto done = LogStore(db).visit(query, columns, [&](const Statement& row) -> Status {
    PG_TRY(const NameGroups::Said said, names.find(row.integer(1)));
    const std::size_t group = shared ? said.group : names.group_of(row.view(0));
    if (group >= groups.size()) groups.resize(group + 1);
    add_row(groups[group], read_sums(row, 3, said.failed), row.integer(2));
    return {};
  });
  if (!done) return done.error();
  StatsReport report;
  StatsGroup total;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    StatsGroup& group = groups[i];
    if (group.line.sums.requests == 0) continue;  // "" was named for the errors alone
    total.line.sums.add(group.line.sums);
    total.durations.insert(total.durations.end(), group.durations.begin(), group.durations.end());
    if (by == nullptr) continue;
    group.line.name = names.name(i);
    report.lines.push_back(finish(group));
  }
  report.total = finish(total);
  std::sort(report.lines.begin(), report.lines.end(), [](const StatsLine& a, const StatsLine& b) {
    return a.sums.requests != b.sums.requests ? a.sums.requests > b.sums.requests : a.name < b.name;
  });
  return report;
}

}  // namespace pg
