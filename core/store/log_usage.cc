// Whole hours come from log_hours, what is left at both ends from the rows; both land in the same groups.
#include "core/store/log_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "core/base/text.h"
#include "core/store/log_filter.h"
#include "core/store/name_groups.h"

namespace pg {
namespace {

constexpr std::int64_t kQuarter = kHour / 4;
constexpr std::array<std::string_view, 10> kGroups = {"model",    "provider", "project", "key", "agent",
                                                      "endpoint", "session",  "status",  "day", "hour"};

constexpr std::string_view kServed = "CASE WHEN model_served <> '' THEN model_served ELSE model END";

std::string_view column_of(UsageBy by) {
  switch (by) {
    case UsageBy::model:
      return kServed;
    case UsageBy::endpoint:
      return "path";
    case UsageBy::day:
    case UsageBy::hour:
      return "''";
    default:
      return kGroups[static_cast<std::size_t>(by)];
  }
}

UnixMillis local_start(UnixMillis time, UsageBy by) {
  auto seconds = static_cast<std::time_t>(time / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  if (by == UsageBy::day) parts.tm_hour = 0;
  parts.tm_min = parts.tm_sec = 0;
  if (by == UsageBy::day) parts.tm_isdst = -1;
  return static_cast<UnixMillis>(::mktime(&parts)) * 1000;
}

// Whether hours of UTC lie in two local ones somewhere between those times, as in India: no zone changes for less than a month.
bool splits_hours(UnixMillis since, UnixMillis until) {
  constexpr UnixMillis kMonth = 28 * kDay;
  for (UnixMillis time = since; time < until + kMonth; time += kMonth) {
    const auto seconds = static_cast<std::time_t>(std::min(time, until) / 1000);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    if (parts.tm_gmtoff % 3600 != 0) return true;
  }
  return false;
}

// Whether log_hours can say of each of its groups if it fits.
bool is_hourly(const LogExpr& expr) {
  if (expr.op == LogExpr::Op::word) return false;
  if (expr.field != nullptr) return expr.field->hourly;
  return std::all_of(expr.parts.begin(), expr.parts.end(), is_hourly);
}

bool reads_rows(const LogQuery& query, UsageBy by) {
  return by == UsageBy::endpoint || (query.where != nullptr && !is_hourly(*query.where));
}

bool asks_for_all(const LogQuery& query) {
  return query.since == 0 && query.until == 0 && query.where == nullptr;
}

class UsageReader {
 public:
  UsageReader(Db& db, const LogQuery& query, UsageBy by, bool trend)
      : db_(db),
        query_(query),
        by_(by),
        timed_(by == UsageBy::day || by == UsageBy::hour),
        trend_(trend && !timed_ && by != UsageBy::session) {}

  Result<UsageReport> read() {
    Status done;
    if (by_ == UsageBy::session)
      done = asks_for_all(query_) ? add_sessions() : add_rows(query_.since, query_.until);
    else
      done = reads_rows(query_, by_) ? add_rows(query_.since, query_.until)
             : timed_                ? add_times()
                                     : add_hours(query_.since, query_.until);
    if (!done) return done.error();
    return report();
  }

 private:
  struct Line {
    std::string name;
    LogSums sums;
    std::map<std::int64_t, UsagePoint> trend;  // by hour
  };

  Line& line_of(std::string_view name, UnixMillis time) {
    const UnixMillis start = timed_ ? local_start(time, by_) : 0;
    Line& line = lines_[{start, to_lower(name)}];
    if (line.name.empty()) line.name = name;
    return line;
  }

  void add_to(Line& line, UnixMillis time, const LogSums& sums) {
    total_.add(sums);
    line.sums.add(sums);
    if (!trend_) return;
    UsagePoint& point = line.trend[time / kHour];
    point.cost += sums.cost;
    point.tokens += sums.input_tokens + sums.output_tokens;
    point.requests += sums.requests;
  }

  // Local days and hours: where they begin inside an hour of UTC, from rows as far as there are rows.
  Status add_times() {
    PG_TRY(const std::optional<UnixMillis> oldest, db_.read_number("SELECT time FROM log_rows ORDER BY seq LIMIT 1"));
    PG_TRY(const std::optional<UnixMillis> newest, db_.read_number("SELECT time FROM log_rows ORDER BY seq DESC LIMIT 1"));
    if (!oldest || !newest || !splits_hours(*oldest, *newest)) return add_hours(query_.since, query_.until);
    PG_TRY(const UnixMillis kept, first_kept_hour(*oldest / kHour));
    if (query_.until > 0 && query_.until <= kept) return add_hours(query_.since, query_.until);
    if (query_.since < kept)
      if (auto done = add_hours(query_.since, kept); !done) return done;
    return add_rows(std::max(query_.since, kept), query_.until);
  }

  // When the first hour begins of which every row is there: that one, or the next. Older rows go first.
  Result<UnixMillis> first_kept_hour(std::int64_t hour) {
    LogQuery query;
    query.since = hour * kHour;
    query.until = query.since + kHour;
    std::int64_t rows = 0;
    PG_TRY_STATUS(LogStore(db_).visit(query, "seq", [&rows](const Statement&) -> Status {
      ++rows;
      return {};
    }));
    PG_TRY(const std::optional<std::int64_t> were,
           db_.read_number(fmt::format("SELECT coalesce(sum(requests), 0) FROM log_hours WHERE hour = {}", hour)));
    return rows < were.value_or(0) ? query.until : query.since;
  }

  // From whole hours what they hold, from rows what begins and ends inside an hour.
  Status add_hours(UnixMillis since, UnixMillis until) {
    since = std::max<UnixMillis>(since, 0);  // else the hour where the rows before it end would be 0: no end at all
    const std::int64_t first = (since + kHour - 1) / kHour;
    const std::int64_t end = until == 0 ? std::numeric_limits<std::int64_t>::max() / kHour : until / kHour;
    if (until > 0 && first >= end) return add_rows(since, until);
    if (auto done = add_whole_hours(first, end); !done) return done;
    if (since % kHour != 0)
      if (auto done = add_rows(since, first * kHour); !done) return done;
    if (until % kHour != 0) return add_rows(end * kHour, until);
    return {};
  }

  Status add_whole_hours(std::int64_t first, std::int64_t end) {
    LogWhere where;
    if (query_.where != nullptr) where = make_log_where(*query_.where);
    if (auto set = db_.set_match(
            [&](std::int64_t n, std::string_view text) { return where.patterns[static_cast<std::size_t>(n)]->matches(text); });
        !set)
      return set;
    const bool hourly = timed_ || trend_;
    PG_TRY(Statement rows,
           db_.prepare(fmt::format("SELECT {}, {}, sum(requests), sum(cost), sum(unpriced), sum(estimated), sum(input_tokens), "
                                   "sum(output_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(reasoning_tokens), "
                                   "sum(redacted), sum(blocked), sum(CASE WHEN outcome = 'error' THEN requests ELSE 0 END), "
                                   "sum(cache_breaks), sum(cache_lost), sum(cache_lost_cost) "
                                   "FROM log_hours WHERE ({}) AND hour >= ? AND hour < ? GROUP BY 1{}",
                                   column_of(by_), hourly ? "hour" : "0", where.sql, hourly ? ", 2" : "")));
    int at = 0;
    for (const auto& value : where.values) std::visit([&](const auto& bound) { rows.bind(++at, bound); }, value);
    rows.bind(at + 1, first).bind(at + 2, end);
    for (;;) {
      PG_TRY(const bool row, rows.step());
      if (!row) return {};
      add(rows, rows.integer(1) * kHour);
    }
  }

  // log_sessions leaves out who names neither an agent nor a session: what the hours have more was in no session. One statement,
  // so that a batch is in both sums or in neither.
  Status add_sessions() {
    const auto sums = [](std::string_view errors) {
      return fmt::format(
          "sum(requests) AS s0, sum(cost) AS s1, sum(unpriced) AS s2, sum(estimated) AS s3, sum(input_tokens) AS s4, "
          "sum(output_tokens) AS s5, sum(cached_tokens) AS s6, sum(cache_write_tokens) AS s7, sum(reasoning_tokens) AS s8, "
          "sum(redacted) AS s9, sum(blocked) AS s10, sum({}) AS s11, sum(cache_breaks) AS s12, sum(cache_lost) AS s13, "
          "sum(cache_lost_cost) AS s14",
          errors);
    };
    std::string more;
    for (int i = 0; i < 15; ++i) more += fmt::format(", max(coalesce(h.s{0}, 0) - coalesce(d.s{0}, 0), 0)", i);
    const std::string days = sums("errors"), hours = sums("CASE WHEN outcome = 'error' THEN requests ELSE 0 END");
    PG_TRY(Statement rows, db_.prepare(fmt::format("SELECT session, 0, {0} FROM log_sessions GROUP BY 1 UNION ALL "
                                                   "SELECT '', 0{1} FROM (SELECT {2} FROM log_hours) AS h, "
                                                   "(SELECT {0} FROM log_sessions) AS d WHERE h.s0 > coalesce(d.s0, 0)",
                                                   days, more, hours)));
    for (;;) {
      PG_TRY(const bool row, rows.step());
      if (!row) return {};
      add(rows, 0);
    }
  }

  // Columns: the group, when, and the sums in their order.
  void add(const Statement& row, UnixMillis time) {
    LogSums sums;
    int at = 2;
    for (std::int64_t* value :
         {&sums.requests, &sums.cost, &sums.unpriced, &sums.estimated, &sums.input_tokens, &sums.output_tokens,
          &sums.cached_tokens, &sums.cache_write_tokens, &sums.reasoning_tokens, &sums.redacted, &sums.blocked, &sums.errors,
          &sums.cache_breaks, &sums.cache_lost, &sums.cache_lost_cost})
      *value = row.integer(at++);
    add_to(line_of(row.view(0), time), time, sums);
  }

  Status add_rows(UnixMillis since, UnixMillis until) {
    LogQuery query;
    query.where = query_.where;
    query.since = since;
    query.until = until;
    NameGroups names(db_, std::string(column_of(by_)), std::numeric_limits<std::size_t>::max());
    std::vector<Line*> lines;  // by group; of days and hours, by the quarter of an hour: no time zone begins a day within one
    std::int64_t quarter = -1;
    return LogStore(db_).visit(query, fmt::format("names, time, {}", kSumColumns), [&](const Statement& row) -> Status {
      PG_TRY(const NameGroups::Said said, names.find(row.integer(0)));
      const UnixMillis time = row.integer(1);
      if (said.group >= lines.size()) lines.resize(said.group + 1);
      Line*& line = lines[said.group];
      if (line == nullptr || (timed_ && time / kQuarter != quarter)) line = &line_of(names.name(said.group), time);
      quarter = time / kQuarter;
      add_to(*line, time, read_sums(row, 2, said.failed));
      return {};
    });
  }

  UsageReport report() {
    UsageReport report;
    report.total = total_;
    for (auto& [key, line] : lines_) {
      report.lines.push_back({std::move(line.name), key.first, line.sums, {}});
      for (auto& [hour, point] : line.trend) {
        point.time = hour * kHour;
        report.lines.back().trend.push_back(point);
      }
    }
    if (timed_) return report;
    std::stable_sort(report.lines.begin(), report.lines.end(), [](const UsageLine& a, const UsageLine& b) {
      const auto weight = [](const LogSums& s) { return std::tuple(s.cost, s.input_tokens + s.output_tokens, s.requests); };
      return weight(a.sums) > weight(b.sums);
    });
    return report;
  }

  Db& db_;
  const LogQuery& query_;
  UsageBy by_;
  bool timed_, trend_;
  std::map<std::pair<UnixMillis, std::string>, Line> lines_;
  LogSums total_;
};

// What begins or ends inside an hour.
bool has_edges(const LogQuery& query) {
  return query.since % kHour != 0 || query.until % kHour != 0;
}

struct AgentSeen {
  AgentLine line;
  std::set<std::string> keys, sessions;
  std::map<UnixMillis, std::string, std::greater<>> versions;  // by when they were last seen
};

std::string join_versions(const std::map<UnixMillis, std::string, std::greater<>>& versions) {
  std::vector<std::string> names;
  for (const auto& [last, version] : versions)
    if (!version.empty() && std::find(names.begin(), names.end(), version) == names.end()) names.push_back(version);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::span<const std::string_view> usage_groups() {
  return kGroups;
}

Result<UsageReport> read_usage(Db& db, const LogQuery& query, UsageBy by, bool trend) {
  return UsageReader(db, query, by, trend).read();
}

Result<std::string> explain_usage(Db& db, const LogQuery& query, UsageBy by) {
  if (by == UsageBy::session && asks_for_all(query))
    return std::string("sums   from log_sessions and log_hours; no row is read\n");
  const bool rows = by == UsageBy::session || reads_rows(query, by);
  if (!rows && !has_edges(query)) return std::string("sums   of whole hours from log_hours; no row is read\n");
  PG_TRY(const std::string plan, LogStore(db).explain(query));
  return (rows ? "sums   over rows\n" : "sums   of whole hours from log_hours; the hours at both ends from rows\n") + plan;
}

Result<std::vector<AgentLine>> read_agents(Db& db, UnixMillis since) {
  PG_TRY(
      Statement rows,
      db.prepare("SELECT agent, agent_version, key, session, last_time, requests, cost, unpriced, estimated, input_tokens, "
                 "output_tokens, redacted, blocked, errors FROM log_sessions WHERE agent <> '' AND day >= ? AND last_time >= ?"));
  rows.bind(1, since / kDay).bind(2, since);
  std::map<std::string, AgentSeen> seen;
  for (;;) {
    PG_TRY(const bool row, rows.step());
    if (!row) break;
    AgentSeen& one = seen[rows.text(0)];
    one.line.agent = rows.text(0);
    const UnixMillis last = rows.integer(4);
    one.versions[last] = rows.text(1);
    one.keys.insert(rows.text(2));
    const std::string session = rows.text(3).substr(0, rows.text(3).find('/'));
    if (!session.empty()) one.sessions.insert(session);
    one.line.last = std::max(one.line.last, last);
    LogSums sums;
    int at = 5;
    for (std::int64_t* value : {&sums.requests, &sums.cost, &sums.unpriced, &sums.estimated, &sums.input_tokens,
                                &sums.output_tokens, &sums.redacted, &sums.blocked, &sums.errors})
      *value = rows.integer(at++);
    one.line.sums.add(sums);
  }
  std::vector<AgentLine> lines;
  for (auto& [name, one] : seen) {
    one.line.versions = join_versions(one.versions);
    one.line.keys = std::ssize(one.keys);
    one.line.sessions = std::ssize(one.sessions);
    lines.push_back(std::move(one.line));
  }
  std::sort(lines.begin(), lines.end(), [](const AgentLine& a, const AgentLine& b) { return a.last > b.last; });
  return lines;
}

}  // namespace pg
