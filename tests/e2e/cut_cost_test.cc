// What a call costs that never came to its end: the provider bills what it had read and written by then.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using CutRow = nlohmann::json;

constexpr int kCutDeltas = 200;

// As Anthropic streams: a number of output tokens that means nothing yet, then words.
Answer begun_stream() {
  Answer answer = Answer::stream_head();
  answer.chunk("event: message_start\ndata: " +
               std::string(R"({"type":"message_start","message":{"id":"msg_1","type":"message",)"
                           R"("role":"assistant","model":"claude-x","content":[],)"
                           R"("usage":{"input_tokens":100,"output_tokens":1}}})") +
               "\n\n");
  answer.chunk("event: content_block_start\ndata: " +
               std::string(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") + "\n\n");
  for (int i = 0; i < kCutDeltas; ++i)
    answer.chunk("event: content_block_delta\ndata: " +
                 std::string(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word )") +
                 std::to_string(i) + "\"}}\n\n");
  return answer;
}

void check_estimated(const CutRow& row) {
  CHECK(row.at("input_tokens") == 100);
  CHECK(row.at("output_tokens").get<int>() > kCutDeltas / 2);
  CHECK(row.at("cost_state") == "estimated");
  CHECK(std::stod(row.at("cost_usd").get<std::string>()) > 0.001);  // the words alone, at ten dollars a million
}

std::string spent_of(const World& w) {
  const CutRow budgets = CutRow::parse(w.home.run({"budgets", "--json"}).out, nullptr, false);
  return budgets.at("budgets").at(0).at("spent_usd");
}

}  // namespace

TEST_CASE("cost: an Anthropic stream that the provider cuts costs what was relayed, not what it began with") {
  World w(kDetectAll, kFakePrices);
  w.upstream.respond(begun_stream().close());
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, true, "hi")).status == 200);
  check_estimated(last_row(w, 1));
}

TEST_CASE("cost: a stream whose client leaves counts against the budget with what was relayed, in every dialect") {
  // A provider that speaks Anthropic's dialect alone: calls of the others are translated.
  World w(kDetectAll,
          "[prices.\"claude/*\"]\ninput = \"1\"\noutput = \"10\"\n"
          "[providers.claude]\nanthropic_base_url = \"@UP\"\ncredential = \"env:FAKE_KEY\"\n",
          {}, "[limits]\nbudget = \"5 USD\"\n[[route]]\nprovider = \"claude\"\n");
  w.upstream.respond(begun_stream().hang());
  std::size_t rows = 0;
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(pg::dialect(dialect).name);
    {
      RawClient client(w.port());
      client.send(w.request(model_path(dialect), ask(dialect, true, "hi")));
      CHECK(client.wait_for("word " + std::to_string(kCutDeltas - 1)));
    }
    const CutRow row = last_row(w, ++rows);
    CHECK(row.at("status") == 499);
    check_estimated(row);
  }
  CHECK(soon([&] { return std::stod(spent_of(w)) > 0.003; }));
}

TEST_CASE("cost: a whole Anthropic stream costs what its last word says") {
  World w(kDetectAll, kFakePrices);
  w.upstream.respond(
      begun_stream()
          .chunk("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
                 "\"usage\":{\"output_tokens\":7}}\n\n")
          .chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
          .last_chunk());
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, true, "hi")).status == 200);
  const CutRow row = last_row(w, 1);
  CHECK(row.at("output_tokens") == 7);
  CHECK(row.at("cost_state") == "exact");
}

TEST_CASE("cost: a call that was sent and then given up costs its input") {
  for (const bool revoke : {false, true}) {
    CAPTURE(revoke);
    World w(kDetectAll, kFakePrices, {}, "[limits]\nbudget = \"5 USD\"\n");
    Answer silent;
    silent.hang();
    w.upstream.respond(silent);
    const std::string words(40'000, 'x');
    {
      RawClient client(w.port());
      client.send(w.request("v1/messages", ask(DialectId::anthropic, false, words)));
      REQUIRE(w.upstream.wait_for(1));
      if (revoke) {
        REQUIRE(w.home.run({"keys", "revoke", "e2e"}).status == 0);
        CHECK(client.read_reply().status == 401);
      }
    }
    const CutRow row = last_row(w, 1);
    CHECK(row.at("status") == (revoke ? 401 : 499));
    CHECK(row.at("cost_state") == "estimated");
    CHECK(row.at("input_tokens").get<int>() > 9'000);
    CHECK(row.at("output_tokens") == 0);
    CHECK(soon([&] { return std::stod(spent_of(w)) > 0.009; }));
  }
}

TEST_CASE("cost: a call whose client left before its request had gone out costs nothing") {
  World w(kDetectAll, kFakePrices);
  Answer silent;
  silent.hang();
  w.upstream.respond(silent);
  {
    RawClient client(w.port());
    const std::string whole = w.request("v1/messages", ask(DialectId::anthropic, false, std::string(40'000, 'x')));
    client.send(std::string_view(whole).substr(0, whole.size() - 10));
  }
  const CutRow row = last_row(w, 1);
  CHECK(row.at("cost_state") == "none");
  CHECK(w.upstream.count() == 0);
}

}  // namespace pg::test
