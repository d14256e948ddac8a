// What went wrong reaches the client in words, whichever way the provider said it.
#include <doctest/doctest.h>

#include <string>

#include "core/wire/reply.h"

namespace pg::test {

TEST_CASE("reply_fault: a compatible server's `detail` is its message") {
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":"no such model"})", 404).message == "no such model");
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":[{"loc":["body","n"],"msg":"too many"},{"msg":"too few"}]})", 422)
            .message == "too many; too few");
  CHECK(read_fault_body(Wire::openai_chat, R"({"detail":{"a":1}})", 500).message == "the provider answered with an error");
  CHECK(read_fault_body(Wire::openai_chat, R"({"error":{"message":"m"},"detail":"d"})", 400).message == "m");
}

TEST_CASE("reply_fault: a 200 without an answer in it is not called an error of the provider's") {
  CHECK(read_fault_body(Wire::openai_chat, R"({"choices":[]})", 200).message == "the provider's reply holds no answer");
  CHECK(read_fault_body(Wire::openai_chat, R"({"error":{"code":500}})", 200).message == "the provider answered with an error");
}

}  // namespace pg::test
