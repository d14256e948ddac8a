// What went wrong reaches the client in words, whichever way the provider said it.
#include <doctest/doctest.h>

#include <string>

#include "core/wire/reply.h"

namespace pg::test {

TEST_CASE("reply_fault: a compatible server's `detail` is its message") {
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":"no such model"})", 404).message == "no such model");
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":[{"loc":["body","n"],"msg":"too many"},{"msg":"too few"}]})", 422)
            .message == "n: too many; too few");
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":{"a":1}})", 500).message == "the provider answered with an error");
  CHECK(read_fault_body(Wire::openai_chat, R"({"error":{"message":"m"},"detail":"d"})", 400).message == "m");
}

TEST_CASE("reply_fault: what Mistral refuses reaches the client with its place") {
  const std::string_view flaws =
      R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs )"
      R"(are not permitted","input":{}}]},"type":"invalid_request_error","param":null,"code":null})";
  CHECK(read_fault_body(Wire::openai_chat, flaws, 422).message == "stream_options: Extra inputs are not permitted");
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":[{"loc":["body","messages",2,"name"],"msg":"x"}]})", 422).message ==
        "messages.2.name: x");
  CHECK(read_fault_body(Wire::openai_chat, R"({"message":{"detail":"no"}})", 422).message == "no");
}

TEST_CASE("reply_fault: a conversation that is too long is called so in OpenAI's word for it") {
  const ReplyFault fault = read_fault_body(
      Wire::anthropic,
      R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209000 tokens > 200000 maximum"}})",
      400);
  CHECK(fault.code == "context_length_exceeded");
  CHECK(write_fault(Wire::openai_responses, fault).find(R"("code":"context_length_exceeded")") != std::string::npos);
  CHECK(write_fault(Wire::anthropic, fault).find("context_length") == std::string::npos);
  CHECK(read_fault_body(Wire::anthropic, R"({"error":{"type":"invalid_request_error","message":"bad"}})", 400).code.empty());
}

TEST_CASE("reply_fault: a 200 without an answer in it is not called an error of the provider's") {
  CHECK(read_fault_body(Wire::openai_chat, R"({"choices":[]})", 200).message == "the provider's reply holds no answer");
  CHECK(read_fault_body(Wire::openai_chat, R"({"error":{"code":500}})", 200).message == "the provider answered with an error");
}

}  // namespace pg::test
