#include "cmd/log_lines.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cmd/log_values.h"
#include "core/base/text.h"
#include "tests/support/test_shell.h"

using namespace pg;
using pg::test::TestShell;

namespace {

LogRow good_row() {
  LogRow row;
  row.seq = 7;
  row.id = "01KAJ2Q8ZZZZZZZZZZZZZZZZZZ";
  row.time = 1'763'696'002'104;
  row.project = "default";
  row.agent = "claude-code";
  row.model = "claude-sonnet-5";
  row.model_served = "claude-sonnet-5-20260101";
  row.status = 200;
  row.outcome = "ok";
  row.latency_ms = 8200;
  row.ttft_ms = 410;
  row.usage = {.input_tokens = 18'200, .output_tokens = 642, .cached_tokens = 15'834};
  row.cost = 23'100'000;
  row.price = 2;
  row.redactions = "EMAIL:1,GITHUB_TOKEN:1";
  return row;
}

LogRow blocked_row() {
  LogRow row;
  row.time = 1'763'696'002'104;
  row.agent = "codex";
  row.model = "gpt-5.6-sol";
  row.status = 422;
  row.outcome = "blocked";
  row.blocked = "AWS_ACCESS_KEY:1";
  row.places = "messages[3].content[0].text: aws-access-key-id; messages[4]: x";
  row.error = "blocked: a guard said no";
  return row;
}

}  // namespace

TEST_CASE("where a call came from and which way it took, for programs and on the page of a request") {
  TestShell test;
  LogRow row = good_row();
  row.route = "titles at home";
  row.ip = "10.0.0.7";
  row.ua = "=cmd|\x1b[31m";
  const auto json = nlohmann::json::parse(log_json(row));
  CHECK(json["route"] == "titles at home");
  CHECK(json["ip"] == "10.0.0.7");
  CHECK(json["ua"] == row.ua);
  CHECK(log_csv_titles().ends_with(",route,ip,ua"));
  CHECK(log_csv(row).ends_with(",titles at home,10.0.0.7,'=cmd|\\x1B[31m"));
  CHECK(LogTemplate::make("{ip} {route} {ua}").value().line(row) == "10.0.0.7 titles at home =cmd|\\x1B[31m\n");
  const std::string page = log_page(test.shell, row);
  CHECK(page.find("route\ttitles at home\n") != std::string::npos);
  CHECK(page.find("client\t10.0.0.7\n") != std::string::npos);
  CHECK(page.find("user agent\t=cmd|\\x1B[31m\n") != std::string::npos);
  const std::string plain = log_page(test.shell, good_row());
  for (const char* name : {"route\t", "client\t", "user agent\t"}) CHECK(plain.find(name) == std::string::npos);
}

TEST_CASE("a call to a service is told by its method, its service and the path there") {
  TestShell test;
  test.shell.out_tty = false;
  LogRow row;
  row.project = row.provider = "github";
  row.dialect = "http";
  row.method = "GET";
  row.status = 200;
  row.path = "/api/github/github/user";
  CHECK(LogLines(test.shell, {}).line(row).find("\tGET github/user\t") != std::string::npos);
  row.path = "/github/user";  // by a host name of its own
  CHECK(LogLines(test.shell, {}).line(row).find("\tGET github/user\t") != std::string::npos);
  row.provider.clear();  // it came to no service
  CHECK(LogLines(test.shell, {}).line(row).find("\tGET /github/user\t") != std::string::npos);
}

TEST_CASE("the live row at 120 columns") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 120;
  LogLines lines(test.shell, false);
  CHECK(lines.titles() ==
        "TIME          AGENT         MODEL              ST     LAT    TTFT      IN  CACHED    OUT      COST  FLAGS\n");
  CHECK(lines.line(good_row()) ==
        "03:33:22.104  claude-code   claude-sonnet-5   200    8.2s   410ms   18.2k     87%    642   $0.0231  redact:2\n");
  CHECK(lines.line(blocked_row()) ==
        "03:33:22.104  codex         gpt-5.6-sol       422       –       –       –       –      –         –  BLOCKED "
        "AWS_ACCESS_…\n");
}

TEST_CASE("narrow terminals drop CACHED, then TTFT, then AGENT, then counts and times; no line is wider than the terminal") {
  TestShell test;
  test.shell.out_tty = true;
  auto titles = [&](int width) {
    test.shell.width = width;
    return LogLines(test.shell, false).titles();
  };
  CHECK(titles(104).find("CACHED") == std::string::npos);
  CHECK(titles(104).find("TTFT") != std::string::npos);
  CHECK(titles(96).find("TTFT") == std::string::npos);
  CHECK(titles(96).find("AGENT") != std::string::npos);
  CHECK(titles(80).find("AGENT") == std::string::npos);
  CHECK(titles(80).find("OUT") != std::string::npos);
  CHECK(titles(60).find("OUT") == std::string::npos);
  CHECK(titles(60).find("TIME") != std::string::npos);
  CHECK(titles(50).find("TIME") == std::string::npos);
  for (int width : {46, 50, 60, 70, 80, 90, 100, 120, 200}) {
    test.shell.width = width;
    for (const auto& row : {good_row(), blocked_row()})
      CHECK(display_width(trim(LogLines(test.shell, width > 130).line(row))) <= width);
  }
}

TEST_CASE("off a terminal: whole values, tabs, the id last") {
  TestShell test;
  LogLines lines(test.shell, false);
  CHECK(lines.titles() == "");
  CHECK(lines.line(good_row()) ==
        "2025-11-21T03:33:22.104Z\tclaude-code\tclaude-sonnet-5\t200\t8200\t410\t18200\t15834\t642\t0.0231\tredact:"
        "2\t01KAJ2Q8ZZZZZZZZZZZZZZZZZZ\n");
}

TEST_CASE("flags in words") {
  CHECK(log_flags(blocked_row()) == "BLOCKED AWS_ACCESS_KEY in messages[3]");
  auto row = good_row();
  row.status = 499;
  row.outcome = "canceled";
  CHECK(log_flags(row) == "client-cancelled redact:2");
  row = LogRow{};
  row.outcome = "error";
  row.error = "upstream_failed: connection refused";
  row.unknown_tokens = 1;
  CHECK(log_flags(row) == "unknown-token:1 upstream_failed: connection refused");
}

TEST_CASE("another model than the one asked for shows; a dated form of it does not") {
  TestShell test;
  auto row = good_row();
  row.model_served = "gpt-5";
  CHECK(LogLines(test.shell, false).line(row).find("claude-sonnet-5→gpt-5") != std::string::npos);
}

TEST_CASE("hostile text from traffic is escaped in rows and pages") {
  TestShell test;
  auto row = good_row();
  row.model = row.model_served = row.error = row.session =
      "\x1b[2J\x07\xc2\x9b"
      "31m\nrow";
  row.outcome = "error";
  for (bool tty : {true, false}) {
    test.shell.out_tty = tty;
    for (const auto& text : {LogLines(test.shell, false).line(row), log_page(test.shell, row)}) {
      CHECK(text.find('\x1b') == std::string::npos);
      CHECK(text.find('\x07') == std::string::npos);
      CHECK(text.find("\xc2\x9b") == std::string::npos);
    }
  }
}

TEST_CASE("the JSON row: snake_case, integers in ms, null for unknown, one line") {
  auto text = log_json(good_row());
  auto object = nlohmann::json::parse(text, nullptr, false);
  REQUIRE(object.is_object());
  CHECK(object["time"] == "2025-11-21T03:33:22.104Z");
  CHECK(object["latency_ms"] == 8200);
  CHECK(object["upstream_ms"].is_null());
  CHECK(object["reasoning_tokens"].is_null());
  CHECK(object["stream"] == false);
  CHECK(text.find('\n') == std::string::npos);
  for (const auto& [name, value] : object.items()) CHECK(name == to_lower(name));
}

TEST_CASE("who was asked before, and how long it waited, are taken apart for people and programs") {
  TestShell test;
  LogRow row = good_row();
  row.redactions.clear();
  CHECK(log_flags(row) == "");
  CHECK(log_json(row).find("\"attempts\":\"\",\"queue_ms\":0") != std::string::npos);
  row.attempts = "queue:350ms,openai:429,openai#2:resting";
  CHECK(log_flags(row) == "queued:350ms fallback:2(429,resting)");
  CHECK(log_json(row).find("\"attempts\":\"openai:429,openai#2:resting\",\"queue_ms\":350") != std::string::npos);
  const std::string page = log_page(test.shell, row);
  CHECK(page.find("queued\t350ms\n") != std::string::npos);
  CHECK(page.find("attempts\t1. openai 429\nattempts\t2. openai#2 resting\n") != std::string::npos);
  row.attempts = "queue:429";  // a provider may be called that
  CHECK(log_flags(row) == "fallback:1(429)");
  row.attempts = "queue:1200ms";
  CHECK(log_flags(row) == "queued:1.2s");
}

TEST_CASE("who answered is told: another credential of the provider, somebody asked before, or pg itself") {
  TestShell test;
  LogRow row = good_row();
  row.redactions.clear();
  row.provider = "openai";
  const auto attempts_of = [&](const char* text, int status) {
    row.attempts = text;
    row.status = status;
    std::string lines;
    const std::string page = log_page(test.shell, row);
    for (const std::string_view line : split(page, '\n'))
      if (line.starts_with("attempts\t")) lines += std::string(line.substr(9)) + "; ";
    return lines;
  };
  CHECK(attempts_of("=openai#2", 200) == "1. openai#2 200; ");
  CHECK(attempts_of("openai:401,=openai#2", 200) == "1. openai 401; 2. openai#2 200; ");
  CHECK(attempts_of("openai:429,groq:upstream_failed", 429) == "1. openai 429; 2. groq upstream_failed; ");
  CHECK(attempts_of("groq:breaker-open,openai:503", 529) == "1. groq breaker-open; 2. openai 503; ");
  CHECK(attempts_of("openai:resting", 503) == "1. openai resting; 2. openai 503; ");
  CHECK(attempts_of("openai:breaker-open,=", 503) == "1. openai breaker-open; ");
  CHECK(log_flags(row) == "fallback:1(breaker-open)");
  row.attempts = "openai:401,=openai#2";
  CHECK(log_json(row).find("\"attempts\":\"openai:401\",\"queue_ms\":0,\"answered_by\":\"openai#2\"") != std::string::npos);
}

TEST_CASE("a cache break is a flag, a line of the page, three fields and three columns") {
  TestShell test;
  LogRow row = good_row();
  CHECK(log_page(test.shell, row, "").find("cache break") == std::string::npos);
  CHECK(nlohmann::json::parse(log_json(row)).at("cache_break_cost_usd").is_null());
  row.cache_break = "messages[12]";
  row.cache_lost = 38'211;
  row.cache_lost_cost = 103'170'000;
  CHECK(log_flags(row) == "redact:2 break:messages[12]");
  CHECK(log_page(test.shell, row, "")
            .find("cache break\tmessages[12]: differs from the turn before; 38211 tokens not from the "
                  "cache, $0.1032 more\n") != std::string::npos);
  const auto json = nlohmann::json::parse(log_json(row));
  CHECK(json.at("cache_break") == "messages[12]");
  CHECK(json.at("cache_break_tokens") == 38'211);
  CHECK(json.at("cache_break_cost_usd") == "0.10317");
  CHECK(log_csv_titles().ends_with(",cache_break,cache_break_tokens,cache_break_cost_usd,connect_ms,tls_ms,route,ip,ua"));
  CHECK(log_csv(row).ends_with(",messages[12],38211,0.10317,,,,,"));
  const auto format = LogTemplate::make("{cache_break} {cache_break.tokens} {cache_break.cost} {cost}");
  CHECK(format.value().line(row) == "messages[12] 38211 0.10317 0.0231\n");
  test.shell.out_tty = true;
  test.shell.width = 120;
  CHECK(log_value(*find_log_field("cache_break.cost"), row, Reader::people) == "$0.1032");
  row.cache_lost_cost = -1;
  CHECK(log_value(*find_log_field("cache_break.cost"), row, Reader::people) == "?");
  CHECK(log_value(*find_log_field("cache_break.cost"), good_row(), Reader::people) == "–");
  CHECK(log_page(test.shell, row, "").find("38211 tokens not from the cache, ? more") != std::string::npos);
  for (const char* place : {"provider", "model", "expired", "unexplained"}) {
    row.cache_break = place;
    CHECK(log_page(test.shell, row, "").find("differs from") == std::string::npos);
  }
}

TEST_CASE("the timeline holds what was measured, in the order it happened") {
  TestShell test;
  LogRow row = good_row();
  row.connect_ms = 12;
  row.tls_ms = 40;
  row.upstream_ms = 300;
  CHECK(log_page(test.shell, row, "")
            .find("timeline\t     0ms  request came\ntimeline\t    12ms  connected to the provider\n"
                  "timeline\t    40ms  TLS with it\ntimeline\t   300ms  provider's first byte\n"
                  "timeline\t   410ms  first token\n") != std::string::npos);
  const auto json = nlohmann::json::parse(log_json(row));
  CHECK(json.at("connect_ms") == 12);
  CHECK(json.at("tls_ms") == 40);
  CHECK(nlohmann::json::parse(log_json(good_row())).at("connect_ms").is_null());
}
