// One pass over the rows; the durations of each group are kept, four bytes a row.
#include "core/store/log_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxGroups = 10'000;
constexpr std::int64_t kLongest = 0x7fffffff;

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

void add_row(StatsGroup& group, const Statement& row) {
  LogSums sums;
  int at = 2;
  sums.requests = 1;
  for (std::int64_t* value : {&sums.cost, &sums.unpriced, &sums.estimated, &sums.input_tokens, &sums.output_tokens,
                              &sums.cached_tokens, &sums.redacted, &sums.blocked, &sums.errors})
    *value = row.integer(at++);
  group.line.sums.add(sums);
  const std::int64_t duration = row.integer(1);
  if (duration >= 0) group.durations.push_back(static_cast<std::int32_t>(std::min(duration, kLongest)));
}

}  // namespace

Result<StatsReport> read_stats(Db& db, const LogQuery& query, const LogField* by) {
  const bool measures = by != nullptr && (by->kind == LogKind::number || by->kind == LogKind::size ||
                                          by->kind == LogKind::duration || by->kind == LogKind::money);
  if (measures && by->name != "retries")
    return make_error(Code::bad_request, fmt::format("\"{}\" is measured, not grouped by; try model, status or agent", by->name));
  const std::string columns = fmt::format(
      "{}, latency_ms, coalesce(cost, 0), price = -1, price > 0 AND price % 2 = 1, max(input_tokens, 0), max(output_tokens, 0), "
      "max(cached_tokens, 0), redactions <> '', blocked <> '', outcome = 'error'",
      by == nullptr ? "''" : group_sql(*by));
  std::unordered_map<std::string, StatsGroup> groups;
  StatsGroup total;
  std::string name;
  auto done = LogStore(db).visit(query, columns, [&](const Statement& row) {
    add_row(total, row);
    if (by == nullptr) return;
    name = row.view(0);
    auto found = groups.find(name);
    if (found == groups.end()) {
      if (groups.size() >= kMaxGroups) name = "(others)";
      found = groups.try_emplace(name).first;
      found->second.line.name = name;
    }
    add_row(found->second, row);
  });
  if (!done) return done.error();
  StatsReport report;
  report.total = finish(total);
  for (auto& [key, group] : groups) report.lines.push_back(finish(group));
  std::sort(report.lines.begin(), report.lines.end(), [](const StatsLine& a, const StatsLine& b) {
    return a.sums.requests != b.sums.requests ? a.sums.requests > b.sums.requests : a.name < b.name;
  });
  return report;
}

}  // namespace pg
