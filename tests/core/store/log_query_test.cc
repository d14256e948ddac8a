#include "core/store/log_query.h"

#include <doctest/doctest.h>

#include "core/store/log_filter.h"
#include "core/store/log_measure.h"
#include "core/store/log_store.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

constexpr UnixMillis kQueryNow = 1'764'000'000'000;

LogRow random_row(test::Gen& gen, int number) {
  const auto one_of = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[gen.number(0, values.size() - 1)]);
  };
  LogRow row;
  row.id = "ID" + std::to_string(1000 + number);
  row.time = kQueryNow - static_cast<UnixMillis>(gen.number(0, 300)) * 120'000;
  row.project = one_of({"default", "Work"});
  row.key = one_of({"", "alice", "bob"});
  row.agent = one_of({"", "codex", "claude-code"});
  row.session = one_of({"", "s1", "s1/a7", "S2"});
  row.dialect = one_of({"", "anthropic", "openai-chat", "mcp"});
  row.provider = one_of({"", "openai", "anthropic"});
  row.model = one_of({"", "gpt-4o", "GPT-4o-mini", "claude_x", "a*b", "ä?\\", "*"});
  row.model_served = one_of({"", "gpt-4o", "gpt-5"});
  row.path = one_of({"/v1/messages", "/v1/chat/completions", "/x\\y", "/mcp/tools/call/files__read", "/mcp/tools/call/"});
  row.status = static_cast<int>(gen.number(0, 3)) == 0 ? 429 : gen.coin() ? 200 : 500;
  row.outcome = one_of({"ok", "error", "blocked", "canceled"});
  row.stream = gen.coin();
  row.latency_ms = static_cast<std::int64_t>(gen.number(0, 5000)) - 1;
  row.ttft_ms = gen.coin() ? -1 : static_cast<std::int64_t>(gen.number(0, 900));
  row.usage.input_tokens = gen.coin() ? -1 : static_cast<std::int64_t>(gen.number(0, 20'000));
  row.usage.output_tokens = gen.coin() ? -1 : static_cast<std::int64_t>(gen.number(0, 2000));
  row.cost = gen.coin() ? -1 : static_cast<std::int64_t>(gen.number(0, 90'000'000));
  row.price = row.cost >= 0 ? 2 + static_cast<std::int64_t>(gen.number(0, 1)) : -static_cast<std::int64_t>(gen.number(0, 1));
  row.redactions = one_of({"", "EMAIL:2,IBAN:1", "WORK_EMAIL:1"});
  row.blocked = one_of({"", "AWS_ACCESS_KEY:1"});
  row.detected = one_of({"", "IPV4:1"});
  row.places = one_of({"", "messages[3].content: aws-access-key-id; system: jwt, iban"});
  row.attempts = one_of(
      {"", "openai:429", "openai:429,groq:500", "queue:9ms", "queue:9ms,openai:429,=openai#2", "=openai#2", "openai:503,="});
  row.error = one_of({"", "rate_limited: slow down", "upstream 500"});
  row.route = one_of({"", "route 3", "Titles at home", "a*b"});
  row.ip = one_of({"", "127.0.0.1", "10.0.0.7", "::1", "2001:db8::9"});
  row.ua = one_of({"", "curl/8.1", "OpenAI/Python 2.8.0", "claude-cli/2.1 (external, cli)"});
  return row;
}

std::string random_term(test::Gen& gen) {
  const auto one_of = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[gen.number(0, values.size() - 1)]);
  };
  return one_of({"status:429",
                 "status:4xx",
                 "status:>=400",
                 "status:200..300",
                 "status:5xx,429",
                 "model:gpt*",
                 "model:GPT-4O",
                 "model:*",
                 "model:\"a*b\"",
                 "model:a*b",
                 "model:?\\?",
                 "model:/^gpt-4o$/",
                 "model.served:gpt-5",
                 "model.requested:*",
                 "agent:codex",
                 "agent:\"\"",
                 "agent:c*e",
                 "agent:*",
                 "project:work",
                 "key:alice,bob",
                 "class:ok,error",
                 "class:/block|cancel/",
                 "latency:>2s",
                 "latency:<=100ms",
                 "latency:1s..3s",
                 "ttft:*",
                 "ttft:<500ms",
                 "tokens:>10k",
                 "tokens:*",
                 "tokens.in:[100 TO 5k]",
                 "tokens.out:0",
                 "cost:>$0.05",
                 "cost:*",
                 "cost:<0.01",
                 "session:s1",
                 "session:s2",
                 "session:\"s1\"",
                 "session:*",
                 "redactions:email",
                 "redactions:*",
                 "redactions:*EMAIL",
                 "blocked:*",
                 "finding:ipv4,iban",
                 "finding:*",
                 "rule:jwt",
                 "rule:aws*",
                 "rule:*",
                 "error:rate*",
                 "error:*",
                 "stream:true",
                 "fallback:yes",
                 "retries:>1",
                 "retries:0",
                 "path:/v1/messages",
                 "path:/chat/",
                 "dialect:*",
                 "mcp:*",
                 "mcp:openai",
                 "-tool:*",
                 "tool:files__*",
                 "tool:files__read",
                 "provider:openai,\"\"",
                 "time:>2h",
                 "time:<=1h",
                 "rate",
                 "\"slow down\"",
                 "gpt?4o",
                 "x\\y",
                 "id:ID10?0",
                 "version:*",
                 "route:\"route 3\"",
                 "route:titles*",
                 "route:\"\"",
                 "-route:*",
                 "-ip:127.0.0.1",
                 "ip:10.0.*,::1",
                 "ip:2001:DB8::*",
                 "ip:*",
                 "ua:*python*",
                 "ua:\"claude-cli/2.1 (external, cli)\"",
                 "ua:/^curl/",
                 "bytes.in:>=0"});
}

std::string random_query(test::Gen& gen, int depth) {
  std::string out;
  const std::size_t terms = gen.number(1, 3);
  for (std::size_t i = 0; i < terms; ++i) {
    if (i > 0) out += gen.number(0, 2) == 0 ? " OR " : gen.coin() ? " AND " : " ";
    const std::size_t sign = gen.number(0, 4);
    out += sign == 0 ? "-" : sign == 1 ? "NOT " : "";
    out += depth > 0 && gen.number(0, 2) == 0 ? "(" + random_query(gen, depth - 1) + ")" : random_term(gen);
  }
  return out;
}

std::string message_of(const std::string& text) {
  const auto parsed = parse_log_query(text, kQueryNow);
  return parsed ? "" : parsed.error().message;
}

bool matches(const std::string& text, const LogRow& row) {
  return matches_row(parse_log_query(text, kQueryNow).value(), row);
}

}  // namespace

TEST_CASE("log query: rows from SQL are the rows the expression says, for random rows and questions") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log(db);
  std::vector<LogRow> rows;
  for (int i = 0; i < 300; ++i) rows.push_back(random_row(gen, i));
  REQUIRE(log.insert(std::span(rows).first(150)));
  REQUIRE(log.insert(std::span(rows).last(150)));
  for (int round = 0; round < 400; ++round) {
    const std::string text = random_query(gen, 2);
    LogQuery query;
    REQUIRE_MESSAGE(parse_log_filters({&text, 1}, kQueryNow, query), text);
    if (gen.number(0, 3) == 0) query.since = kQueryNow - static_cast<UnixMillis>(gen.number(1, 600)) * 60'000;
    if (gen.number(0, 3) == 0) query.until = kQueryNow - static_cast<UnixMillis>(gen.number(0, 300)) * 60'000;
    std::string want, got;
    for (const LogRow& row : rows)
      if ((query.where == nullptr || matches_row(*query.where, row)) && row.time >= query.since &&
          (query.until == 0 || row.time < query.until))
        want += row.id + " ";
    REQUIRE(log.select(query, [&](const LogRow& row) { return got += row.id + " ", true; }));
    CHECK_MESSAGE(got == want, text);
    query.limit = 5;
    std::string newest;
    REQUIRE(log.select(query, [&](const LogRow& row) { return newest += row.id + " ", true; }));
    CHECK_MESSAGE(newest == want.substr(want.size() - newest.size()), text);
    CHECK_MESSAGE(newest.size() == std::min<std::size_t>(want.size(), 35), text);
  }
}

TEST_CASE("log query: precedence, negation and what is missing") {
  LogRow row;
  row.model = "gpt-4o";
  row.status = 200;
  row.path = "/v1/messages";
  CHECK(matches("", row));
  CHECK(matches("status:500 status:200 OR model:gpt*", row));
  CHECK_FALSE(matches("status:500 (status:200 OR model:gpt*)", row));
  CHECK(matches("NOT status:500 model:gpt-4o", row));
  CHECK(matches("-status:500", row));
  CHECK(matches("!status:500", row));
  CHECK(matches("NOT NOT status:200", row));
  CHECK(matches("status:500 or status:200", row));
  CHECK_FALSE(matches("status:500 and status:200", row));
  CHECK(matches("not status:500 And not (status:429 Or status:404)", row));
  CHECK_FALSE(matches("not status:200", row));
  CHECK(matches("\"or\" OR \"not\" OR ordinary", {}) == false);
  CHECK(message_of("not found").find("\"not found\"") != std::string::npos);
  CHECK(message_of("NOT found") == "");
  CHECK(matches("messages gpt", row));
  CHECK(matches("\"v1/mess\"", row));
  CHECK_FALSE(matches("latency:>0 OR latency:<=0", row));  // not known: no comparison holds
  CHECK(matches("-latency:>0", row));
  row.model.clear();
  CHECK(matches("-model:gpt*", row));
  CHECK_FALSE(matches("model:*", row));
  for (const char* text : {"fallback:*", "retries:*", "stream:*"}) {
    CHECK_FALSE_MESSAGE(matches(text, row), text);
    CHECK_MESSAGE(matches(std::string("-") + text, row), text);
  }
  row.attempts = "openai:429";
  row.stream = true;
  for (const char* text : {"fallback:*", "retries:*", "stream:*"}) CHECK_MESSAGE(matches(text, row), text);
  CHECK(matches("model:\"\"", row));
  row.session = "s1/agent";
  CHECK(matches("session:S1", row));
  CHECK_FALSE(matches("session:s", row));
}

TEST_CASE("log query: routes, addresses and user agents") {
  LogRow row;
  row.route = "Titles at home";
  row.ip = "10.0.0.7";
  row.ua = "OpenAI/Python 2.8.0";
  for (const char* text :
       {"route:\"titles at home\"", "route:titles*", "ip:10.0.*", "ip:10.0.0.7", "-ip:127.0.0.1", "ip:/^10[.]/", "ua:*python*",
        "ua:openai/python?2.8.0", "ip:127.0.0.1,10.*", "route:* ip:* ua:*", "-(ip:192.* OR ua:curl*)"})
    CHECK_MESSAGE(matches(text, row), text);
  for (const char* text : {"ip:10.0", "route:home", "ua:python", "-ip:10.*", "ip:\"10.0.*\"", "python"})
    CHECK_FALSE_MESSAGE(matches(text, row), text);
  row.ip = "2001:db8::1";
  CHECK(matches("ip:2001:db8::1", row));
  CHECK(matches("-ip:::1", row));
  CHECK(matches("-route:x -ip:x -ua:x", {}));  // what is missing is not that
  CHECK_FALSE(matches("route:* OR ip:* OR ua:*", {}));
}

TEST_CASE("log query: a regular expression may say /i, which changes nothing, and a path that ends so is a path") {
  LogRow row;
  row.model = "GPT-4o";
  row.path = "/v1/i";
  CHECK(matches("model:/^gpt/i", row));
  CHECK(matches("(model:/^gpt/i) model:/4O$/", row));
  CHECK_FALSE(matches("model:/^o/i", row));
  CHECK(matches("path:/v1/i", row));
  CHECK_FALSE(matches("path:/1/i", row));
}

TEST_CASE("log query: units") {
  LogRow row;
  row.latency_ms = 1500;
  row.usage.input_tokens = 10'000;
  row.bytes_in = 2'000'000;
  row.cost = 50'000'000;
  row.price = 2;
  row.time = kQueryNow - 3'600'000;
  for (const char* text : {"latency:1.5s", "latency:1500ms", "latency:1500", "latency:1s..2s", "latency:[1s TO 2s]",
                           "tokens.in:10k", "tokens.in:>9.9k", "bytes.in:2MB", "bytes.in:>1MiB", "cost:$0.05", "cost:0.05",
                           "cost:>=$0.05", "cost:<$1", "time:>2h", "time:<30m", "time:2025-11-24"})
    CHECK_MESSAGE(matches(text, row), text);
  row.time = parse_moment("today", kQueryNow).value() + 3'600'000;
  for (const char* text : {"time:today", "time:>yesterday", "time:>=today", "-time:>today", "time:yesterday..today"})
    CHECK_MESSAGE(matches(text, row), text);
  row.time -= 2 * 3'600'000;
  for (const char* text : {"time:yesterday", "time:<today", "-time:today", "-time:>yesterday"})
    CHECK_MESSAGE(matches(text, row), text);
}

TEST_CASE("log query: mistakes are named, with their place") {
  CHECK(message_of("statsu:1") == "unknown field \"statsu\", did you mean \"status\"?");
  CHECK(message_of("-modle:x") == "unknown field \"modle\", did you mean \"model\"?");
  CHECK(message_of("class:cancelled") == "class: \"cancelled\" is not ok, error, blocked or canceled");
  CHECK(message_of("-outcome:error,cached") == "outcome: \"cached\" is not ok, error, blocked or canceled");
  CHECK(message_of("class:\"OK\" class:e* class:/^b/") == "");
  for (const char* kept_with_bodies : {"body", "prompt", "answer"})
    CHECK(message_of(std::string(kept_with_bodies) + ":x") ==
          "\"" + std::string(kept_with_bodies) +
              "\" is not kept in the log; 'pg logs show ID --body' shows it where log_bodies keeps it");
  CHECK(message_of("headers:x") ==
        "\"headers\" is not kept in the log; of what they say there are agent, version, session and ua");
  CHECK(message_of("-HEADERS:*").starts_with("\"headers\" is not kept in the log; "));
  CHECK(message_of("-TOOL:files__* mcp:files") == "");
  CHECK(message_of("rout:x") == "unknown field \"rout\", did you mean \"route\"?");
  CHECK(message_of(":x") == "a field is missing in front of \":\"");
  CHECK(message_of("status:abc") == "status: \"abc\" is not a status such as 429 or 4xx");
  CHECK(message_of("status:6xx") == "status: \"6xx\" is not a status such as 429 or 4xx");
  CHECK(message_of("latency:fast") == "latency: \"fast\" is not a duration such as >2s or <300ms");
  CHECK(message_of("cost:>cheap") == "cost: \"cheap\" is not an amount such as >$0.05");
  CHECK(message_of("stream:maybe") == "stream: \"maybe\" is not true or false");
  CHECK(message_of("model:") == "a value is missing; write \"field:value\"");
  CHECK(message_of("model:a,,b") == "a value is missing; write \"field:value\"");
  CHECK(message_of("model:\"a") == "a quote is not closed");
  CHECK(message_of("(status:200") == "a parenthesis is not closed");
  CHECK(message_of("status:200)") == "\")\" without \"(\"");
  CHECK(message_of("status:200 OR") == "a term is missing, such as status:429");
  CHECK(message_of("AND status:200") == "a term is missing, such as status:429");
  CHECK(message_of("()") == "a term is missing, such as status:429");
  CHECK(message_of("tokens.in:20k..1k") == "tokens.in: a range goes up: \"20k\" is more than \"1k\"");
  CHECK(message_of("tokens:[1 5]") == "a range is written [a TO b] or a..b");
  CHECK(message_of("error:/(/").substr(0, 20) == "regular expression: ");
  CHECK(message_of(std::string(50, '(') + "x" + std::string(50, ')')) == "too many parentheses inside each other");
  CHECK(message_of(std::string(500, '-') + "x") == "too many negations inside each other");
  CHECK(message_of(std::string(20'000, 'x')) == "the query is too long");
  std::string many = "model:a";
  for (int i = 0; i < 600; ++i) many += ",b" + std::to_string(i);
  CHECK(message_of(many) == "too many values");
  CHECK(parse_log_query("agent:x  statsu:1", kQueryNow).error().detail == "column 10 of the query");
}

TEST_CASE("log query: nothing of the text becomes SQL") {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  LogStore log(db);
  LogRow row;
  row.id = "A";
  REQUIRE(log.insert({&row, 1}));
  for (const char* text : {"model:\"' OR 1=1 --\"", "\"'; DROP TABLE log; --\"", "model:%", "agent:_*", "model:/'/"}) {
    const std::string word = text;
    LogQuery query;
    REQUIRE(parse_log_filters({&word, 1}, kQueryNow, query));
    int rows = 0;
    REQUIRE(log.select(query, [&](const LogRow&) { return ++rows, true; }));
    CHECK_MESSAGE(rows == 0, text);
    CHECK(make_log_where(*query.where).sql.find("DROP") == std::string::npos);
  }
  CHECK(log.find("A"));
}

TEST_CASE("log query: globs are linear in the text") {
  const LogPattern pattern(LogPattern::How::whole, "*a*a*a*a*a*a*a*a*a*a*b");
  CHECK_FALSE(pattern.matches(std::string(20'000, 'a')));
}

TEST_CASE("log query: moments") {
  CHECK(parse_moment("15m", kQueryNow) == kQueryNow - 900'000);
  CHECK(parse_moment("2026-11-20T10:00Z", kQueryNow) == 1'795'168'800'000);
  CHECK(parse_moment("now", kQueryNow) == kQueryNow);
  CHECK(parse_moment("today", kQueryNow).value() <= kQueryNow);
  CHECK(parse_moment("yesterday", kQueryNow).value() < parse_moment("today", kQueryNow).value());
  CHECK_FALSE(parse_moment("tomorrowish", kQueryNow));
  CHECK(parse_moment("2w", kQueryNow) == kQueryNow - 14 * kDay);
  CHECK(parse_moment("36500d", kQueryNow) == 0);
  CHECK(parse_moment("100y", kQueryNow) == 0);
  CHECK(parse_moment("1960-01-01", kQueryNow) == 0);
  CHECK(parse_moment("1960-01-01T00:00Z", kQueryNow) == 0);
  for (const char* bad : {"", "w", "1mon", "-1w", "1.5mo", "100001y", "2026-13", "2026-1", "2026-1-1"})
    CHECK_MESSAGE(!parse_moment(bad, kQueryNow), bad);
}

TEST_CASE("log query: months and years ago go by the calendar") {
  const std::int64_t last_of_march = parse_moment("2026-03-31", kQueryNow).value();
  CHECK(parse_moment("1mo", last_of_march) == parse_moment("2026-02-28", kQueryNow));
  CHECK(parse_moment("3mo", last_of_march) == parse_moment("2025-12-31", kQueryNow));
  CHECK(parse_moment("2y", parse_moment("2028-02-29", kQueryNow).value()) == parse_moment("2026-02-28", kQueryNow));
  CHECK(parse_moment("0mo", last_of_march) == last_of_march);
}

TEST_CASE("log query: a day and a month last to their end") {
  const auto covers = [](const char* text, const char* from, const char* behind) {
    const auto reach = read_moments(text, kQueryNow);
    return reach && reach->least == parse_moment(from, kQueryNow) && reach->most + 1 == parse_moment(behind, kQueryNow);
  };
  CHECK(covers("2026-11", "2026-11-01", "2026-12-01"));
  CHECK(covers("2026-12", "2026-12-01", "2027-01-01"));
  CHECK(covers("2028-02", "2028-02-01", "2028-03-01"));
  CHECK(covers("2026-02-28", "2026-02-28", "2026-03-01"));
  CHECK(covers("yesterday", "yesterday", "today"));
  LogRow row;
  row.time = parse_moment("2026-11-30T23:30Z", kQueryNow).value();
  CHECK(matches("time:2026-10..2026-12", row));
  CHECK_FALSE(matches("time:<=2026-10", row));
  CHECK_FALSE(parse_moment("2026-13-01", kQueryNow));
}
