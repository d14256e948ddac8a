// What a call behind an alias costs where the provider does not help: the price is that of the model that was sent.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/provider_world.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

// One model has a price, and neither its alias nor what providers call it has one.
constexpr std::string_view kOnePrice =
    "[prices.\"fake/big-1\"]\ninput = \"1\"\noutput = \"10\"\n"
    "[budgets]\nreserve_output = 100\n";
constexpr std::string_view kChatOnly = "responses = false\n";  // calls of that dialect are translated
constexpr std::string_view kAliases = "[aliases]\nfast = \"fake:big-1\"\nunknown = \"fake:small-1\"\n";

// With exact usage, under that name: 10 tokens in, 100 out.
std::string priced_reply(std::string_view model) {
  return R"({"id":"c","object":"chat.completion","created":1,"model":")" + std::string(model) +
         R"(","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],)"
         R"("usage":{"prompt_tokens":10,"completion_tokens":100,"total_tokens":110}})";
}

}  // namespace

TEST_CASE("prices: a stream behind an alias that dies before the provider named a model costs what was sent, by estimate") {
  World w(kDetectAll, kOnePrice, kChatOnly, kAliases);
  std::size_t rows = 0;
  for (const DialectId dialect : kModelDialects)
    for (const char* model : {"fast", "unknown"})
      for (const char* piece : {": still here\n\n", "data: {\"cho"}) {
        CAPTURE(pg::dialect(dialect).name);
        CAPTURE(model);
        CAPTURE(piece);
        w.upstream.respond(Answer::stream_head().chunk(piece).pause(Ms{20}).reset());
        CHECK(w.post(model_path(dialect), ask_model(dialect, model, true, "hi")).status == 200);
        const Json row = last_row(w, ++rows);
        CHECK(row.at("outcome") == "error");
        CHECK(row.at("model") == model);
        CHECK(row.at("cost_state") == (std::string_view(model) == "unknown" ? "unknown" : "estimated"));
        CHECK(row.at("cost_usd").is_null() == (std::string_view(model) == "unknown"));
      }
}

TEST_CASE("prices: a name without a price in the answer leaves the price of what was sent, with and without a budget, once") {
  World w(kDetectAll, kOnePrice, kChatOnly, kAliases);
  const auto spent = [&w] {
    const Json budgets = Json::parse(w.home.run({"budgets", "--json"}).out, nullptr, false);
    return budgets.at("budgets").empty() ? std::string() : budgets.at("budgets").at(0).value("spent_usd", "");
  };
  std::size_t rows = 0;
  for (const bool budgeted : {false, true}) {
    if (budgeted) REQUIRE(w.home.run({"keys", "edit", "e2e", "--budget", "50"}).status == 0);
    for (const char* model : {"fast", "fake:big-1"})
      for (const char* served : {"deploy-7", "big-1", ""}) {
        CAPTURE(budgeted);
        CAPTURE(model);
        CAPTURE(served);
        w.upstream.respond(Answer::json(priced_reply(served)));
        CHECK(w.post("v1/chat/completions", ask_model(DialectId::openai_chat, model, false, "hi")).status == 200);
        const Json row = last_row(w, ++rows);
        CHECK(row.at("cost_state") == "exact");
        CHECK(row.at("cost_usd") == "0.00101");
      }
  }
  // Each of them counted in the ledger as it is in its row, those before the budget too, and nothing stays set aside.
  CHECK(soon([&] { return spent() == "0.01212"; }));
  CHECK(soon([&] { return w.home.run({"budgets", "--json"}).out.find("\"reserved_usd\":\"0\"") != std::string::npos; }));
}

}  // namespace pg::test
