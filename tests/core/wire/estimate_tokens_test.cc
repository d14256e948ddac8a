#include "core/wire/estimate_tokens.h"

#include <doctest/doctest.h>

#include <string>

#include "core/wire/translate.h"
#include "tests/support/fixtures.h"

namespace pg::test {
namespace {

struct Counted {
  const char* fixture;
  std::int64_t tokens;
};

// The texts, names and schemas of each recorded request, counted with OpenAI's o200k_base, and four a message for framing. The
// recordings' words are made up, which costs a vocabulary more than the English they stand for.
constexpr Counted kCounted[] = {
    {"anthropic-sdk-1.11.0-count-tokens", 64},
    {"anthropic-sdk-1.11.0-image-and-document", 29},
    {"anthropic-sdk-1.11.0-thread-second-turn", 10},
    {"anthropic-sdk-1.11.0-tool-result", 140},
    {"claude-code-2.1.197-tool-turn-with-thinking-2", 1509},
    {"claude-code-2.1.329-experimental-betas-off", 1750},
    {"claude-code-2.1.329-interactive-context-count-tokens-2", 100},
    {"claude-code-2.1.329-interactive-first-turn-title", 219},
    {"claude-code-2.1.329-mcp-tools", 1756},
    {"claude-code-2.1.329-tool-turn-with-thinking-2", 1935},
    {"cline-3.0.65-anthropic-2", 879},
    {"cline-3.0.65-openai-compatible-2", 1014},
    {"codex-0.169.0-chatgpt-login-zstd-body-6", 1984},
    {"codex-0.169.0-first-turn-default-model", 1986},
    {"codex-0.169.0-resumed-with-encrypted-reasoning", 2024},
    {"codex-0.169.0-tool-turn-default-model-2", 2173},
    {"codex-0.169.0-tool-turn-function-tools-2", 1232},
    {"codex-0.80.0-tool-turn-2", 1025},
    {"continue-cli-1.5.47-anthropic-2", 396},
    {"continue-cli-1.5.47-openai-2", 404},
    {"openai-sdk-6.49.0-chat-image", 10},
    {"openai-sdk-6.49.0-chat-tool-result", 116},
    {"openai-sdk-6.49.0-responses-previous-response-id", 63},
    {"openai-sdk-6.49.0-responses-tool-output", 109},
    {"opencode-1.18.33-anthropic-3", 878},
    {"opencode-1.18.33-chat-3", 863},
    {"opencode-1.18.33-responses-3", 787},
    {"vercel-ai-7.0.173-anthropic-streamtext-with-tools-2", 123},
};

}  // namespace

TEST_CASE("estimates lie above what the provider counts, but not by the double") {
  for (const Counted& row : kCounted) {
    CAPTURE(row.fixture);
    const Fixture fixture = load_fixture(row.fixture);
    const auto estimate = estimate_request_tokens(wire_of(fixture.dialect), fixture.body);
    REQUIRE(estimate.has_value());
    const bool image = fixture.name.find("image") != std::string::npos;
    const std::int64_t words = *estimate - (image ? 1600 : 0);
    const double ratio = static_cast<double>(words) / static_cast<double>(row.tokens);
    CAPTURE(words);
    if (row.tokens > 300) {
      CHECK(ratio >= 1.12);
      CHECK(ratio <= 1.8);
    } else {
      CHECK(words > row.tokens - 10);
      CHECK(words < row.tokens + 160);
    }
  }
}

TEST_CASE("texts of every kind cost more than the best vocabularies make of them") {
  CHECK(estimate_text_tokens("") == 0);
  // o200k_base: 10 tokens.
  const std::int64_t pangram = estimate_text_tokens("The quick brown fox jumps over the lazy dog.");
  CHECK(pangram >= 10);
  CHECK(pangram <= 20);
  CHECK(estimate_text_tokens("0123456789") >= 4);
  CHECK(estimate_text_tokens("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e") >= 3);
  CHECK(estimate_text_tokens(std::string(1000, ' ')) <= 300);
  CHECK(estimate_text_tokens("{\"a\":{\"b\":[1,2]}}") >= 10);
}

TEST_CASE("more text never costs less") {
  std::string text;
  std::int64_t last = 0;
  for (const char c : std::string("fooBar baz\n\t{}[]  12\xc3\xa9 end.")) {
    text += c;
    const std::int64_t now = estimate_text_tokens(text);
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("what is no request has no count") {
  CHECK_FALSE(estimate_request_tokens(Wire::anthropic, "{}").has_value());
  CHECK_FALSE(estimate_request_tokens(Wire::gemini, "{}").has_value());
}

}  // namespace pg::test
