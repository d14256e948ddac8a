// The reading half of the log: one SELECT for every question.
#include "core/store/log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "core/base/ascii.h"
#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/store/log_filter.h"
#include "core/store/name_groups.h"

namespace pg {
namespace {

// The order of read_log_row.
constexpr std::string_view kLogColumns =
    "id, time, project, project_id, key, agent, agent_version, session, dialect, method, path, provider, model, model_served, "
    "status, "
    "outcome, stream, latency_ms, ttft_ms, upstream_ms, input_tokens, output_tokens, cached_tokens, cache_write_tokens, "
    "reasoning_tokens, bytes_in, bytes_out, redactions, detected, blocked, places, attempts, warnings, restored, unknown_tokens, "
    "error, "
    "upstream_request_id, cost, price, cache_break, cache_lost, cache_lost_cost, connect_ms, tls_ms, route, ip, ua";
constexpr std::int64_t kLastSeq = std::numeric_limits<std::int64_t>::max();
// A gap of so many rows is read over rather than jumped.
constexpr std::int64_t kSmallGap = 2'000;

LogRow read_log_row(const Statement& from) {
  LogRow row;
  int at = 0;
  row.seq = from.integer(at++);
  row.id = from.text(at++);
  row.time = from.integer(at++);
  for (std::string* value : {&row.project, &row.project_id, &row.key, &row.agent, &row.agent_version, &row.session, &row.dialect,
                             &row.method, &row.path, &row.provider, &row.model, &row.model_served})
    *value = from.text(at++);
  row.status = static_cast<int>(from.integer(at++));
  row.outcome = from.text(at++);
  row.stream = from.integer(at++) != 0;
  Usage& usage = row.usage;
  for (std::int64_t* value :
       {&row.latency_ms, &row.ttft_ms, &row.upstream_ms, &usage.input_tokens, &usage.output_tokens, &usage.cached_tokens,
        &usage.cache_write_tokens, &usage.reasoning_tokens, &row.bytes_in, &row.bytes_out})
    *value = from.integer(at++);
  for (std::string* value : {&row.redactions, &row.detected, &row.blocked, &row.places, &row.attempts, &row.warnings})
    *value = from.text(at++);
  row.restored = static_cast<std::uint32_t>(from.integer(at++));
  row.unknown_tokens = static_cast<std::uint32_t>(from.integer(at++));
  row.error = from.text(at++);
  row.upstream_request_id = from.text(at++);
  row.cost = from.is_null(at) ? -1 : from.integer(at);
  row.price = from.integer(++at);
  row.cache_break = from.text(++at);
  row.cache_lost = from.integer(++at);
  row.cache_lost_cost = from.integer(++at);
  row.connect_ms = from.integer(++at);
  row.tls_ms = from.integer(++at);
  row.route = from.text(++at);
  row.ip = from.text(++at);
  row.ua = from.text(++at);
  return row;
}

// One state of the database for all statements of a question.
class ReadView {
 public:
  static Result<ReadView> begin(Db& db) {
    if (auto begun = db.execute("BEGIN"); !begun) return std::move(begun).error();
    return ReadView(db);
  }
  ReadView(ReadView&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  ReadView& operator=(ReadView&&) = delete;
  ~ReadView() {
    if (db_ != nullptr) (void)db_->execute("COMMIT");
  }

 private:
  explicit ReadView(Db& db) : db_(&db) {}
  Db* db_;
};

using BoundValues = std::vector<std::variant<std::int64_t, std::string>>;

void bind_values(Statement& statement, const BoundValues& values) {
  int index = 0;
  for (const auto& value : values) std::visit([&](const auto& bound) { statement.bind(++index, bound); }, value);
}

std::vector<LogRange> join_ranges(std::vector<LogRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const LogRange& a, const LogRange& b) { return a.first < b.first; });
  std::vector<LogRange> joined;
  for (const LogRange& range : ranges) {
    if (!joined.empty() && range.first <= joined.back().last + kSmallGap)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  return joined;
}

}  // namespace

std::string_view provider_model(const LogRow& row) {
  if (!row.model_served.empty()) return row.model_served;
  const std::string_view asked = row.model;
  const bool named = asked.starts_with(row.provider) && asked.substr(row.provider.size()).starts_with(':');
  return named && !row.provider.empty() ? asked.substr(row.provider.size() + 1) : asked;
}

Result<std::int64_t> LogStore::price_version(std::string_view name) {
  PG_TRY(Statement ask, db_.prepare("SELECT id FROM price_versions WHERE name = ?"));
  ask.bind(1, name);
  PG_TRY(const bool known, ask.step());
  if (known) return ask.integer(0);
  PG_TRY(Statement add, db_.prepare("INSERT INTO price_versions(name) VALUES(?)"));
  add.bind(1, name);
  if (auto added = add.run(); !added) return added.error();
  return db_.last_rowid();
}

Status LogStore::note_dropped(std::uint64_t rows) {
  PG_TRY(Statement statement, db_.prepare("INSERT INTO facts VALUES('rows_dropped', ?1) ON CONFLICT(name) DO UPDATE SET "
                                          "value = value + ?1"));
  return statement.bind(1, static_cast<std::int64_t>(rows)).run();
}

std::int64_t LogStore::dropped() {
  const auto rows = db_.read_number("SELECT value FROM facts WHERE name = 'rows_dropped'", 0);
  return rows ? rows.value() : 0;
}

std::string LogStore::price_name(std::int64_t id) {
  auto ask = db_.prepare("SELECT name FROM price_versions WHERE id = ?");
  if (!ask) return {};
  ask.value().bind(1, id);
  const auto row = ask.value().step();
  return row && row.value() ? ask.value().text(0) : std::string();
}

/// A question made ready: what every row must fulfil, and where such rows can be.
struct LogStore::Plan {
  std::vector<LogRange> ranges;  // rising
  std::string where;
  BoundValues values;
  std::string_view from = "log";
};

// The rows of an hour are near each other: requests are written as they end. So each hour, and in it each group of log_hours, is
// a stretch of rows, and hours in which nothing can fit are never read.
Result<std::vector<LogRange>> LogStore::find_ranges(const LogQuery& query) {
  const std::int64_t first = query.after_seq + 1;
  if (query.after_seq > 0 || (query.where == nullptr && query.since == 0 && query.until == 0))
    return std::vector<LogRange>{{first, kLastSeq}};
  LogWhere where;
  if (query.where != nullptr) where = make_hour_where(*query.where);
  if (query.since > 0) {
    where.sql += " AND hour >= ?";
    where.values.emplace_back(query.since / kHour);
  }
  if (query.until > 0) {
    where.sql += " AND hour <= ?";
    where.values.emplace_back(query.until / kHour);
  }
  PG_TRY(Statement statement, db_.prepare("SELECT first_seq, last_seq FROM log_hours WHERE " + where.sql));
  if (auto set = db_.set_match(
          [&](std::int64_t n, std::string_view text) { return where.patterns[static_cast<std::size_t>(n)]->matches(text); });
      !set)
    return set.error();
  bind_values(statement, where.values);
  std::vector<LogRange> ranges;
  for (;;) {
    PG_TRY(const bool row, statement.step());
    if (!row) return join_ranges(std::move(ranges));
    ranges.push_back({statement.integer(0), statement.integer(1)});
  }
}

Result<LogStore::Plan> LogStore::make_plan(const LogQuery& query) {
  if (auto set = db_.set_match([](std::int64_t, std::string_view) { return false; }); !set) return set.error();
  Plan plan;
  PG_TRY(plan.ranges, find_ranges(query));
  LogWhere where;
  if (query.where != nullptr) where = make_log_where(*query.where);
  plan.where = where.sql;
  plan.values = std::move(where.values);
  if (query.since > 0) {
    plan.where += " AND time >= ?";
    plan.values.emplace_back(query.since);
  }
  if (query.until > 0) {
    plan.where += " AND time < ?";
    plan.values.emplace_back(query.until);
  }
  if (auto set = db_.set_match([held = query.where, patterns = std::move(where.patterns)](std::int64_t n, std::string_view text) {
        return patterns[static_cast<std::size_t>(n)]->matches(text);
      });
      !set)
    return set.error();
  return plan;
}

// The ends of a stretch are the last two values to bind.
Result<Statement> LogStore::prepare(const Plan& plan, std::string_view columns, std::string_view order) {
  PG_TRY(Statement statement, db_.prepare(fmt::format("SELECT {} FROM {} WHERE ({}) AND seq >= ? AND seq <= ? ORDER BY seq{}",
                                                      columns, plan.from, plan.where, order)));
  return statement;
}

// Every row of the plan, in the order it was written, until `each` has had enough.
Status LogStore::walk(const Plan& plan, std::string_view columns, const std::function<bool(const Statement&)>& each) {
  PG_TRY(Statement statement, prepare(plan, columns, ""));
  const int ends = static_cast<int>(plan.values.size());
  for (const LogRange& range : plan.ranges) {
    statement.reset();
    bind_values(statement, plan.values);
    statement.bind(ends + 1, range.first).bind(ends + 2, range.last);
    for (;;) {
      PG_TRY(const bool row, statement.step());
      if (!row) break;
      if (!each(statement)) return {};
    }
  }
  return {};
}

Status LogStore::visit(const LogQuery& query, std::string_view columns, const std::function<Status(const Statement&)>& each) {
  PG_TRY(ReadView view, ReadView::begin(db_));
  PG_TRY(Plan plan, make_plan(query));
  plan.from = query.where != nullptr && asks_names(*query.where) ? rows_with_names() : "log_rows";
  Status done;
  auto walked = walk(plan, columns, [&](const Statement& row) {
    done = each(row);
    return done.has_value();
  });
  return walked ? std::move(done) : std::move(walked);
}

// The numbers first, from the newest back; then the rows themselves, in the order they were written.
Status LogStore::select_newest(const Plan& plan, std::int64_t limit, const std::function<bool(const LogRow&)>& each) {
  std::vector<std::int64_t> found;
  {
    PG_TRY(Statement statement, prepare(plan, "seq", " DESC LIMIT ?"));
    const int ends = static_cast<int>(plan.values.size());
    for (auto range = plan.ranges.rbegin(); range != plan.ranges.rend() && std::ssize(found) < limit; ++range) {
      statement.reset();
      bind_values(statement, plan.values);
      statement.bind(ends + 1, range->first).bind(ends + 2, range->last).bind(ends + 3, limit - std::ssize(found));
      for (;;) {
        PG_TRY(const bool row, statement.step());
        if (!row) break;
        found.push_back(statement.integer(0));
      }
    }
  }
  PG_TRY(Statement fetch, db_.prepare(fmt::format("SELECT seq, {} FROM log WHERE seq = ?", kLogColumns)));
  for (auto seq = found.rbegin(); seq != found.rend(); ++seq) {
    fetch.reset();
    fetch.bind(1, *seq);
    PG_TRY(const bool row, fetch.step());
    if (row && !each(read_log_row(fetch))) return {};
  }
  return {};
}

Status LogStore::select(const LogQuery& query, const std::function<bool(const LogRow&)>& each) {
  PG_TRY(ReadView view, ReadView::begin(db_));
  PG_TRY(const Plan plan, make_plan(query));
  if (query.limit > 0) return select_newest(plan, query.limit, each);
  return walk(plan, fmt::format("seq, {}", kLogColumns), [&each](const Statement& row) { return each(read_log_row(row)); });
}

Result<std::string> LogStore::explain(const LogQuery& query) {
  PG_TRY(ReadView view, ReadView::begin(db_));
  PG_TRY(const Plan plan, make_plan(query));
  const std::string order = query.limit > 0 ? " DESC LIMIT ?" : "";
  const std::string sql = fmt::format("SELECT … FROM log WHERE ({}) AND seq >= ? AND seq <= ? ORDER BY seq{}", plan.where, order);
  std::string out = "sql    " + sql + "\nvalues";
  for (const auto& value : plan.values)
    std::visit([&](const auto& v) { out += fmt::format(" {}", escape_controls(fmt::format("{}", v))); }, value);
  PG_TRY(Statement steps,
         db_.prepare(fmt::format("EXPLAIN QUERY PLAN SELECT seq FROM log WHERE ({}) AND seq >= ? AND seq <= ? ORDER BY seq{}",
                                 plan.where, order)));
  for (;;) {
    PG_TRY(const bool row, steps.step());
    if (!row) break;
    out += "\nplan   " + steps.text(3);
  }
  out += fmt::format("\nhours  {} of the log left by log_hours", plan.ranges.empty() ? "nothing" : "these rows");
  for (const LogRange& range : plan.ranges)
    out += range.last == kLastSeq ? fmt::format("\nrows   {} and later", range.first)
                                  : fmt::format("\nrows   {} to {}", range.first, range.last);
  return out + "\n";
}

// Where rows whose id begins so can be: an id begins with the time.
Result<std::vector<LogRange>> LogStore::find_id_ranges(std::string_view prefix) {
  LogQuery query;
  const auto [since, until] = times_of_id(prefix);
  query.since = since;
  query.until = until;
  return find_ranges(query);
}

// The first two rows whose id begins so.
Status LogStore::find_ids(std::string_view prefix, const std::vector<LogRange>& ranges, std::vector<std::int64_t>& found) {
  // Ids are ASCII: everything that begins so lies between the prefix and the prefix with the highest byte behind it.
  PG_TRY(
      Statement statement,
      db_.prepare("SELECT seq FROM log_rows WHERE seq >= ?1 AND seq <= ?2 AND id >= ?3 AND id < ?3 || char(0x10ffff) LIMIT 2"));
  for (const LogRange& range : ranges) {
    statement.reset();
    statement.bind(1, range.first).bind(2, range.last).bind(3, prefix);
    for (;;) {
      PG_TRY(const bool row, statement.step());
      if (!row) break;
      found.push_back(statement.integer(0));
      if (found.size() > 1) return {};
    }
  }
  return {};
}

Result<LogRow> LogStore::find(std::string_view id_or_prefix) {
  if (id_or_prefix.empty()) return make_error(Code::bad_request, "which request? give its id or the beginning of it");
  std::string prefix(id_or_prefix);
  for (char& c : prefix) c = to_upper(c);
  std::vector<std::int64_t> found;
  PG_TRY(const std::vector<LogRange> ranges, find_id_ranges(prefix));
  if (auto looked = find_ids(prefix, ranges, found); !looked) return looked.error();
  // A clock that was set back gives ids ahead of the time.
  if (found.empty())
    if (auto looked = find_ids(prefix, {{1, kLastSeq}}, found); !looked) return looked.error();
  const std::string shown = escape_controls(id_or_prefix.substr(0, 64));
  if (found.empty()) return make_error(Code::not_found, "no request \"" + shown + "\"");
  if (found.size() > 1) return make_error(Code::bad_request, "several requests begin with \"" + shown + "\"");
  PG_TRY(Statement fetch, db_.prepare(fmt::format("SELECT seq, {} FROM log WHERE seq = ?", kLogColumns)));
  fetch.bind(1, found.front());
  PG_TRY(const bool row, fetch.step());
  if (!row) return make_error(Code::not_found, "no request \"" + shown + "\"");
  return read_log_row(fetch);
}

Result<std::int64_t> LogStore::last_seq() {
  return db_.read_number("SELECT max(seq) FROM log_rows", 0);
}

Result<std::int64_t> LogStore::first_seq() {
  return db_.read_number("SELECT min(seq) FROM log_rows", 0);
}

}  // namespace pg
