// How fast the log takes rows, how large they are, and how long questions over a million of them take.
// bench_log [ROWS [BATCH [FILE]]]
#include <fmt/format.h>
#include <time.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/store/log_retention.h"
#include "core/store/log_stats.h"
#include "core/store/log_store.h"
#include "core/store/log_usage.h"

using namespace pg;

namespace {

constexpr UnixMillis kBegin = 1'760'000'000'000;

double seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

LogRow make_row(std::int64_t number, std::int64_t total) {
  static const char* const kModels[] = {"claude-sonnet-5", "claude-opus-5", "gpt-5.6-terra", "gpt-5.6-sol"};
  static const char* const kAgents[] = {"claude-code", "codex", "cursor"};
  const auto pick = static_cast<std::size_t>(number * 7919 % 1009);
  LogRow row;
  row.time = kBegin + number * (30 * 86'400'000ll) / total;
  row.id = make_exchange_id(row.time);
  row.project = "default";
  row.project_id = "7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11";
  row.key = "key-" + std::to_string(pick % 8);
  row.agent = kAgents[pick % 3];
  row.agent_version = "2.1.329";
  row.ip = "127.0.0.1";
  row.ua = "claude-cli/2.1.329 (external, cli)";
  row.route = pick % 4 == 0 ? "titles at home" : "";
  row.session = fmt::format("00000000-0000-4000-8000-{:012}", number / 200);
  row.dialect = pick % 4 < 2 ? "anthropic" : "openai-responses";
  row.method = "POST";
  row.path = pick % 4 < 2 ? "/v1/messages" : "/v1/responses";
  row.provider = pick % 4 < 2 ? "anthropic" : "openai";
  row.model = row.model_served = kModels[pick % 4];
  row.status = pick == 13 ? 429 : 200;
  row.outcome = pick == 13 ? "error" : "ok";
  row.error = pick == 13 ? "upstream 429: rate_limit_error" : "";
  row.stream = true;
  row.latency_ms = 1000 + static_cast<std::int64_t>(pick) * 10;
  row.ttft_ms = 300 + static_cast<std::int64_t>(pick);
  row.upstream_ms = 200;
  row.usage = {.input_tokens = 18'000, .output_tokens = 600, .cached_tokens = 15'000, .cache_write_tokens = 500};
  row.cost = 23'100'000;
  row.price = 2;
  row.bytes_in = 60'000;
  row.bytes_out = 9'000;
  row.redactions = pick % 50 == 0 ? "EMAIL:1" : "";
  row.places = pick % 50 == 0 ? "messages[3].content[0].text: email" : "";
  row.upstream_request_id = "req_011CSHoEeqs5C35K2UUqR7Fy";
  return row;
}

void ask(Db& db, const char* what, std::int64_t limit) {
  const std::string text = what;
  LogQuery query;
  query.limit = limit;
  if (!parse_log_filters({&text, 1}, kBegin + 31 * 86'400'000ll, query)) std::abort();
  const double begun = seconds(CLOCK_MONOTONIC);
  std::int64_t rows = 0;
  if (!LogStore(db).select(query, [&](const LogRow&) { return ++rows, true; })) std::abort();
  fmt::print("search {:<44} {:>7} rows {:>8.1f} ms\n", text, rows, (seconds(CLOCK_MONOTONIC) - begun) * 1000);
}

template <class Work>
void time_it(const char* what, const Work& work) {
  const double begun = seconds(CLOCK_MONOTONIC);
  work();
  fmt::print("{:<51} {:>21.1f} ms\n", what, (seconds(CLOCK_MONOTONIC) - begun) * 1000);
}

void ask_all(Db& db) {
  for (const char* text :
       {"status:429", "model:claude-opus-5", "model:nothing*", "latency:>1h", "key:key-3 class:error", "\"never said\"",
        "session:00000000-0000-4000-8000-000000000007", "latency:>11s tokens.out:>500", "redactions:EMAIL"})
    ask(db, text, 100);
  const auto usage = [&](UsageBy by, UnixMillis since) {
    LogQuery query;
    query.since = since;
    if (!read_usage(db, query, by)) std::abort();
  };
  time_it("usage --by model", [&] { usage(UsageBy::model, 0); });
  time_it("usage --by day --since 10d and a half hour", [&] { usage(UsageBy::day, kBegin + 20 * 86'400'000ll + 1'800'000); });
  time_it("usage --by session", [&] { usage(UsageBy::session, 0); });
  time_it("usage --by endpoint", [&] { usage(UsageBy::endpoint, 0); });
  time_it("usage --by day session:0000*", [&] {
    const std::string text = "session:0000*";
    LogQuery query;
    if (!parse_log_filters({&text, 1}, kBegin, query) || !read_usage(db, query, UsageBy::day)) std::abort();
  });
  time_it("stats --by model", [&] {
    if (!read_stats(db, {}, find_log_field("model"))) std::abort();
  });
  time_it("agents", [&] {
    if (!read_agents(db, 0)) std::abort();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t total = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const std::int64_t batch = argc > 2 ? std::atoll(argv[2]) : 500;
  const std::string path = argc > 3 ? argv[3] : "/tmp/pg-bench-log/pg.db";
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
  Db db = Db::open(path).value();
  LogStore log(db);
  std::vector<LogRow> rows;
  double cpu = 0;
  for (std::int64_t at = 0; at < total; at += batch) {
    rows.clear();
    for (std::int64_t i = at; i < std::min(total, at + batch); ++i) rows.push_back(make_row(i, total));
    const double begun = seconds(CLOCK_THREAD_CPUTIME_ID);
    if (!log.insert(rows)) return 1;
    cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
  }
  const DbSize size = measure_db(db).value();
  fmt::print("insert {} rows in batches of {}: {:.2f} us CPU a row, {} bytes a row\n", total, batch,
             cpu * 1e6 / static_cast<double>(total), size.used / static_cast<std::uint64_t>(total));
  if (total >= 100'000) ask_all(db);
  const double begun = seconds(CLOCK_MONOTONIC);
  std::int64_t gone = 0;
  for (int i = 0; i < 20; ++i) gone += prune_log(db, {kBegin + 40 * 86'400'000ll, 0}, 500).value();
  fmt::print("prune: {:.2f} ms a slice of 500\n", (seconds(CLOCK_MONOTONIC) - begun) * 1000 / 20);
  return gone > 0 ? 0 : 1;
}
