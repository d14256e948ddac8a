#include "core/store/log_store.h"

#include <doctest/doctest.h>

#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/store/log_filter.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

LogRow row_of(int number) {
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

struct Fixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log{db};

  void fill(int count) {
    std::vector<LogRow> rows;
    for (int i = 1; i <= count; ++i) rows.push_back(row_of(i));
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
  Fixture f;
  LogRow row = row_of(1);
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
}

TEST_CASE("a batch is whole or absent") {
  Fixture f;
  f.fill(3);
  std::vector<LogRow> batch = {row_of(4), row_of(2)};
  CHECK(f.log.insert(batch).error().code == Code::io_failed);
  CHECK(f.models({}) == "1 2 3 ");
  CHECK(f.log.insert({}));
  CHECK(f.log.last_seq().value() == 3);
}

TEST_CASE("the newest rows in time order, after a row, between times, until told to stop") {
  Fixture f;
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
  Fixture f;
  std::vector<LogRow> rows;
  for (int i = 0; i < 9'000; ++i) {
    LogRow row = row_of(0);
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
  Fixture f;
  f.fill(3);
  CHECK(f.log.find("01HXB0000000000000000000000").value().model == "model-1");
  CHECK(f.log.find("01hxc").value().model == "model-2");
  CHECK(f.log.find("01HX").error().code == Code::bad_request);
  CHECK(f.log.find("01HZ").error().code == Code::not_found);
  CHECK(f.log.find("").error().code == Code::bad_request);
  CHECK(f.log.find("%").error().code == Code::not_found);
}

TEST_CASE("hostile lengths are cut between characters") {
  Fixture f;
  LogRow row = row_of(1);
  row.path = std::string(2047, 'a') + "\xc3\xa9" + std::string(100000, 'b');
  row.places = std::string(5000, 'p');
  REQUIRE(f.log.insert({&row, 1}));
  const LogRow back = f.log.find(row.id).value();
  CHECK(back.path == std::string(2047, 'a'));
  CHECK(is_utf8(back.path));
  CHECK(back.places.size() == 1024);
}
