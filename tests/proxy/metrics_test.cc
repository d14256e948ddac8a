#include "proxy/metrics.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/text.h"

using namespace pg;

namespace {

LogRow counted_row(std::string model = "big-1") {
  LogRow row;
  row.provider = "acme";
  row.model = std::move(model);
  row.project = "team";
  row.agent = "codex";
  row.status = 200;
  row.latency_ms = 300;
  row.ttft_ms = 40;
  row.usage.input_tokens = 100;
  row.usage.cached_tokens = 60;
  row.usage.output_tokens = 7;
  row.cost = 1'500'000'001;
  return row;
}

bool has_line(const std::string& text, std::string_view line) {
  for (const std::string_view one : Pieces(text, '\n'))
    if (one == line) return true;
  return false;
}

std::size_t series_of(const std::string& text, std::string_view name) {
  std::size_t count = 0;
  for (const std::string_view one : Pieces(text, '\n'))
    count += one.starts_with(name) && one.substr(name.size()).starts_with('{');
  return count;
}

std::string metrics_of(const std::vector<LogRow>& rows, const MetricsNow& now = {}) {
  Metrics metrics;
  metrics.note(rows);
  return metrics.write(now);
}

}  // namespace

TEST_CASE("metrics: rows are counted by who answered and how, with times, tokens and cost") {
  LogRow slow = counted_row();
  slow.latency_ms = 400'000;
  slow.ttft_ms = -1;
  const std::string text = metrics_of({counted_row(), slow}, {.in_flight = 3, .log_dropped = 4, .log_failing = true});
  for (const char* line : {"pg_requests_total{provider=\"acme\",model=\"big-1\",project=\"team\",agent=\"codex\",code=\"200\"} 2",
                           "# TYPE pg_requests_total counter",
                           "# TYPE pg_request_duration_seconds histogram",
                           "pg_request_duration_seconds_bucket{le=\"0.16\"} 0",
                           "pg_request_duration_seconds_bucket{le=\"0.32\"} 1",
                           "pg_request_duration_seconds_bucket{le=\"327.68\"} 1",
                           "pg_request_duration_seconds_bucket{le=\"+Inf\"} 2",
                           "pg_request_duration_seconds_sum 400.300",
                           "pg_request_duration_seconds_count 2",
                           "pg_time_to_first_token_seconds_bucket{le=\"0.04\"} 1",
                           "pg_time_to_first_token_seconds_count 1",
                           "pg_tokens_total{type=\"input\"} 200",
                           "pg_tokens_total{type=\"cached\"} 120",
                           "pg_tokens_total{type=\"output\"} 14",
                           "pg_tokens_total{type=\"reasoning\"} 0",
                           "pg_cost_usd_total 3.000000002",
                           "pg_inflight 3",
                           "pg_log_dropped_total 4",
                           "pg_log_failing 1",
                           "pg_config_last_reload_success 1",
                           "pg_build_info{version=\"" PG_VERSION "\"} 1"})
    CHECK_MESSAGE(has_line(text, line), std::string(line) << "\n" << text);
  CHECK(text.ends_with("} 1\n"));
  CHECK(has_line(metrics_of({}, {.settings_good = false}), "pg_config_last_reload_success 0"));
}

TEST_CASE("metrics: what was replaced, what blocked, and which provider failed") {
  LogRow redacted = counted_row();
  redacted.redactions = "EMAIL:2,IBAN:1";
  LogRow blocked = counted_row();
  blocked.status = 422;
  blocked.blocked = "aws-access-key-id,iban";
  blocked.redactions = "EMAIL:9";  // of what was not sent
  LogRow failed = counted_row();
  failed.status = 502;
  failed.error = "upstream_failed: it hung up";
  LogRow refused = counted_row();
  refused.status = 429;
  refused.error = "upstream 429: rate_limit_error";
  LogRow moved = counted_row();
  moved.attempts = "queue:5ms,acme:429,acme#2:resting,spare:upstream_timeout";
  LogRow best = counted_row();  // who answered stands in the list
  best.attempts = "acme:503,spare:breaker-open,=acme";
  best.error = "upstream 503: overloaded_error";
  LogRow ours = counted_row();
  ours.error = "upstream said something odd";
  const std::string text = metrics_of({redacted, blocked, failed, refused, moved, best, ours});
  for (const char* line :
       {"pg_redactions_total{kind=\"EMAIL\"} 2", "pg_redactions_total{kind=\"IBAN\"} 1",
        "pg_blocked_total{rule=\"aws-access-key-id\"} 1", "pg_blocked_total{rule=\"iban\"} 1",
        "pg_upstream_errors_total{kind=\"429\"} 2", "pg_upstream_errors_total{kind=\"503\"} 1",
        "pg_upstream_errors_total{kind=\"upstream_failed\"} 1", "pg_upstream_errors_total{kind=\"upstream_timeout\"} 1"})
    CHECK_MESSAGE(has_line(text, line), std::string(line) << "\n" << text);
  CHECK(series_of(text, "pg_upstream_errors_total") == 4);
}

TEST_CASE("metrics: a client's words for models make no series without end, and cannot break a line") {
  std::vector<LogRow> rows;
  LogRow unknown = counted_row("made-up");
  unknown.status = 404;
  rows.push_back(unknown);
  LogRow hostile = counted_row("a\"} 1\npg_log_failing 1\\ \xff\xc3\xa9");
  rows.push_back(hostile);
  rows.push_back(counted_row(std::string(65, 'm')));
  for (int i = 0; i < 5'000; ++i) rows.push_back(counted_row("model-" + std::to_string(i)));
  const std::string text = metrics_of(rows);
  CHECK(series_of(text, "pg_requests_total") == 52);  // 50 models, and the others by two codes
  CHECK_FALSE(has_line(text, "pg_log_failing 1"));
  CHECK(has_line(text,
                 "pg_requests_total{provider=\"acme\",model=\"a\\\"} 1?pg_log_failing 1\\\\ ???\",project=\"team\","
                 "agent=\"codex\",code=\"200\"} 1"));
  CHECK(has_line(text, "pg_requests_total{provider=\"acme\",model=\"other\",project=\"team\",agent=\"codex\",code=\"404\"} 1"));
  CHECK(
      has_line(text, "pg_requests_total{provider=\"acme\",model=\"other\",project=\"team\",agent=\"codex\",code=\"200\"} 4952"));
}

TEST_CASE("metrics: series beyond a thousand, and names beyond two hundred, are one") {
  std::vector<LogRow> rows;
  for (int i = 0; i < 3'000; ++i) {
    rows.push_back(counted_row());
    rows.back().project = "p" + std::to_string(i);
    rows.back().redactions = "KIND_" + std::to_string(i) + ":1";
  }
  const std::string text = metrics_of(rows);
  CHECK(series_of(text, "pg_requests_total") == 1'001);
  CHECK(series_of(text, "pg_redactions_total") == 201);
  CHECK(has_line(text,
                 "pg_requests_total{provider=\"other\",model=\"other\",project=\"other\",agent=\"other\",code=\"other\"} "
                 "2000"));
  CHECK(has_line(text, "pg_redactions_total{kind=\"other\"} 2800"));
}
