#include "core/store/log_store.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/base/ids.h"
#include "core/base/shipped.h"
#include "core/base/text.h"
#include "core/store/log_filter.h"
#include "core/store/log_retention.h"
#include "tests/support/ask_db.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::ask;

namespace {

LogRow numbered_row(int number) {
  LogRow row;
  row.id = "01HX" + std::string(1, static_cast<char>('A' + number)) + "0000000000000000000000";
  row.time = 1000 * number;
  row.project = "default";
  row.agent = number % 2 == 0 ? "claude-code" : "codex";
  row.model = "model-" + std::to_string(number);
  row.status = 200 + number;
  row.outcome = "ok";
  return row;
}

struct LogStoreFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log{db};

  void fill(int count) {
    std::vector<LogRow> rows;
    for (int i = 1; i <= count; ++i) rows.push_back(numbered_row(i));
    REQUIRE(log.insert(rows));
  }
  std::string models(const LogQuery& query) {
    std::string out;
    REQUIRE(log.select(query, [&](const LogRow& row) {
      out += row.model.substr(6) + " ";
      return true;
    }));
    return out;
  }
};

}  // namespace

TEST_CASE("a row comes back as it went in, field by field") {
  LogStoreFixture f;
  LogRow row = numbered_row(1);
  row.project_id = "pid";
  row.key = "k";
  row.agent_version = "2.1";
  row.session = "s";
  row.dialect = "anthropic";
  row.method = "POST";
  row.path = "/api/default/v1/messages";
  row.provider = "echo";
  row.model_served = "served";
  row.outcome = "blocked";
  row.stream = true;
  row.latency_ms = 1;
  row.ttft_ms = 2;
  row.upstream_ms = 3;
  row.usage = {4, 5, 6, 7, 8};
  row.bytes_in = 9;
  row.bytes_out = 10;
  row.redactions = "EMAIL:2";
  row.detected = "IBAN:1";
  row.blocked = "CARD:1";
  row.places = "messages[0]";
  row.restored = 11;
  row.unknown_tokens = 12;
  row.error = "blocked: no";
  row.upstream_request_id = "req";
  row.cache_break = "messages[12]";
  row.cache_lost = 13;
  row.cache_lost_cost = 14;
  row.connect_ms = 15;
  row.tls_ms = 16;
  row.route = "titles at home";
  row.ip = "2001:db8::1";
  row.ua = "claude-cli/2.1 (external, cli)";
  REQUIRE(f.log.insert({&row, 1}));
  const LogRow back = f.log.find(row.id).value();
  CHECK(back.seq == 1);
  CHECK(std::tie(back.id, back.time, back.project, back.project_id, back.key, back.agent, back.agent_version, back.session) ==
        std::tie(row.id, row.time, row.project, row.project_id, row.key, row.agent, row.agent_version, row.session));
  CHECK(std::tie(back.dialect, back.method, back.path, back.provider, back.model, back.model_served, back.status, back.outcome) ==
        std::tie(row.dialect, row.method, row.path, row.provider, row.model, row.model_served, row.status, row.outcome));
  CHECK(std::tie(back.stream, back.latency_ms, back.ttft_ms, back.upstream_ms, back.bytes_in, back.bytes_out) ==
        std::tie(row.stream, row.latency_ms, row.ttft_ms, row.upstream_ms, row.bytes_in, row.bytes_out));
  CHECK(back.usage.input_tokens == 4);
  CHECK(back.usage.output_tokens == 5);
  CHECK(back.usage.cached_tokens == 6);
  CHECK(back.usage.cache_write_tokens == 7);
  CHECK(back.usage.reasoning_tokens == 8);
  CHECK(std::tie(back.redactions, back.detected, back.blocked, back.places, back.restored, back.unknown_tokens, back.error,
                 back.upstream_request_id) == std::tie(row.redactions, row.detected, row.blocked, row.places, row.restored,
                                                       row.unknown_tokens, row.error, row.upstream_request_id));
  CHECK(std::tie(back.cache_break, back.cache_lost, back.cache_lost_cost, back.connect_ms, back.tls_ms) ==
        std::tie(row.cache_break, row.cache_lost, row.cache_lost_cost, row.connect_ms, row.tls_ms));
  CHECK(std::tie(back.route, back.ip, back.ua) == std::tie(row.route, row.ip, row.ua));
}

TEST_CASE("a batch is whole or absent") {
  LogStoreFixture f;
  f.fill(3);
  REQUIRE(f.db.execute("CREATE TRIGGER no BEFORE INSERT ON log_rows WHEN NEW.time = 5000 BEGIN SELECT RAISE(ABORT, 'no'); END"));
  std::vector<LogRow> batch = {numbered_row(4), numbered_row(5)};
  CHECK(f.log.insert(batch).error().code == Code::io_failed);
  CHECK(f.models({}) == "1 2 3 ");
  CHECK(f.log.insert({}));
  CHECK(f.log.last_seq().value() == 3);
  // What the failed batch said of names is not believed afterwards.
  REQUIRE(f.db.execute("DROP TRIGGER no"));
  REQUIRE(f.log.insert(batch));
  CHECK(f.models({}) == "1 2 3 4 5 ");
}

TEST_CASE("what rows say alike stands once, by the letter") {
  LogStoreFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 9; ++i) rows.push_back(numbered_row(1));
  rows[3].project = "Default";
  rows[4].stream = true;
  rows[5].project = "defaul";
  rows[5].project_id = "t";
  REQUIRE(f.log.insert(rows));
  REQUIRE(f.log.insert(rows));
  CHECK(ask(f.db, "SELECT count(*) FROM log_names") == 4);
  CHECK(ask(f.db, "SELECT count(*) FROM log") == 18);
  CHECK(ask(f.db, "SELECT count(*) FROM log WHERE project = 'Default' COLLATE BINARY") == 2);
  CHECK(ask(f.db, "SELECT max(last_seq) FROM log_names") == 18);
}

TEST_CASE("names go with their last row, and come back when they are said again") {
  LogStoreFixture f;
  f.fill(3);
  CHECK(prune_log(f.db, {1'000'000, 0}, 100).value() == 2);
  CHECK(ask(f.db, "SELECT count(*) FROM log_names") == 1);
  // The writer still knows the numbers of those that are gone.
  f.fill(3);
  CHECK(f.models({}) == "3 1 2 3 ");
  CHECK(ask(f.db, "SELECT count(*) FROM log_names") == 3);
}

TEST_CASE("made-up names are forgotten, not mixed up") {
  LogStoreFixture f;
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<LogRow> rows;
    for (int i = 0; i < 3'000; ++i) {
      rows.push_back(numbered_row(1));
      rows.back().model = "model-" + std::to_string(batch * 2'000 + i);
    }
    REQUIRE(f.log.insert(rows));
  }
  std::int64_t at = 0;
  bool same = true;
  REQUIRE(f.log.select({}, [&](const LogRow& row) {
    same = same && row.model == "model-" + std::to_string(at / 3'000 * 2'000 + at % 3'000);
    return ++at, true;
  }));
  CHECK(at == 9'000);
  CHECK(same);
}

TEST_CASE("rows of an older database keep what they said") {
  test::TempDir dir;
  const std::string script(shipped("schema.sql"));
  const std::string before = script.substr(0, script.find("-- migration 6"));
  {
    Db db = Db::open(dir.file("pg.db"), DbMode::read_write, before).value();
    for (int i = 1; i <= 40; ++i)
      REQUIRE(db.execute(
          fmt::format("INSERT INTO log VALUES({0}, 'ID{0}', {0}000, '{1}', 'pid', 'key', 'agent', '1', 'session-{2}', "
                      "'anthropic', 'POST', '/v1', "
                      "'echo', 'm', 'm', {3}, 'ok', {2} = 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, {0}, 'EMAIL:1', '', '', 'p', '', 'w', "
                      "11, 12, 'e', 'u', "
                      "{4}, 2)",
                      i, i % 2 == 0 ? "default" : "Default", i % 3, 200 + i % 2, i == 7 ? "NULL" : std::to_string(i))));
  }
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log(db);
  std::int64_t seq = 0;
  REQUIRE(log.select({}, [&](const LogRow& row) {
    ++seq;
    CHECK(row.seq == seq);
    CHECK(row.id == "ID" + std::to_string(seq));
    CHECK(row.project == (seq % 2 == 0 ? "default" : "Default"));
    CHECK(row.session == "session-" + std::to_string(seq % 3));
    CHECK(row.stream == (seq % 3 == 1));
    CHECK(row.status == 200 + seq % 2);
    CHECK(row.cost == (seq == 7 ? -1 : seq));
    CHECK(row.bytes_out == seq);
    CHECK(row.warnings == "w");
    CHECK(row.unknown_tokens == 12);
    CHECK(row.cache_break.empty());
    CHECK(row.cache_lost == -1);
    CHECK(row.cache_lost_cost == -1);
    return true;
  }));
  CHECK(seq == 40);
  CHECK(ask(db, "SELECT count(*) FROM log_names") == 6);
}

TEST_CASE("rows of before anybody kept routes and addresses have none, and new ones go beside them") {
  test::TempDir dir;
  const std::string script(shipped("schema.sql"));
  {
    Db db = Db::open(dir.file("pg.db"), DbMode::read_write, script.substr(0, script.find("-- migration 8"))).value();
    REQUIRE(db.execute(
        "INSERT INTO log_names VALUES(3, 1, 200, 0, 'default', 'pid', 'key', 'agent', '1', 's', 'anthropic', 'POST', '/v1', "
        "'echo', 'm', 'm', 'ok');"
        "INSERT INTO log_rows VALUES(1, 'OLD', 1000, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, NULL, '', '', '', 'p', '', "
        "'', '', 'u', '', -1, -1, 15, 16);"
        "INSERT INTO log_hours VALUES(0, 'default', 'key', 'agent', 'anthropic', 'echo', 'm', 'm', 200, 'ok', 1, 0, 0, 0, 0, 0, "
        "0, "
        "0, 0, 0, 0, 1, 1, 1, 1, -1, 1, 1, 0, 0, 0)"));
  }
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log(db);
  const LogRow old = log.find("OLD").value();
  CHECK((old.route + old.ip + old.ua).empty());
  CHECK(old.agent == "agent");
  CHECK(old.tls_ms == 16);
  LogRow row = numbered_row(2);
  row.ip = "10.0.0.7";
  row.ua = "curl/8.1";
  row.route = "route 2";
  REQUIRE(log.insert({&row, 1}));
  CHECK(log.find(row.id).value().ip == "10.0.0.7");
  const auto found = [&](const std::string& text) {
    LogQuery query;
    std::string ids;
    REQUIRE(parse_log_filters({&text, 1}, 5000, query));
    REQUIRE(log.select(query, [&](const LogRow& each) { return ids += each.id + " ", true; }));
    return ids;
  };
  CHECK(found("-ip:10.0.*") == "OLD ");
  CHECK(found("ua:CURL*") == row.id + " ");
  CHECK(found("-route:*") == "OLD ");
}

TEST_CASE("what many rows say alike of where they came from stands once") {
  LogStoreFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 2'000; ++i) {
    LogRow row = numbered_row(0);
    row.id = "R" + std::to_string(10'000 + i);
    row.ip = i % 2 == 0 ? "127.0.0.1" : "10.0.0.7";
    row.ua = std::string(200, 'u');
    row.route = "titles at home";
    rows.push_back(std::move(row));
  }
  REQUIRE(f.log.insert(rows));
  CHECK(ask(f.db, "SELECT count(*) FROM log_names") == 2);
  CHECK(ask(f.db, "SELECT sum(length(ua)) FROM log_names") == 400);
}

TEST_CASE("the newest rows in time order, after a row, between times, until told to stop") {
  LogStoreFixture f;
  CHECK(f.log.last_seq().value() == 0);
  f.fill(6);
  LogQuery query;
  CHECK(f.models(query) == "1 2 3 4 5 6 ");
  query.limit = 2;
  CHECK(f.models(query) == "5 6 ");
  query = {};
  query.after_seq = 4;
  CHECK(f.models(query) == "5 6 ");
  query = {};
  query.since = 2000;
  query.until = 4000;
  CHECK(f.models(query) == "2 3 ");
  int seen = 0;
  REQUIRE(f.log.select({}, [&](const LogRow&) { return ++seen < 2; }));
  CHECK(seen == 2);
}

TEST_CASE("hours in which nothing can fit are not read") {
  LogStoreFixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 9'000; ++i) {
    LogRow row = numbered_row(0);
    row.id = "R" + std::to_string(100'000 + i);
    row.time = 1'700'000'000'000 + i / 3'000 * 3'600'000;  // three hours
    row.model = i / 3'000 == 1 ? "rare" : "common";
    row.status = i == 8'999 ? 503 : 200;
    row.latency_ms = i == 10 ? 60'000 : 100;
    rows.push_back(std::move(row));
  }
  REQUIRE(f.log.insert(rows));
  const auto plan = [&](const std::string& text) {
    LogQuery query;
    REQUIRE(parse_log_filters({&text, 1}, 1'700'050'000'000, query));
    return f.log.explain(query).value();
  };
  CHECK(plan("model:rare").find("rows   3001 to 6000") != std::string::npos);
  CHECK(plan("model:nothing").find("nothing of the log") != std::string::npos);
  CHECK(plan("status:5xx").find("rows   9000 to 9000") != std::string::npos);
  CHECK(plan("latency:>30s").find("rows   1 to 3000") != std::string::npos);
  CHECK(plan("model:common").find("rows   6001 to 9000") != std::string::npos);
  CHECK(plan("-model:common").find("rows   3001 to 6000") != std::string::npos);
  CHECK(plan("model:rare").find("USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") != std::string::npos);
  LogQuery second;
  second.since = 1'700'000'000'000 + 3'600'000;
  second.until = 1'700'000'000'000 + 2 * 3'600'000;
  int seen = 0;
  REQUIRE(f.log.select(second, [&](const LogRow& row) { return row.model == "rare" ? ++seen > 0 : false; }));
  CHECK(seen == 3'000);
}

TEST_CASE("an id is found whole, by its beginning, in any case") {
  LogStoreFixture f;
  f.fill(3);
  CHECK(f.log.find("01HXB0000000000000000000000").value().model == "model-1");
  CHECK(f.log.find("01hxc").value().model == "model-2");
  CHECK(f.log.find("01HX").error().code == Code::bad_request);
  CHECK(f.log.find("01HZ").error().code == Code::not_found);
  CHECK(f.log.find("").error().code == Code::bad_request);
  CHECK(f.log.find("%").error().code == Code::not_found);
}

TEST_CASE("hostile lengths are cut between characters") {
  LogStoreFixture f;
  LogRow row = numbered_row(1);
  row.path = std::string(2047, 'a') + "\xc3\xa9" + std::string(100000, 'b');
  row.places = std::string(5000, 'p');
  REQUIRE(f.log.insert({&row, 1}));
  const LogRow back = f.log.find(row.id).value();
  CHECK(back.path == std::string(2047, 'a'));
  CHECK(is_utf8(back.path));
  CHECK(back.places.size() == 1024);
}
