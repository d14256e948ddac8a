#include "core/wire/usage.h"

#include <doctest/doctest.h>

#include "core/wire/reply.h"

namespace pg {
namespace {

TEST_CASE("nothing reported is -1") {
  const Usage usage = UsageTally().total();
  CHECK(usage.input_tokens == -1);
  CHECK(usage.output_tokens == -1);
  CHECK(usage.cached_tokens == -1);
  CHECK(usage.cache_write_tokens == -1);
  CHECK(usage.reasoning_tokens == -1);
}

TEST_CASE("a later number replaces, null does not") {
  UsageTally tally;
  tally.set(UsageField::output, "5");
  tally.set(UsageField::output, "12");
  tally.set(UsageField::output, "null");
  CHECK(tally.total().output_tokens == 12);
}

TEST_CASE("an output that was counted before there was any is not the last word, and any later one is") {
  UsageTally tally;
  tally.set_opening(true);
  tally.set(UsageField::uncached_input, "5");
  CHECK_FALSE(tally.total().unfinished);
  tally.set(UsageField::output, "1");
  CHECK(tally.total().unfinished);
  tally.set_opening(false);
  tally.set(UsageField::output, "null");
  CHECK(tally.total().unfinished);
  tally.set(UsageField::output, "1");
  CHECK_FALSE(tally.total().unfinished);
  Usage sum{.input_tokens = 5, .output_tokens = 1, .unfinished = true};
  merge_usage(sum, {.input_tokens = 6});
  CHECK(sum.unfinished);
  merge_usage(sum, {.output_tokens = 1});
  CHECK_FALSE(sum.unfinished);
}

TEST_CASE("a part is no more than its whole, where both are known") {
  CHECK_FALSE(contradicts_itself({}));
  CHECK_FALSE(contradicts_itself({.input_tokens = 5, .output_tokens = 2, .cached_tokens = 5, .reasoning_tokens = 2}));
  CHECK_FALSE(contradicts_itself({.cached_tokens = 5, .reasoning_tokens = 2}));
  CHECK(contradicts_itself({.input_tokens = 5, .cached_tokens = 6}));
  CHECK(contradicts_itself({.output_tokens = 0, .reasoning_tokens = 1}));
}

TEST_CASE("Anthropic's input is made to include the cache, OpenAI's does already") {
  UsageTally anthropic;
  anthropic.set(UsageField::uncached_input, "10");
  anthropic.set(UsageField::cached, "200");
  anthropic.set(UsageField::cache_write, "30");
  CHECK(anthropic.total().input_tokens == 240);
  CHECK(anthropic.total().cached_tokens == 200);
  CHECK(anthropic.total().cache_write_tokens == 30);
  UsageTally openai;
  openai.set(UsageField::input, "240");
  openai.set(UsageField::cached, "200");
  CHECK(openai.total().input_tokens == 240);
}

TEST_CASE("faults E62: negative and absurd numbers are clamped, other values ignored") {
  UsageTally tally;
  const auto after = [&](std::string_view number) {
    tally.set(UsageField::output, number);
    return tally.total().output_tokens;
  };
  CHECK(after("-5") == 0);
  CHECK(after("99999999999999999999999999") == kMaxTokens);
  CHECK(after("7.9") == 7);
  CHECK(after("1e300") == kMaxTokens);
  CHECK(after("0") == 0);
  CHECK(after("true") == 0);
  CHECK(after("") == 0);
  CHECK(after("-") == 0);
  tally.set(UsageField::uncached_input, "1000000000");
  tally.set(UsageField::cached, "1000000000");
  CHECK(tally.total().input_tokens == kMaxTokens);
}

TEST_CASE("numbers that had to be clamped are doubted, until a better one replaces them") {
  const auto doubtful = [](std::initializer_list<std::string_view> numbers) {
    UsageTally tally;
    for (const std::string_view number : numbers) tally.set(UsageField::output, number);
    return tally.total().doubtful;
  };
  CHECK_FALSE(doubtful({}));
  for (const std::string_view good : {"0", "-0", "7", "7.9", "0e0", "true", "-", "999999999"}) CHECK_FALSE(doubtful({good}));
  for (const std::string_view bad : {"-5", "-0.5", "1e300", "1000000000", "99999999999999999999999999"}) {
    CHECK(doubtful({bad}));
    CHECK(doubtful({"3", bad, "null"}));
    CHECK_FALSE(doubtful({bad, "3"}));
  }
  Usage sum{.input_tokens = 1};
  merge_usage(sum, {.output_tokens = 0, .doubtful = true});
  merge_usage(sum, {.output_tokens = 4});
  CHECK(sum.doubtful);
}

}  // namespace
}  // namespace pg
