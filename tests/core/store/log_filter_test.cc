#include "core/store/log_filter.h"

#include <doctest/doctest.h>

#include "tests/support/gen.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct Fixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log{db};

  Fixture() {
    std::vector<LogRow> rows(4);
    const char* models[] = {"gpt-4o", "gpt-4o-mini", "claude_x", ""};
    const int statuses[] = {200, 429, 404, 500};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].id = "ID" + std::to_string(i);
      rows[i].model = models[i];
      rows[i].status = statuses[i];
      rows[i].agent = i < 2 ? "codex" : "claude-code";
    }
    rows[0].latency_ms = 3000;
    rows[1].latency_ms = 100;
    rows[0].redactions = "EMAIL:2,IBAN:1";
    rows[1].redactions = "WORK_EMAIL:1";
    rows[2].model_served = "gpt-4o";
    rows[3].stream = true;
    rows[0].usage.input_tokens = 1000;
    REQUIRE(log.insert(rows));
  }

  // The row numbers that pass.
  std::string run(std::vector<std::string> words) {
    LogQuery query;
    const auto parsed = parse_log_filters(words, query);
    if (!parsed) return parsed.error().message;
    std::string out;
    REQUIRE(log.select(query, [&](const LogRow& row) {
      out += row.id.substr(2);
      return true;
    }));
    return out;
  }
};

}  // namespace

TEST_CASE("fields, any-of, globs, classes and negation") {
  Fixture f;
  CHECK(f.run({}) == "0123");
  CHECK(f.run({"status:429"}) == "1");
  CHECK(f.run({"status:4xx"}) == "12");
  CHECK(f.run({"status:200,5XX"}) == "03");
  CHECK(f.run({"-status:4xx"}) == "03");
  CHECK(f.run({"model:gpt-4o"}) == "02");
  CHECK(f.run({"model:\"gpt-4o\""}) == "02");
  CHECK(f.run({"model:GPT-4O*"}) == "012");
  CHECK(f.run({"model:gpt?4o"}) == "02");
  CHECK(f.run({"-model:gpt*"}) == "3");
  CHECK(f.run({"model.requested:gpt-4o"}) == "0");
  CHECK(f.run({"agent:codex", "status:2xx"}) == "0");
  CHECK(f.run({"AGENT:Codex"}) == "01");
  CHECK(f.run({"stream:true"}) == "3");
  CHECK(f.run({"redactions:email"}) == "0");
  CHECK(f.run({"redactions:*"}) == "01");
  CHECK(f.run({"-redactions:*"}) == "23");
}

TEST_CASE("measures compare, and what is not known never does") {
  Fixture f;
  CHECK(f.run({"latency:>2s"}) == "0");
  CHECK(f.run({"latency:<=100ms"}) == "1");
  CHECK(f.run({"latency:<10s"}) == "01");
  CHECK(f.run({"tokens.in:>=1000"}) == "0");
  CHECK(f.run({"tokens.in:1000"}) == "0");
}

TEST_CASE("SQL's own wildcards and quotes are plain characters") {
  Fixture f;
  CHECK(f.run({"model:claude_x"}) == "2");
  CHECK(f.run({"model:c%*"}) == "");
  CHECK(f.run({"model:claude?x*"}) == "2");
  CHECK(f.run({"model:gpt_4o*"}) == "");
  CHECK(f.run({"model:' OR 1=1 --"}) == "");
}

TEST_CASE("mistakes are named") {
  Fixture f;
  CHECK(f.run({"statsu:1"}) == "unknown field \"statsu\", did you mean \"status\"?");
  CHECK(f.run({"-modle:x"}) == "unknown field \"modle\", did you mean \"model\"?");
  CHECK(f.run({"hello"}) == "\"hello\" is not field:value, such as status:429");
  CHECK(f.run({":x"}) == "\":x\" is not field:value, such as status:429");
  CHECK(f.run({"status:abc"}) == "status: \"abc\" is not a status such as 429 or 4xx");
  CHECK(f.run({"status:6xx"}) == "status: \"6xx\" is not a status such as 429 or 4xx");
  CHECK(f.run({"latency:fast"}) == "latency: \"fast\" is not a duration such as >2s or <300ms");
  CHECK(f.run({"stream:maybe"}) == "stream: \"maybe\" is not true or false");
  CHECK(f.run({"model:"}) == "a value is missing; write \"field:value\"");
  CHECK(f.run({"model:a,,b"}) == "a value is missing; write \"field:value\"");
  CHECK(f.run({"model:\"a"}) == "a quote is not closed");
}

TEST_CASE("any words give rows or a refusal, never a database error") {
  Fixture f;
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 300; ++round) {
    const auto fields = log_fields();
    std::string word = (gen.coin() ? "-" : "") + std::string(fields[gen.number(0, fields.size() - 1)]) + ":";
    word += gen.text(gen.number(0, 12), "a1*?%_\\'\",:><=x 5m[]");
    LogQuery query;
    const auto parsed = parse_log_filters({&word, 1}, query);
    if (parsed) {
      CHECK_MESSAGE(f.log.select(query, [](const LogRow&) { return true; }), word);
    } else {
      CHECK_MESSAGE(parsed.error().code == Code::bad_request, word);
    }
  }
}

TEST_CASE("a query of too many values is refused") {
  std::string word = "model:a";
  for (int i = 0; i < 600; ++i) word += ",b" + std::to_string(i);
  LogQuery query;
  CHECK(parse_log_filters({&word, 1}, query).error().message == "too many filter values");
}
