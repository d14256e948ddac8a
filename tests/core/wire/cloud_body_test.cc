#include "core/wire/cloud_body.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"

using namespace pg;

TEST_CASE("cloud bodies: members go with their comma, and every other byte stays") {
  const auto vertex = [](std::string_view body) { return write_vertex_body(body).value(); };
  const std::string version = "\"anthropic_version\":\"vertex-2023-10-16\"";
  CHECK(vertex(R"({"model":"m","max_tokens":1.0})") == "{" + version + ",\"max_tokens\":1.0}");
  CHECK(vertex(R"({"max_tokens":1,"model":"m"})") == "{" + version + ",\"max_tokens\":1}");
  CHECK(vertex("{ \"a\" : [1,\t2] , \"model\" : \"m\" ,\n \"b\":\"\\u0041\" }") ==
        "{" + version + ", \"a\" : [1,\t2] ,\n \"b\":\"\\u0041\" }");
  CHECK(vertex(R"({"model":"m"})") == "{" + version + "}");
  CHECK(vertex("{}") == "{" + version + "}");
  // Spelled with an escape, given twice, nested: only the root's own go, all of them.
  CHECK(vertex(R"({"mod\u0065l":"m","x":{"model":"in"},"model":"n"})") == "{" + version + R"(,"x":{"model":"in"}})");
  CHECK(vertex(R"({"model":"m","anthropic_version":"mine","a":1})") == R"({"anthropic_version":"mine","a":1})");
  CHECK(vertex(R"({"a":1,"model":"m","anthropic_version":"mine"})") == R"({"a":1,"anthropic_version":"mine"})");
  CHECK_FALSE(write_vertex_body("[]"));
  CHECK_FALSE(write_vertex_body("{"));
}

TEST_CASE("cloud bodies: Bedrock has the stream in the path and the betas in the body") {
  const BedrockBody done = write_bedrock_body(R"({"model":"m","stream":true,"max_tokens":1})",
                                              "oauth-2025-04-20, token-efficient-tools-2026-03-28,claude-code-20250219, "
                                              "interleaved-thinking-2025-05-14,context-1m-2025-08-07")
                               .value();
  CHECK(done.body ==
        R"({"anthropic_version":"bedrock-2023-05-31",)"
        R"("anthropic_beta":["claude-code-20250219","interleaved-thinking-2025-05-14","context-1m-2025-08-07"],"max_tokens":1})");
  CHECK(done.warnings ==
        std::vector<std::string>{"drop:anthropic-beta.oauth-2025-04-20", "drop:anthropic-beta.token-efficient-tools-2026-03-28"});
  const BedrockBody plain = write_bedrock_body(R"({"stream":false,"anthropic_beta":["x"]})", "context-1m-2025-08-07").value();
  CHECK(plain.body == R"({"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["x"]})");
  CHECK(plain.warnings.empty());
}

TEST_CASE("cloud bodies: a cap replaces the number alone, and only a larger one") {
  const auto capped = [](Wire wire, std::string_view body) {
    const CappedBody done = cap_output_tokens(wire, body, 100).value();
    return done.lowered ? done.body : std::string("as it was");
  };
  CHECK(capped(Wire::anthropic, "{ \"max_tokens\" : 101, \"x\":1.50}") == "{ \"max_tokens\" : 100, \"x\":1.50}");
  CHECK(capped(Wire::anthropic, R"({"max_tokens":100})") == "as it was");
  CHECK(capped(Wire::anthropic, R"({"max_tokens":1e2})") == "as it was");
  CHECK(capped(Wire::anthropic, R"({"max_tokens":1e3})") == R"({"max_tokens":100})");
  CHECK(capped(Wire::anthropic, R"({"max_tokens":99999999999999999999999})") == R"({"max_tokens":100})");
  CHECK(capped(Wire::anthropic, R"({"max_tokens":null,"tools":[{"max_tokens":500}]})") == "as it was");
  CHECK(capped(Wire::anthropic, R"({"max_completion_tokens":500})") == "as it was");
  CHECK(capped(Wire::openai_chat, R"({"max_tokens":500,"max_completion_tokens":500})") ==
        R"({"max_tokens":100,"max_completion_tokens":100})");
  CHECK(capped(Wire::openai_responses, R"({"max_output_tokens":500,"max_tokens":500})") ==
        R"({"max_output_tokens":100,"max_tokens":500})");
  CHECK_FALSE(cap_output_tokens(Wire::anthropic, "no", 1));
}
