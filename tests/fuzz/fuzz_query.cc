// libFuzzer over questions about the log: any text is a query or a refusal; a query's SQL holds none of its text and means what
// the expression says.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "core/store/db.h"
#include "core/store/log_filter.h"
#include "core/store/log_store.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

struct QueryWorld {
  std::string path = "/tmp/pg-fuzz-query-" + std::to_string(::getpid()) + "/pg.db";
  Db db = Db::open(path).value();
  std::vector<LogRow> rows;

  QueryWorld() {
    for (int i = 0; i < 8; ++i) {
      LogRow row;
      row.id = "Q" + std::to_string(i);
      row.time = kFuzzNow - i * 1'800'000;
      row.model = i % 2 == 0 ? "gpt-4o" : "claude-x";
      row.agent = i % 3 == 0 ? "codex" : "";
      row.status = i == 7 ? 429 : 200;
      row.outcome = i == 7 ? "error" : "ok";
      row.error = i == 7 ? "rate_limited: slow down" : "";
      row.latency_ms = i * 100 - 1;
      row.redactions = i == 3 ? "EMAIL:2" : "";
      row.cache_break = i == 4 ? "messages[3]" : "";
      row.cache_lost = i == 4 ? 20'000 : -1;
      row.route = i % 4 == 1 ? "titles at home" : "";
      row.ip = i % 2 == 0 ? "127.0.0.1" : "2001:db8::9";
      row.ua = i == 2 ? "" : "curl/8.1";
      rows.push_back(row);
    }
    if (!LogStore(db).insert(rows)) std::abort();
  }
  ~QueryWorld() { std::filesystem::remove_all(path.substr(0, path.rfind('/'))); }
};

void ask_query(std::string_view text) {
  const std::string word(text);
  LogQuery query;
  const auto parsed = parse_log_filters({&word, 1}, kFuzzNow, query);
  if (!parsed) {
    expect(parsed.error().code == Code::bad_request && is_utf8(parsed.error().message));
    return;
  }
  static QueryWorld world;
  std::string want, got;
  for (const LogRow& row : world.rows)
    if (query.where == nullptr || matches_row(*query.where, row)) want += row.id;
  expect(LogStore(world.db).select(query, [&](const LogRow& row) { return got += row.id, true; }).has_value());
  expect(got == want);
}

}  // namespace
}  // namespace pg

int fuzz_query_one(const std::uint8_t* data, std::size_t size) {
  pg::ask_query({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_query_one(data, size);
}
#endif
