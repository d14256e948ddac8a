#include "cmd/usage_tables.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/log_lines.h"
#include "cmd/log_values.h"
#include "core/base/text.h"
#include "tests/support/test_shell.h"

using namespace pg;
using pg::test::TestShell;
using pg::test::widest_line;

namespace {

LogSums sums_of(std::int64_t requests, std::int64_t cost, std::int64_t input, std::int64_t output) {
  LogSums sums;
  sums.requests = requests;
  sums.cost = cost;
  sums.input_tokens = input;
  sums.output_tokens = output;
  sums.cached_tokens = input / 2;
  return sums;
}

UsageReport report_of(std::vector<UsageLine> lines) {
  UsageReport report{std::move(lines), {}};
  for (const UsageLine& line : report.lines) report.total.add(line.sums);
  return report;
}

}  // namespace

TEST_CASE("usage and agents fit any terminal; cost goes last of what can be counted") {
  TestShell test;
  test.shell.out_tty = true;
  auto report = report_of({{"claude-sonnet-5", 0, sums_of(120, 1'930'000'000, 2'000'000, 40'000)},
                           {"a-model-with-a-long-name", 0, sums_of(3, 0, 1'000, 10)}});
  report.total.unpriced = report.total.cache_breaks = 12;
  AgentLine agent{"claude-code", "2.1.329, 2.1.197", 8, 20, 1'000'000, sums_of(900, 5'000'000'000, 10, 10)};
  for (int width = 30; width <= 120; ++width) {
    CAPTURE(width);
    test.shell.width = width;
    for (const UsageBy by : {UsageBy::model, UsageBy::session}) {
      const std::string table = usage_table(test.shell, report, by);
      CHECK(widest_line(table) <= width);
      CHECK(table.find("COST") != std::string::npos);
    }
    const std::string agents = agents_table(test.shell, {agent, agent, agent}, 1'012'000);
    CHECK(widest_line(agents) <= width);
    CHECK(agents.find("LAST SEEN") != std::string::npos);
  }
  test.shell.width = 40;
  CHECK(usage_table(test.shell, report, UsageBy::model)
            .starts_with("MODEL         REQUESTS    OUT       COST\n"
                         "claude-sonn…       120  40.0k      $1.93\n"
                         "a-model-wit…         3     10         $0\n"));
}

TEST_CASE("usage table on a terminal of 100 columns") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 100;
  auto report = report_of({{"claude-sonnet-5", 0, sums_of(120, 1'930'000'000, 2'000'000, 40'000)},
                           {"gpt-5.6-sol", 0, sums_of(7, 500'000'000, 90'000, 3'000)},
                           {"home-made", 0, sums_of(3, 0, 1'000, 10)}});
  report.lines[1].sums.estimated = 1;
  report.lines[2].sums.unpriced = 3;
  report.total.estimated = 1;
  report.total.unpriced = 3;
  CHECK(usage_table(test.shell, report, UsageBy::model) ==
        "MODEL            REQUESTS  ERRORS     IN  CACHED    OUT        COST\n"
        "claude-sonnet-5       120       0   2.0M     50%  40.0k       $1.93  ████████████\n"
        "gpt-5.6-sol             7       0  90.0k     50%   3.0k    ~$0.5000  ███\n"
        "home-made               3       0   1.0k     50%     10           ?\n"
        "total                 130       0   2.0M     50%  43.0k  ~$2.43 + ?\n");
  CHECK(usage_csv(report, "model").find("\nhome-made,3,0,0,0,1000,10,500,0,0,,3,0,0,0,0\n") != std::string::npos);
  test.shell.out_tty = false;
  CHECK(usage_table(test.shell, report, UsageBy::model).substr(0, 45) == "claude-sonnet-5\t120\t0\t2000000\t1000000\t40000\t1");
  // Estimates and what is not known stay marked in a pipe.
  CHECK(usage_table(test.shell, report, UsageBy::model).find("gpt-5.6-sol\t7\t0\t90000\t45000\t3000\t~0.5\n") !=
        std::string::npos);
  report.lines[0].sums.unpriced = 1;
  CHECK(usage_table(test.shell, report, UsageBy::model).find("\t1.93+?\n") != std::string::npos);
}

TEST_CASE("a cost that nobody knows is not 0 for programs either") {
  TestShell test;
  auto report = report_of({{"home-made", 0, sums_of(3, 0, 1'000, 10)}, {"free", 0, sums_of(1, 0, 10, 1)}});
  report.lines[0].sums.unpriced = 3;
  report.lines[0].sums.cache_breaks = 1;
  report.lines[0].sums.cache_lost = 5'000;
  CHECK(usage_table(test.shell, report, UsageBy::model) == "home-made\t3\t0\t1000\t500\t10\t?\nfree\t1\t0\t10\t5\t1\t0\n");
  const auto json = nlohmann::json::parse(usage_json(report, "model"));
  CHECK(json.at("groups").at(0).at("cost_usd").is_null());
  CHECK(json.at("groups").at(0).at("cache_break_cost_usd").is_null());
  CHECK(json.at("groups").at(1).at("cost_usd") == "0");
  CHECK(json.at("groups").at(1).at("cache_break_cost_usd") == "0");
  CHECK(usage_csv(report, "model").find("\nhome-made,3,0,0,0,1000,10,500,0,0,,3,0,1,5000,\n") != std::string::npos);
}

TEST_CASE("over the same hours each group has its course, where the terminal can show it and there is room") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 120;
  auto report = report_of({{"claude-sonnet-5", 0, sums_of(6, 600, 1'000, 10)}, {"gpt-5.6-sol", 0, sums_of(2, 100, 900, 3)}});
  for (const auto& [hour, cost] : {std::pair{100, 100}, {101, 50}, {103, 450}})
    report.lines[0].trend.push_back({hour * kHour, cost, 1, 1});
  report.lines[1].trend = {{107 * kHour, 100, 900, 2}};
  CHECK(usage_table(test.shell, report, UsageBy::model) ==
        "MODEL            REQUESTS  ERRORS    IN  CACHED  OUT      COST                TREND\n"
        "claude-sonnet-5         6       0  1.0k     50%   10  <$0.0001  ████████████  ▂▁ █\n"
        "gpt-5.6-sol             2       0   900     50%    3  <$0.0001  ██                   █\n"
        "total                   8       0  1.9k     50%   13  <$0.0001\n");
  // A week in twelve cells.
  report.lines[1].trend[0].time = 268 * kHour;
  CHECK(usage_table(test.shell, report, UsageBy::model).find("████████████  █") != std::string::npos);
  test.shell.width = 80;
  const std::string narrow = usage_table(test.shell, report, UsageBy::model);
  CHECK(narrow.find("TREND") == std::string::npos);
  CHECK(narrow.find("████████████") != std::string::npos);
  test.shell.width = 120;
  test.shell.ascii = true;
  CHECK(usage_table(test.shell, report, UsageBy::model).find("TREND") == std::string::npos);
  test.shell.ascii = test.shell.out_tty = false;
  CHECK(usage_table(test.shell, report, UsageBy::model) ==
        "claude-sonnet-5\t6\t0\t1000\t500\t10\t0.0000006\n"
        "gpt-5.6-sol\t2\t0\t900\t450\t3\t0.0000001\n");
}

TEST_CASE("days stand below each other, and in a row in the line of their sum") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 100;
  const auto report = report_of(
      {{"", 1 * kDay, sums_of(1, 800, 10, 1)}, {"", 2 * kDay, sums_of(1, 400, 10, 1)}, {"", 4 * kDay, sums_of(1, 100, 10, 1)}});
  const std::string table = usage_table(test.shell, report, UsageBy::day);
  CHECK(table.find("total") != std::string::npos);
  CHECK(table.ends_with("  █▄ ▁\n"));
  // A month of equal days is level, however its days fall into cells.
  std::vector<UsageLine> month;
  for (int day = 1; day <= 31; ++day) month.push_back({"", day * kDay, sums_of(1, 800, 10, 1)});
  CHECK(usage_table(test.shell, report_of(month), UsageBy::day).ends_with("  ████████████\n"));
  test.shell.ascii = true;
  CHECK(usage_table(test.shell, report, UsageBy::day).find("▄") == std::string::npos);
}

TEST_CASE("cache breaks are summed up below the table, for people") {
  TestShell test;
  auto report = report_of({{"m", 0, sums_of(6, 600, 1'000, 10)}});
  report.total.cache_breaks = 2;
  report.total.cache_lost = 40'000;
  report.total.cache_lost_cost = 120'000'000;
  CHECK(usage_table(test.shell, report, UsageBy::model).find("cache break") == std::string::npos);
  test.shell.out_tty = true;
  CHECK(usage_table(test.shell, report, UsageBy::model)
            .ends_with("\n2 cache breaks: 40.0k tokens read anew, $0.1200 more\npg logs search 'cache_break:*'\n"));
}

TEST_CASE("the page of one request breaks long values below each other") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 40;
  LogRow row;
  row.id = "01X";
  row.error = "unauthenticated: invalid API key (no key of that text)";
  const std::string page = log_page(test.shell, row, "");
  CHECK(widest_line(page) <= 40);
  CHECK(page.find("error        unauthenticated: invalid\n             API key (no key of that\n             text)\n") !=
        std::string::npos);
}

TEST_CASE("sessions stand above the agents they started") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 100;
  const auto report = report_of({{"s2/a9", 0, sums_of(2, 700, 20, 2)},
                                 {"s1", 0, sums_of(5, 600, 10, 1)},
                                 {"s2", 0, sums_of(1, 100, 10, 1)},
                                 {"s2/a8", 0, sums_of(1, 50, 10, 1)}});
  const std::string table = usage_table(test.shell, report, UsageBy::session);
  std::string names;
  for (const auto line : split(table, '\n')) names += std::string(line.substr(0, line.find("  "))) + "|";
  CHECK(names == "SESSION|s2|├ a9|└ a8|s1|total||");
}

TEST_CASE("agents are counted by keys in the first line") {
  TestShell test;
  test.shell.out_tty = true;
  test.shell.width = 110;
  std::vector<AgentLine> lines(2);
  lines[0] = {"claude-code", "2.1.329, 2.1.197", 8, 20, 1'000'000, sums_of(900, 5'000'000'000, 10, 10)};
  lines[0].sums.redacted = 12;
  lines[0].sums.blocked = 1;
  lines[1] = {"cursor", "", 12, 0, 940'000, sums_of(40, 0, 10, 10)};
  CHECK(agents_table(test.shell, lines, 1'012'000) ==
        "12 cursor / 8 claude-code\n\n"
        "AGENT        KEYS  SESSIONS  LAST SEEN  REQUESTS  REDACTED  BLOCKED   COST  VERSIONS\n"
        "claude-code     8        20  12s ago         900        12        1  $5.00  2.1.329, 2.1.197\n"
        "cursor         12         0  1 min ago        40         0        0     $0\n");
}

TEST_CASE("a terminal without UTF-8 gets signs it can show, in as many cells") {
  CHECK(to_ascii("a → b – c … │ ██▌ é 漢") == "a > b - c ~ | ### ? ??");
  TestShell test;
  test.shell.ascii = true;
  test.shell.write("·├");
  CHECK(test.out() == "|+");
}

TEST_CASE("templates and fields print what they name, and nothing that drives a terminal or a spreadsheet") {
  LogRow row;
  row.model = "m\x1b[2J";
  row.status = 200;
  row.latency_ms = 1500;
  CHECK(LogTemplate::make("{status}\\t{model} {latency} {ttft}!").value().line(row) == "200\tm\\x1B[2J 1500 !\n");
  CHECK(LogTemplate::make("{modle}").error().message == "unknown field \"modle\", did you mean \"model\"?");
  CHECK(LogTemplate::make("{model").error().message == "--template: a \"{\" is not closed");
  CHECK(parse_fields("time, model").value().size() == 2);
  CHECK(parse_fields("time,,").error().code == Code::bad_request);
  CHECK(csv_cell("=cmd()") == "'=cmd()");
  CHECK(csv_cell("-1+2") == "'-1+2");
  CHECK(csv_cell("+1") == "'+1");
  CHECK(csv_cell("@SUM(1,2)") == "\"'@SUM(1,2)\"");
  CHECK(csv_cell("\t=1") == "\\x09=1");
  CHECK(csv_cell("\r=1") == "\\x0D=1");
  CHECK(csv_cell("a,\"b\"") == "\"a,\"\"b\"\"\"");
  CHECK(csv_cell("a\nb") == "a\\x0Ab");
  CHECK(csv_cell("12") == "12");
}

TEST_CASE("costs say what they are") {
  LogRow row;
  CHECK(cost_cell(row) == "–");
  row.price = kPriceUnknown;
  CHECK(cost_cell(row) == "?");
  row.price = 3;
  row.cost = 23'100'000;
  CHECK(cost_cell(row) == "~$0.0231");
  row.price = 2;
  CHECK(cost_cell(row) == "$0.0231");
}

TEST_CASE("the page of one request: timeline, attempts, cost") {
  TestShell test;
  LogRow row;
  row.id = "01X";
  row.time = 1'763'696'002'104;
  row.method = "POST";
  row.path = "/v1/messages";
  row.stream = true;
  row.status = 200;
  row.outcome = "ok";
  row.provider = "anthropic";
  row.model = "claude-sonnet-5";
  row.upstream_ms = 120;
  row.ttft_ms = 410;
  row.latency_ms = 2410;
  row.usage = {.input_tokens = 100, .output_tokens = 200, .cached_tokens = 80, .cache_write_tokens = 10};
  row.attempts = "openai:429";
  row.cost = 1'000'000;
  row.price = 5;
  row.bytes_in = 10;
  row.bytes_out = 20;
  row.places = "system: jwt; messages[0]: email";
  CHECK(log_page(test.shell, row, "2026-08-13") ==
        "id\t01X\ntime\t2025-11-21T03:33:22.104Z\nrequest\tPOST /v1/messages (stream)\nanswer\t200 ok\nprovider\tanthropic\n"
        "model\tclaude-sonnet-5\ntimeline\t     0ms  request came\ntimeline\t   120ms  provider's first byte\n"
        "timeline\t   410ms  first token\ntimeline\t    2.4s  last byte, 100 tokens/s\nattempts\t1. openai 429\n"
        "attempts\t2. anthropic 200\ntokens in\t100, 80 of them cached, 10 of them written to the cache\ntokens out\t200\n"
        "cost\t~$0.0010 (estimated: the provider did not say what was used), prices of 2026-08-13\nbytes\t10 in, 20 out\n"
        "place\tsystem: jwt\nplace\tmessages[0]: email\n");
}
