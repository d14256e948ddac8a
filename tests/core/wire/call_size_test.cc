// The bound holds for every estimate, and what a call asks for is found in each dialect.
#include "core/wire/call_size.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace pg;

TEST_CASE("property: no estimate is larger than the bound") {
  std::mt19937 random(20261126);
  constexpr std::string_view kPieces[] = {"a.", "a1", "aB", " ", "word ", "9", "\u4f60", "\\n", "--", "x"};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const std::string_view one = kPieces[random() % std::size(kPieces)];
    for (auto i = random() % 400; i > 0; --i) text += round % 2 == 0 ? one : kPieces[random() % std::size(kPieces)];
    std::string content = "{\"type\":\"text\",\"text\":\"" + text + "\"}";
    if (round % 3 == 0) content += ",{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}";
    const std::string body =
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[" + content + "]}]}";
    CHECK(estimate_call_tokens(DialectId::anthropic, body) <= input_tokens_at_most(body));
  }
  CHECK(input_tokens_at_most("{\"type\":\"\\u0069mage\"}") > 1'000'000'000);
}

TEST_CASE("what is asked for of output") {
  CHECK(output_tokens_asked(DialectId::anthropic, R"({"max_tokens":100})") == 100);
  CHECK(output_tokens_asked(DialectId::openai_chat, R"({"max_completion_tokens":7,"n":3})") == 21);
  CHECK(output_tokens_asked(DialectId::openai_responses, R"({"max_output_tokens":5,"n":3})") == 5);
  CHECK(output_tokens_asked(DialectId::openai_chat, R"({"max_tokens":-5,"n":-2})") == -1);
  CHECK(output_tokens_asked(DialectId::openai_chat, R"({"max_tokens":null})") == -1);
  CHECK(output_tokens_asked(DialectId::openai_chat, R"({"max_tokens":"9"})") == -1);
  CHECK(output_tokens_asked(DialectId::openai_chat, "{") == -1);
  CHECK(output_tokens_asked(DialectId::embeddings, "{}") == 0);
}
