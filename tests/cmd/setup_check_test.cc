#include "cmd/setup_check.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace pg;

TEST_CASE("the check's request has its dialect's shape and names the address once") {
  for (const char* dialect : {"anthropic", "openai-chat", "openai-responses"}) {
    CAPTURE(dialect);
    auto text = check_body(dialect, "m", "a@example.com");
    auto body = nlohmann::json::parse(text, nullptr, false);
    REQUIRE(body.is_object());
    CHECK(body["model"] == "m");
    CHECK(text.find("a@example.com") == text.rfind("a@example.com"));
    CHECK(body.contains(std::string(dialect) == "openai-responses" ? "input" : "messages"));
    CHECK(body.contains("max_tokens") == (std::string(dialect) == "anthropic"));
  }
}
