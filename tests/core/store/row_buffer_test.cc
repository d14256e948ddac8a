// Everything of a row arrives, in order, however few are taken at a time.
#include "core/store/row_buffer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/store/body_store.h"
#include "tests/support/gen.h"

namespace pg::test {
namespace {

// What can be told apart of a row, member by member.
std::string spell_row(const LogRow& row) {
  std::string out;
  for (const std::string* text : {&row.id,           &row.project,
                                  &row.project_id,   &row.key,
                                  &row.agent,        &row.agent_version,
                                  &row.session,      &row.dialect,
                                  &row.method,       &row.path,
                                  &row.provider,     &row.model,
                                  &row.model_served, &row.outcome,
                                  &row.redactions,   &row.detected,
                                  &row.blocked,      &row.places,
                                  &row.attempts,     &row.warnings,
                                  &row.error,        &row.upstream_request_id,
                                  &row.cache_break,  &row.route,
                                  &row.ip,           &row.ua,
                                  &row.model_sent})
    out += fmt::format("{}:{};", text->size(), *text);
  const Usage& usage = row.usage;
  for (const std::int64_t number : {row.seq,
                                    row.time,
                                    std::int64_t{row.status},
                                    std::int64_t{row.stream},
                                    row.latency_ms,
                                    row.ttft_ms,
                                    row.upstream_ms,
                                    row.connect_ms,
                                    row.tls_ms,
                                    usage.input_tokens,
                                    usage.output_tokens,
                                    usage.cached_tokens,
                                    usage.cache_write_tokens,
                                    usage.reasoning_tokens,
                                    usage.cache_write_1h_tokens,
                                    usage.audio_input_tokens,
                                    usage.audio_output_tokens,
                                    row.cost,
                                    row.price,
                                    row.bytes_in,
                                    row.bytes_out,
                                    std::int64_t{row.restored},
                                    std::int64_t{row.unknown_tokens},
                                    row.cache_lost,
                                    row.cache_lost_cost,
                                    std::int64_t{row.month},
                                    std::int64_t{row.prompt.tools},
                                    std::int64_t{row.prompt.system},
                                    std::int64_t{row.prompt.settings},
                                    std::int64_t{row.prompt.opening}})
    out += fmt::format("{},", number);
  for (const std::uint32_t digest : row.prompt.messages) out += fmt::format("{} ", digest);
  return out;
}

LogRow arbitrary_row(Gen& gen) {
  LogRow row;
  for (std::string* text : {&row.id,           &row.project,
                            &row.project_id,   &row.key,
                            &row.agent,        &row.agent_version,
                            &row.session,      &row.dialect,
                            &row.method,       &row.path,
                            &row.provider,     &row.model,
                            &row.model_served, &row.outcome,
                            &row.redactions,   &row.detected,
                            &row.blocked,      &row.places,
                            &row.attempts,     &row.warnings,
                            &row.error,        &row.upstream_request_id,
                            &row.cache_break,  &row.model_sent})
    if (gen.coin()) *text = gen.bytes(gen.number(0, gen.number(0, 19) == 0 ? 5'000 : 40));
  Usage& usage = row.usage;
  for (std::int64_t* number : {&row.seq,
                               &row.time,
                               &row.latency_ms,
                               &row.ttft_ms,
                               &row.upstream_ms,
                               &row.connect_ms,
                               &row.tls_ms,
                               &usage.input_tokens,
                               &usage.output_tokens,
                               &usage.cached_tokens,
                               &usage.cache_write_tokens,
                               &usage.reasoning_tokens,
                               &usage.cache_write_1h_tokens,
                               &usage.audio_input_tokens,
                               &usage.audio_output_tokens,
                               &row.cost,
                               &row.price,
                               &row.bytes_in,
                               &row.bytes_out,
                               &row.cache_lost,
                               &row.cache_lost_cost})
    if (gen.coin()) *number = static_cast<std::int64_t>(gen.number(0, 1u << 30)) - 1'000;
  row.status = static_cast<int>(gen.number(0, 599));
  row.stream = gen.coin();
  row.restored = static_cast<std::uint32_t>(gen.number(0, 99));
  row.unknown_tokens = static_cast<std::uint32_t>(gen.number(0, 99));
  row.month = static_cast<std::int32_t>(gen.number(0, 299999));
  PromptDigest& prompt = row.prompt;
  for (std::uint32_t* digest : {&prompt.tools, &prompt.system, &prompt.settings, &prompt.opening})
    *digest = static_cast<std::uint32_t>(gen.number(0, 0xffff'ffff));
  for (std::size_t i = gen.number(0, 8); i > 0; --i)
    prompt.messages.push_back(static_cast<std::uint32_t>(gen.number(0, 0xffff'ffff)));
  if (gen.coin()) row.body = std::make_shared<LogBody>();
  return row;
}

TEST_CASE("rows come out of the buffer as they went in, whatever stood in the room before") {
  PG_GEN(gen);
  RowBuffer buffer;
  std::vector<LogRow> room;
  std::deque<std::pair<std::string, std::shared_ptr<LogBody>>> expected;
  for (int turn = 0; turn < 300; ++turn) {
    for (std::size_t i = gen.number(0, 5); i > 0; --i) {
      const LogRow row = arbitrary_row(gen);
      buffer.add(row);
      expected.emplace_back(spell_row(row), row.body);
    }
    REQUIRE(buffer.size() == expected.size());
    for (const LogRow& row : buffer.take(room, gen.number(0, 5))) {
      CHECK(spell_row(row) == expected.front().first);
      CHECK(row.body == expected.front().second);
      expected.pop_front();
    }
    REQUIRE(buffer.empty() == expected.empty());
  }
}

TEST_CASE("what a row shares is let go with the row that follows it in the same room") {
  const auto body = std::make_shared<LogBody>();
  RowBuffer buffer;
  std::vector<LogRow> room;
  LogRow row;
  row.body = body;
  buffer.add(row);
  row.body.reset();
  CHECK(body.use_count() == 2);
  buffer.take(room, 1);
  CHECK(body.use_count() == 2);
  buffer.add(row);
  CHECK(buffer.take(room, 8).size() == 1);
  CHECK(body.use_count() == 1);
  CHECK(buffer.take(room, 8).empty());
}

}  // namespace
}  // namespace pg::test
