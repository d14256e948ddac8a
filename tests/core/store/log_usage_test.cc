#include "core/store/log_usage.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <map>

#include "core/store/log_retention.h"
#include "core/store/log_stats.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

constexpr UnixMillis kFirstHour = 1'764'000'000'000 / kHour * kHour;

struct LogUsageFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log{db};
  int made = 0;

  LogRow row(UnixMillis time) {
    LogRow row;
    row.id = "U" + std::to_string(100'000 + made++);
    row.time = time;
    row.project = "default";
    row.status = 200;
    row.outcome = "ok";
    return row;
  }
  UsageReport usage(UsageBy by, const std::string& filter = {}, UnixMillis since = 0, UnixMillis until = 0) {
    LogQuery query;
    REQUIRE(parse_log_filters({&filter, 1}, kFirstHour, query));
    query.since = since;
    query.until = until;
    return read_usage(db, query, by).value();
  }
};

bool same(const LogSums& a, const LogSums& b) {
  return a.requests == b.requests && a.cost == b.cost && a.unpriced == b.unpriced && a.estimated == b.estimated &&
         a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens && a.cached_tokens == b.cached_tokens &&
         a.cache_write_tokens == b.cache_write_tokens && a.reasoning_tokens == b.reasoning_tokens && a.redacted == b.redacted &&
         a.blocked == b.blocked && a.errors == b.errors && a.cache_breaks == b.cache_breaks && a.cache_lost == b.cache_lost &&
         a.cache_lost_cost == b.cache_lost_cost;
}

}  // namespace

TEST_CASE("usage: hours and rows together are exactly the rows, for random rows, windows and filters") {
  PG_GEN(gen);
  LogUsageFixture f;
  std::vector<LogRow> rows;
  const auto pick = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[gen.number(0, values.size() - 1)]);
  };
  for (int i = 0; i < 400; ++i) {
    LogRow row = f.row(kFirstHour + static_cast<UnixMillis>(gen.number(0, 10 * kHour)));
    row.model = pick({"gpt-4o", "claude-x", ""});
    row.model_served = pick({"", "gpt-4o-mini"});
    row.key = pick({"alice", "bob"});
    row.agent = pick({"", "codex"});
    row.session = pick({"", "", "s1", "s1/a1"});
    row.outcome = pick({"ok", "error"});
    row.latency_ms = static_cast<std::int64_t>(gen.number(0, 3000));
    row.usage.input_tokens = static_cast<std::int64_t>(gen.number(0, 1000)) - 1;
    row.usage.output_tokens = static_cast<std::int64_t>(gen.number(0, 1000)) - 1;
    row.price = static_cast<std::int64_t>(gen.number(0, 4)) - 1;
    row.cost = row.price > 0 ? static_cast<std::int64_t>(gen.number(0, 1'000'000)) : -1;
    row.redactions = pick({"", "EMAIL:1"});
    row.cache_break = pick({"", "", "system", "messages[3]"});
    if (!row.cache_break.empty()) row.cache_lost = static_cast<std::int64_t>(gen.number(1'000, 100'000));
    if (!row.cache_break.empty()) row.cache_lost_cost = static_cast<std::int64_t>(gen.number(0, 1'000'000)) - 1;
    rows.push_back(row);
  }
  for (std::size_t at = 0; at < rows.size(); at += 40) REQUIRE(f.log.insert(std::span(rows).subspan(at, 40)));
  std::map<std::string, LogSums> sessions;
  for (const LogRow& row : rows) sessions[row.session].add(row);
  const UsageReport by_session = f.usage(UsageBy::session);
  CHECK(same(by_session.total, f.usage(UsageBy::model).total));
  REQUIRE(by_session.lines.size() == sessions.size());
  for (const UsageLine& line : by_session.lines) CHECK(same(line.sums, sessions[line.name]));
  for (int round = 0; round < 60; ++round) {
    const std::string filter = pick({"", "key:alice", "class:error OR agent:codex", "-model:gpt*", "latency:>1s", "gpt",
                                     "cache_break:messages*", "id:U1000*", "-gpt (status:200 OR redactions:EMAIL)"});
    const UnixMillis since = gen.coin() ? 0 : kFirstHour + static_cast<UnixMillis>(gen.number(0, 5 * kHour));
    const UnixMillis until = gen.coin() ? 0 : kFirstHour + static_cast<UnixMillis>(gen.number(4 * kHour, 11 * kHour));
    LogQuery query;
    REQUIRE(parse_log_filters({&filter, 1}, kFirstHour, query));
    std::map<std::string, LogSums> want;
    LogSums total;
    for (const LogRow& row : rows) {
      if (row.time < since || (until > 0 && row.time >= until)) continue;
      if (query.where != nullptr && !matches_row(*query.where, row)) continue;
      want[row.model_served.empty() ? row.model : row.model_served].add(row);
      total.add(row);
    }
    const UsageReport report = f.usage(UsageBy::model, filter, since, until);
    INFO(filter, " ", since, " ", until);
    CHECK(same(report.total, total));
    REQUIRE(report.lines.size() == want.size());
    for (const UsageLine& line : report.lines) CHECK(same(line.sums, want[line.name]));
    query.since = since;
    query.until = until;
    const StatsReport stats = read_stats(f.db, query, find_log_field("model")).value();
    CHECK(same(stats.total.sums, total));
    REQUIRE(stats.lines.size() == want.size());
    for (const StatsLine& line : stats.lines) CHECK(same(line.sums, want[line.name]));
  }
}

TEST_CASE("usage: a window that reaches before 1970 counts every row once") {
  LogUsageFixture f;
  const LogRow rows[] = {f.row(kFirstHour + 1), f.row(kFirstHour + kHour + 1)};
  REQUIRE(f.log.insert(rows));
  for (const UnixMillis since : {UnixMillis{-1}, -kHour / 2, -kHour, -kHour - 1, -36'500 * kDay + 17})
    for (const UnixMillis until : {UnixMillis{0}, kFirstHour + 2 * kHour + 5, kFirstHour * 100 + 7})
      for (const UsageBy by : {UsageBy::model, UsageBy::day, UsageBy::endpoint})
        CHECK_MESSAGE(f.usage(by, {}, since, until).total.requests == 2, since, " ", until);
}

TEST_CASE("usage: the course of a group is its hours, and adds up to its sum") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (const auto& [minutes, model] : {std::pair{0, "a"}, {30, "a"}, {90, "b"}, {150, "a"}}) {
    LogRow row = f.row(kFirstHour + minutes * 60'000);
    row.model = model;
    row.path = "/v1";
    row.usage.input_tokens = 10;
    row.usage.output_tokens = 1;
    row.cost = 100;
    row.price = 2;
    rows.push_back(row);
  }
  REQUIRE(f.log.insert(rows));
  for (const UsageBy by : {UsageBy::model, UsageBy::endpoint}) {
    const UsageReport report = read_usage(f.db, {}, by, true).value();
    for (const UsageLine& line : report.lines) {
      UsagePoint sum;
      for (const UsagePoint& point : line.trend)
        sum.cost += point.cost, sum.tokens += point.tokens, sum.requests += point.requests;
      CHECK(sum.cost == line.sums.cost);
      CHECK(sum.tokens == line.sums.input_tokens + line.sums.output_tokens);
      CHECK(sum.requests == line.sums.requests);
    }
    REQUIRE(report.lines[0].trend.size() == (by == UsageBy::model ? 2 : 3));
    CHECK(report.lines[0].trend[0].time == kFirstHour);
    CHECK(report.lines[0].trend[0].requests == 2);
    CHECK(report.lines[0].trend.back().time == kFirstHour + 2 * kHour);
  }
  CHECK(read_usage(f.db, {}, UsageBy::model).value().lines[0].trend.empty());
  CHECK(read_usage(f.db, {}, UsageBy::day, true).value().lines[0].trend.empty());
}

TEST_CASE("usage: an explanation says whether rows are read at all") {
  LogUsageFixture f;
  const auto told = [&f](UsageBy by, const std::string& filter = {}, UnixMillis since = 0) {
    LogQuery query;
    REQUIRE(parse_log_filters({&filter, 1}, kFirstHour, query));
    query.since = since;
    return explain_usage(f.db, query, by).value();
  };
  CHECK(told(UsageBy::model) == "sums   of whole hours from log_hours; no row is read\n");
  CHECK(told(UsageBy::model, "key:alice", kFirstHour) == "sums   of whole hours from log_hours; no row is read\n");
  CHECK(told(UsageBy::session) == "sums   from log_sessions and log_hours; no row is read\n");
  CHECK(told(UsageBy::day, "", kFirstHour + 1)
            .starts_with("sums   of whole hours from log_hours; the hours at both ends from rows\nsql "));
  CHECK(told(UsageBy::model, "latency:>1s").starts_with("sums   over rows\nsql "));
  CHECK(told(UsageBy::endpoint).starts_with("sums   over rows\nsql "));
}

TEST_CASE("usage: sums stay when the rows are gone") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 10; ++i) {
    LogRow row = f.row(kFirstHour + i * kHour);
    row.agent = "codex";
    row.agent_version = i < 5 ? "1.0" : "1.1";
    row.key = i % 2 == 0 ? "alice" : "bob";
    row.session = "s" + std::to_string(i / 5) + (i % 5 == 0 ? "" : "/a1");
    row.cost = 1'000;
    row.price = 2;
    rows.push_back(row);
  }
  REQUIRE(f.log.insert(rows));
  CHECK(prune_log(f.db, {kFirstHour + 6 * kHour, 0}, 4).value() == 4);
  CHECK(prune_log(f.db, {kFirstHour + 6 * kHour, 0}, 4).value() == 2);
  CHECK(prune_log(f.db, {kFirstHour + 6 * kHour, 0}, 4).value() == 0);
  CHECK(f.log.first_seq().value() == 7);
  CHECK(count_older(f.db, {kFirstHour + 8 * kHour, 0}).value() == 2);
  CHECK(f.usage(UsageBy::key).total.cost == 10'000);
  CHECK(f.usage(UsageBy::key, "key:alice").total.requests == 5);
  CHECK(f.usage(UsageBy::key, "key:alice", kFirstHour + 2 * kHour, kFirstHour + 4 * kHour).total.requests == 1);
  const UsageReport sessions = f.usage(UsageBy::session);
  CHECK(sessions.lines.size() == 4);
  CHECK(sessions.total.requests == 10);
  const auto agents = read_agents(f.db, 0).value();
  REQUIRE(agents.size() == 1);
  CHECK(agents[0].agent == "codex");
  CHECK(agents[0].keys == 2);
  CHECK(agents[0].sessions == 2);
  CHECK(agents[0].versions == "1.1, 1.0");
  CHECK(agents[0].last == kFirstHour + 9 * kHour);
  CHECK(agents[0].sums.requests == 10);
  CHECK(read_agents(f.db, kFirstHour + 20 * kHour).value().empty());
}

TEST_CASE("usage: a row from a time that has not come keeps none behind it from going") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (const UnixMillis hour : {900, 0, 901, 902, 1, 20, 2, 30}) rows.push_back(f.row(kFirstHour + hour * kHour));
  REQUIRE(f.log.insert(rows));
  const LogLimits limits{kFirstHour + 10 * kHour, 0, kFirstHour + 40 * kHour};
  CHECK(count_older(f.db, limits).value() == 5);
  CHECK(prune_log(f.db, limits, 1).value() == 2);  // those between come on top of the slice
  CHECK(prune_log(f.db, limits, 1).value() == 3);
  CHECK(prune_log(f.db, limits, 1).value() == 0);
  CHECK(f.log.first_seq().value() == 6);
  CHECK(count_older(f.db, {0, 0, kFirstHour}).value() == 0);
}

TEST_CASE("usage: the oldest rows go when the database is too large") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 2'000; ++i) {
    LogRow row = f.row(kFirstHour + i);
    row.places = std::string(500, 'x');
    rows.push_back(row);
  }
  REQUIRE(f.log.insert(rows));
  const std::uint64_t before = measure_db(f.db).value().used;
  CHECK(count_beyond(f.db, {0, before}).value() == 0);
  const std::int64_t beyond = count_beyond(f.db, {0, before * 4 / 5}).value();
  CHECK(beyond >= 350);
  CHECK(beyond <= 450);
  for (int i = 0; i < 100 && prune_log(f.db, {0, before / 2}, 100).value() > 0; ++i) {
  }
  CHECK(measure_db(f.db).value().used <= before / 2);
  CHECK(f.log.first_seq().value() > 500);
  CHECK(f.log.last_seq().value() == 2'000);
  CHECK(f.usage(UsageBy::model).total.requests == 2'000);
}

TEST_CASE("usage: names without end share a row") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 3'000; ++i) {
    LogRow row = f.row(kFirstHour);
    row.model = "made-up-" + std::to_string(i);
    row.agent = "x";
    row.session = "s" + std::to_string(i);
    rows.push_back(row);
  }
  REQUIRE(f.log.insert(rows));
  Statement count = f.db.prepare("SELECT count(*), sum(requests) FROM log_hours").value();
  REQUIRE(count.step().value());
  CHECK(count.integer(0) <= 1'001);
  CHECK(count.integer(1) == 3'000);
  count.reset();
  // And a search still finds what stands in the shared row.
  const std::string filter = "model:made-up-2999";
  LogQuery query;
  REQUIRE(parse_log_filters({&filter, 1}, kFirstHour, query));
  int found = 0;
  REQUIRE(f.log.select(query, [&](const LogRow&) { return ++found, true; }));
  CHECK(found == 1);
}

TEST_CASE("stats: percentiles are of the rows, by any field that makes groups") {
  LogUsageFixture f;
  std::vector<LogRow> rows;
  for (int i = 1; i <= 100; ++i) {
    LogRow row = f.row(kFirstHour);
    row.latency_ms = i;
    row.status = i > 90 ? 500 : 200;
    row.outcome = i > 90 ? "error" : "ok";
    rows.push_back(row);
  }
  rows.push_back(f.row(kFirstHour));  // one that was not measured
  REQUIRE(f.log.insert(rows));
  const StatsReport report = read_stats(f.db, {}, find_log_field("status")).value();
  CHECK(report.total.p50_ms == 50);
  CHECK(report.total.p95_ms == 95);
  REQUIRE(report.lines.size() == 2);
  CHECK(report.lines[0].name == "200");
  CHECK(report.lines[0].sums.requests == 91);
  CHECK(report.lines[1].p50_ms == 95);
  CHECK(report.lines[1].sums.errors == 10);
  CHECK(read_stats(f.db, {}, nullptr).value().total.sums.requests == 101);
  CHECK(read_stats(f.db, {}, find_log_field("latency")).error().message ==
        "\"latency\" is measured, not grouped by; try model, status or agent");
  for (const LogField& field : log_field_table()) {
    const auto made = read_stats(f.db, {}, &field);
    CHECK_MESSAGE((made || made.error().code == Code::bad_request), field.name);
  }
}

TEST_CASE("usage: local days and hours that begin inside an hour of UTC are those of the rows") {
  const char* before = std::getenv("TZ");
  const std::string zone = before == nullptr ? "" : before;
  ::setenv("TZ", "Asia/Kolkata", 1);
  ::tzset();
  constexpr UnixMillis kMinute = kHour / 60;
  constexpr UnixMillis kMidnight = 1'764'009'000'000;  // 2025-11-25 00:00 in India, 18:30 in UTC
  LogUsageFixture f;
  std::vector<LogRow> rows = {f.row(kMidnight - 15 * kMinute), f.row(kMidnight + 15 * kMinute), f.row(kMidnight + 2 * kHour)};
  REQUIRE(f.log.insert(rows));
  const auto starts = [&f](UsageBy by) {
    std::map<UnixMillis, std::int64_t> all;
    for (const UsageLine& line : f.usage(by).lines) all[line.time - kMidnight] = line.sums.requests;
    return all;
  };
  CHECK(starts(UsageBy::day) == std::map<UnixMillis, std::int64_t>{{-kDay, 1}, {0, 2}});
  CHECK(starts(UsageBy::hour) == std::map<UnixMillis, std::int64_t>{{-kHour, 1}, {0, 1}, {2 * kHour, 1}});
  // Hours whose rows are gone are those of UTC, and none is counted twice.
  REQUIRE(f.db.execute("DELETE FROM log_rows WHERE seq = 1"));
  std::int64_t requests = 0;
  for (const auto& [start, count] : starts(UsageBy::hour)) requests += count;
  CHECK(requests == 3);
  zone.empty() ? ::unsetenv("TZ") : ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
}
