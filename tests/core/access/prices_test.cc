#include "core/access/prices.h"

#include <doctest/doctest.h>

#include "config/read_prices.h"

using namespace pg;

namespace {

constexpr Nanos kDollarPerMillion = 1'000'000'000;

Price price_of(std::string provider, std::string model, Nanos input, Nanos output) {
  Price price;
  price.provider = std::move(provider);
  price.model = std::move(model);
  price.rates.input = input * kDollarPerMillion;
  price.rates.output = output * kDollarPerMillion;
  return price;
}

}  // namespace

TEST_CASE("prices: amounts are read exactly") {
  CHECK(parse_usd("5") == 5'000'000'000);
  CHECK(parse_usd("$0.05") == 50'000'000);
  CHECK(parse_usd("0.003625") == 3'625'000);
  CHECK(parse_usd("0.000000001") == 1);
  CHECK(parse_usd("1000000") == 1'000'000'000'000'000);
  for (const char* bad : {"", "$", ".5", "5.", "-1", "1,5", "1e3", "0.0000000001", "1000001", "1.2.3", "$$1", " 1"})
    CHECK_MESSAGE(!parse_usd(bad), bad);
}

TEST_CASE("prices: amounts for people never say nothing for something") {
  CHECK(format_usd(0) == "$0");
  CHECK(format_usd(1) == "<$0.0001");
  CHECK(format_usd(23'100'000) == "$0.0231");
  CHECK(format_usd(999'960'000) == "$1.00");
  CHECK(format_usd(1'930'000'000) == "$1.93");
  CHECK(format_usd(99'999'000'000) == "$100.00");
  CHECK(format_usd(214'400'000'000) == "$214");
  CHECK(spell_usd(23'100'000) == "0.0231");
  CHECK(spell_usd(0) == "0");
  CHECK(spell_usd(5'000'000'001) == "5.000000001");
}

TEST_CASE("prices: cached, written and plain tokens each have their rate") {
  Price price = price_of("a", "m", 3, 15);
  price.rates.cache_read = 300'000'000;
  price.rates.cache_write = 3'750'000'000;
  price.rates.cache_write_1h = 6'000'000'000;
  Usage usage{.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 600, .cache_write_tokens = 300};
  CHECK(PriceTable::cost(price, usage, 0) == 100 * 3000 + 600 * 300 + 300 * 3750 + 100 * 15'000);
  usage.cache_write_1h_tokens = 200;
  CHECK(PriceTable::cost(price, usage, 0) == 100 * 3000 + 600 * 300 + 100 * 3750 + 200 * 6000 + 100 * 15'000);
  // Reasoning is part of the output and is not paid for twice.
  usage.reasoning_tokens = 90;
  CHECK(PriceTable::cost(price, usage, 0) == 100 * 3000 + 600 * 300 + 100 * 3750 + 200 * 6000 + 100 * 15'000);
}

TEST_CASE("prices: a provider that claims more cached tokens than tokens gets no negative sum") {
  const Price price = price_of("a", "m", 3, 15);
  CHECK(PriceTable::cost(price, {.input_tokens = 10, .output_tokens = 0, .cached_tokens = 1000}, 0) == 10 * 3000);
  CHECK(PriceTable::cost(price, {.input_tokens = kMaxTokens, .output_tokens = kMaxTokens}, 0).value() > 0);
  Price dear = price_of("a", "m", 1'000'000, 1'000'000);
  CHECK(PriceTable::cost(dear, {.input_tokens = kMaxTokens, .output_tokens = kMaxTokens}, 0) == 1'000'000'000'000'000);
}

TEST_CASE("prices: long contexts and announced prices") {
  Price price = price_of("a", "m", 5, 30);
  price.rates.cache_write = 6'250'000'000;
  price.long_over = 1000;
  price.long_rates.input = 10'000'000'000;
  price.long_rates.output = 45'000'000'000;
  price.next_from = 5000;
  price.next.input = 1'000'000'000;
  CHECK(PriceTable::cost(price, {.input_tokens = 1000, .output_tokens = 0}, 0) == 1000 * 5000);
  CHECK(PriceTable::cost(price, {.input_tokens = 1001, .output_tokens = 1}, 0) == 1001 * 10'000 + 45'000);
  // What has no figure of its own grows as the input does.
  CHECK(PriceTable::cost(price, {.input_tokens = 2000, .output_tokens = 0, .cached_tokens = 0, .cache_write_tokens = 2000}, 0) ==
        2000 * 12'500);
  CHECK(PriceTable::cost(price, {.input_tokens = 1000, .output_tokens = 0}, 4999) == 1000 * 5000);
  CHECK(PriceTable::cost(price, {.input_tokens = 1000, .output_tokens = 0}, 5000) == 1000 * 1000);
}

TEST_CASE("prices: what has no price is not free") {
  Price embeddings = price_of("a", "embed", 1, 0);
  embeddings.rates.output = -1;
  CHECK(PriceTable::cost(embeddings, {.input_tokens = 10}, 0) == 10'000);
  CHECK_FALSE(PriceTable::cost(embeddings, {.input_tokens = 10, .output_tokens = 5}, 0));
  const PriceTable table({embeddings}, {}, "v");
  CHECK(table.find("a", "other") == nullptr);
  CHECK(table.find("b", "embed") == nullptr);
}

TEST_CASE("prices: the row of the very name, the user's row, the vendor's row") {
  Price globbed = price_of("openai", "gpt-9", 1, 1);
  globbed.models = {"gpt-9-*"};
  const Price exact = price_of("openai", "GPT-9-mini", 2, 2);
  const PriceTable table({exact, globbed}, {price_of("work", "gpt-9*", 3, 3)}, "v", {{"work", "openai"}});
  CHECK(table.find("openai", "gpt-9-mini")->rates.input == 2 * kDollarPerMillion);
  CHECK(table.find("openai", "gpt-9-2026-01-01")->rates.input == 1 * kDollarPerMillion);
  CHECK(table.find("work", "gpt-9-mini")->rates.input == 3 * kDollarPerMillion);
  CHECK(table.find("work", "gpt-9")->rates.input == 3 * kDollarPerMillion);
  const PriceTable vendors({exact, globbed}, {}, "v", {{"work", "openai"}});
  CHECK(vendors.find("work", "gpt-9-mini")->rates.input == 2 * kDollarPerMillion);
}

TEST_CASE("prices: the shipped table knows what agents use, by date and by alias") {
  const PriceTable table(shipped_prices(), {}, "v");
  CHECK(shipped_prices().size() > 70);
  for (const Price& price : shipped_prices()) {
    CHECK_MESSAGE(price.rates.input >= 0, price.model);
    CHECK_MESSAGE(table.find(price.provider, price.model) != nullptr, price.model);
    for (const std::string& glob : price.models) CHECK_MESSAGE(!glob.empty(), price.model);
  }
  const auto input = [&](const char* provider, const char* model) {
    const Price* price = table.find(provider, model);
    return price == nullptr ? -1 : price->rates.input;
  };
  CHECK(input("anthropic", "claude-sonnet-5-20260101") == 3'000'000'000);
  CHECK(input("anthropic", "claude-haiku-4-5-20251001") == 1'000'000'000);
  CHECK(input("openai", "gpt-5.6-sol-2026-07-01") == 5'000'000'000);
  CHECK(input("openai", "gpt-4o-mini-2024-07-18") == 150'000'000);
  CHECK(input("gemini", "gemini-3.5-flash-lite-preview") == 300'000'000);
  CHECK(input("deepseek", "deepseek-v4-flash") == 140'000'000);
  CHECK(input("openai", "gpt-77") == -1);
  CHECK(input("echo", "echo") == 0);
}
