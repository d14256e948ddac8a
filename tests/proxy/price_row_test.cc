#include "proxy/price_row.h"

#include <doctest/doctest.h>

#include <string>

using namespace pg;

namespace {

PriceTable table() {
  Price price;
  price.provider = "acme";
  price.model = "big*";
  price.rates = {.input = 10'000'000'000,
                 .output = 0,
                 .cache_read = 1'000'000'000,
                 .cache_write = 12'500'000'000,
                 .cache_write_1h = 20'000'000'000};
  return PriceTable({price}, {}, "test");
}

LogRow turn_row(std::vector<std::uint32_t> messages, Usage usage, UnixMillis time) {
  LogRow row;
  row.project_id = "p";
  row.key = "k";
  row.session = "s";
  row.provider = "acme";
  row.model = "big-1";
  row.status = 200;
  row.outcome = "ok";
  row.bytes_out = 100;
  row.time = time;
  row.upstream_ms = 300;
  row.usage = usage;
  row.prompt.messages = std::move(messages);
  return row;
}

}  // namespace

TEST_CASE("a price is found by what was served, else by what was asked for; without one the cost is not known") {
  const PriceTable prices = table();
  PriceFinder finder(prices);
  LogRow row = turn_row({1}, {.input_tokens = 1'000, .output_tokens = 5}, 0);
  row.model_served = "big-1-2026";
  price_row(row, finder, 3);
  CHECK(row.cost == 10'000'000);
  CHECK(row.price == 6);
  row.model_served.clear();
  row.model = "acme:big-1";
  price_row(row, finder, 3);
  CHECK(row.cost == 10'000'000);
  row.model = "big-1";
  row.model_served = "small";
  price_row(row, finder, 3);
  CHECK(row.cost == 10'000'000);
  LogRow other = row;
  other.model = other.model_served;
  price_row(other, finder, 3);
  CHECK(other.cost == -1);
  CHECK(other.price == kPriceUnknown);
}

TEST_CASE("behind an alias the price is that of what was sent, where the answer names no model or one without a price") {
  const PriceTable prices = table();
  PriceFinder finder(prices);
  LogRow row = turn_row({1}, {.input_tokens = 1'000, .output_tokens = 5}, 0);
  row.model = "fast";
  price_row(row, finder, 3);
  CHECK(row.price == kPriceUnknown);
  LogRow sent = row;
  sent.model_sent = "big-1";
  for (const char* served : {"", "deployment-7", "fast"}) {
    sent.model_served = served;
    price_row(sent, finder, 3);
    CHECK(sent.cost == 10'000'000);
    CHECK(sent.price == 6);
  }
  LogRow silent = sent;  // it died before anything was used, as far as the provider said
  silent.usage = {};
  silent.bytes_in = 4'000;
  silent.model_served.clear();
  price_row(silent, finder, 3);
  CHECK(silent.cost > 0);
  CHECK(silent.price == 7);
  // A deployment has no price either: the client's own word has.
  LogRow renamed = row;
  renamed.model = "big-1";
  renamed.model_sent = renamed.model_served = "deployment-7";
  price_row(renamed, finder, 3);
  CHECK(renamed.cost == 10'000'000);
}

TEST_CASE("numbers nobody can have used are not paid for: the price is an estimate, by size") {
  const PriceTable prices = table();
  PriceFinder finder(prices);
  LogRow row = turn_row({1}, {}, 0);
  price_row(row, finder, 3);
  const LogRow silent = row;
  CHECK(silent.price == 7);
  for (const Usage& absurd : {Usage{.input_tokens = 5, .output_tokens = kMaxTokens, .doubtful = true},
                              Usage{.input_tokens = 0, .output_tokens = 0, .doubtful = true}}) {
    row.usage = absurd;
    price_row(row, finder, 3);
    CHECK(row.cost == silent.cost);
    CHECK(row.price == silent.price);
    CacheBreaks breaks;
    mark_cache_break(row, breaks, finder);
    CHECK(row.cache_break.empty());
  }
}

TEST_CASE("estimates by size stand in the row itself where what was counted is nothing to pay by") {
  LogRow row = turn_row({1}, {.input_tokens = kMaxTokens, .output_tokens = 3, .cached_tokens = 7, .doubtful = true}, 0);
  row.bytes_in = 4'000;
  row.bytes_out = 800;
  settle_usage(row, false);
  CHECK(row.usage.input_tokens == 1'000);
  CHECK(row.usage.output_tokens == 200);
  CHECK(row.usage.cached_tokens == -1);
  CHECK(row.usage.doubtful);
  LogRow cut = turn_row({1}, {.input_tokens = 5, .output_tokens = 1, .unfinished = true}, 0);
  cut.stream = true;
  cut.bytes_out = 6'400;
  settle_usage(cut, false);
  CHECK(cut.usage.input_tokens == 5);
  CHECK(cut.usage.output_tokens == 100);
  cut.bytes_out = 64;
  cut.usage.output_tokens = 9;
  settle_usage(cut, false);
  CHECK(cut.usage.output_tokens == 9);
  const PriceTable prices = table();
  PriceFinder finder(prices);
  price_row(cut, finder, 3);
  CHECK(cut.price == 7);
}

TEST_CASE("what was given up before its answer costs its input when it had been sent, and else nothing") {
  const PriceTable prices = table();
  LogRow row = turn_row({1}, {}, 0);
  row.status = 499;
  row.outcome = "canceled";
  row.bytes_in = 4'000;
  row.bytes_out = 0;
  for (const bool sent : {false, true}) {
    PriceFinder finder(prices);
    settle_usage(row, sent);
    price_row(row, finder, 3);
    CHECK(row.price == (sent ? 7 : 0));
    CHECK(row.cost == (sent ? 10'000'000 : -1));
  }
  row.usage = {};
  row.path = "/v1/messages/count_tokens";
  settle_usage(row, true);
  CHECK(row.usage.input_tokens == -1);
}

TEST_CASE("output without a price is not known to cost nothing, and embeddings have none") {
  Price price;
  price.provider = "acme";
  price.model = "big*";
  price.rates = {.input = 10'000'000'000};
  const PriceTable half({price}, {}, "test");
  price.rates.output = 50'000'000'000;
  const PriceTable whole({price}, {}, "test");
  const auto priced = [](const PriceTable& prices, LogRow row) {
    PriceFinder finder(prices);
    price_row(row, finder, 3);
    return row;
  };
  const LogRow chat = turn_row({1}, {.input_tokens = 1'000, .output_tokens = 5}, 0);
  CHECK(priced(half, chat).price == kPriceUnknown);
  CHECK(priced(half, chat).cost == -1);
  CHECK(priced(half, turn_row({1}, {.input_tokens = 1'000, .output_tokens = 0}, 0)).cost == 10'000'000);
  CHECK(priced(half, turn_row({1}, {.input_tokens = 1'000}, 0)).price == kPriceUnknown);
  LogRow embeddings = turn_row({1}, {.input_tokens = 1'000}, 0);
  embeddings.dialect = "embeddings";
  embeddings.bytes_out = 100'000;
  for (const PriceTable* prices : {&half, &whole}) {
    CHECK(priced(*prices, embeddings).cost == 10'000'000);
    CHECK(priced(*prices, embeddings).price == 6);
  }
}

TEST_CASE("what a cache break cost is the call's price less its price with those tokens from the cache") {
  const PriceTable prices = table();
  const auto loss = [&prices](Usage first, Usage second, std::string model = "big-1") {
    PriceFinder finder(prices);
    CacheBreaks breaks;
    LogRow before = turn_row({1, 2}, first, 0);
    LogRow now = turn_row({1, 9, 3}, second, 60'000);
    before.model = now.model = std::move(model);
    for (LogRow* row : {&before, &now}) {
      price_row(*row, finder, 1);
      mark_cache_break(*row, breaks, finder);
    }
    CHECK(before.cache_break.empty());
    CHECK(before.cache_lost == -1);
    CHECK(now.cache_break == "messages[1]");
    CHECK(now.prompt.empty());  // the row goes on without it
    return now.cache_lost_cost;
  };
  const Usage cached{.input_tokens = 10'000, .output_tokens = 1, .cached_tokens = 9'000, .cache_write_tokens = -1};
  // 9,000 tokens at 10 instead of 1.
  CHECK(loss(cached, {.input_tokens = 11'000, .output_tokens = 1, .cached_tokens = 0}) == 9'000 * 9'000);
  // Written to the cache anew: at 12.5 instead of 1.
  CHECK(loss(cached, {.input_tokens = 11'000, .output_tokens = 1, .cached_tokens = 0, .cache_write_tokens = 11'000}) ==
        9'000 * 11'500);
  // For an hour: at 20 instead of 1.
  CHECK(loss(cached, {.input_tokens = 11'000,
                      .output_tokens = 1,
                      .cached_tokens = 0,
                      .cache_write_tokens = 9'000,
                      .cache_write_1h_tokens = 9'000}) == 9'000 * 19'000);
  // An answer that was cut off has no output tokens: its estimate is in the cost, not in the loss.
  CHECK(loss(cached, {.input_tokens = 11'000, .output_tokens = -1, .cached_tokens = 0}) == 9'000 * 9'000);
  CHECK(loss(cached, {.input_tokens = 11'000, .output_tokens = 1, .cached_tokens = 0}, "unknown") == -1);
}
