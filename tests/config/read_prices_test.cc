#include "config/read_prices.h"

#include <doctest/doctest.h>

#include "config/load.h"

using namespace pg;

namespace {

std::string price_complaint(const std::string& text) {
  std::vector<Problem> problems;
  std::vector<Price> rows;
  const TomlDocument document = parse_toml(text, "pg.toml", problems);
  for (const TomlEntry& entry : document.root) read_price_rows(document, entry, rows, problems);
  return problems.empty() ? "" : problems.front().message + (problems.front().hint.empty() ? "" : " | " + problems.front().hint);
}

}  // namespace

TEST_CASE("price rows: what they hold") {
  std::vector<Problem> problems;
  std::vector<Price> rows;
  const TomlDocument document = parse_toml(
      "[prices.\"groq/openai/gpt-oss-120b\"]\nmodels = [\"gpt-oss*\"]\ninput = \"0.15\"\noutput = 1\nlong_over = 1000\n"
      "long_input = \"0.30\"\nnext_from = \"2027-01-01\"\nnext_input = \"1\"\ncontext = 131072\nchecked = \"2026-08-02\"\n",
      "pg.toml", problems);
  read_price_rows(document, document.root.front(), rows, problems);
  REQUIRE(problems.empty());
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].provider == "groq");
  CHECK(rows[0].model == "openai/gpt-oss-120b");
  CHECK(rows[0].models == std::vector<std::string>{"gpt-oss*"});
  CHECK(rows[0].rates.input == 150'000'000);
  CHECK(rows[0].rates.output == 1'000'000'000);
  CHECK(rows[0].long_over == 1000);
  CHECK(rows[0].long_rates.input == 300'000'000);
  CHECK(rows[0].next.input == 1'000'000'000);
  CHECK(rows[0].next_from > 1'790'000'000'000);
  CHECK(rows[0].context == 131'072);
  std::string text;
  for (const auto& [key, value] : price_fields(rows[0])) text += key + " = " + value + "\n";
  CHECK(text ==
        "models = [\"gpt-oss*\"]\ninput = \"0.15\"\noutput = \"1\"\nlong_over = 1000\nlong_input = \"0.3\"\n"
        "next_from = \"2027-01-01\"\nnext_input = \"1\"\ncontext = 131072\nchecked = \"2026-08-02\"\n");
}

TEST_CASE("price rows: mistakes are named") {
  CHECK(price_complaint("prices = 1\n") == "prices is a table | write [prices.\"openai/gpt-4o\"]");
  CHECK(price_complaint("[prices.gpt]\ninput = \"1\"\n") ==
        "\"gpt\" does not name a provider and a model | such as [prices.\"openai/gpt-4o\"]");
  CHECK(price_complaint("[prices.\"a/b\"]\noutput = \"1\"\n") ==
        "a price needs at least input | such as input = \"2.50\", in USD per million tokens");
  CHECK(price_complaint("[prices.\"a/b\"]\ninput = 2.5\n") ==
        "input must be USD per million tokens, as a text | such as input = \"2.50\"");
  CHECK(price_complaint("[prices.\"a/b\"]\ninput = \"1\"\ninptu = \"1\"\n") == "unknown key \"inptu\" | did you mean \"input\"?");
  CHECK(price_complaint("[prices.\"a/b\"]\ninput = \"1\"\nnext_from = \"soon\"\n") ==
        "next_from must be a day, as a text | such as next_from = \"2026-08-02\"");
  CHECK(price_complaint("[prices.\"a/b\"]\ninput = \"-1\"\n") ==
        "input must be USD per million tokens, as a text | such as input = \"2.50\"");
}

TEST_CASE("price rows: the version names the figures") {
  Settings settings;
  const std::string shipped_version = build_prices(settings)->version();
  CHECK(shipped_version == "2026-08-13");
  settings.prices.push_back({});
  settings.prices[0].provider = "a";
  settings.prices[0].rates.input = 1;
  const std::string own = build_prices(settings)->version();
  CHECK(own.substr(0, 11) == "2026-08-13+");
  CHECK(own.size() == 19);
  settings.prices[0].rates.input = 2;
  CHECK(build_prices(settings)->version() != own);
}
