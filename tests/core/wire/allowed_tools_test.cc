// OpenAI's allowed_tools, told to those who know it and made of what is offered to those who do not; threads refused in words.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/wire/translate.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using Json = nlohmann::json;

std::string chat_body(const char* mode, const char* allowed) {
  return std::string(
             R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a"}},)") +
         R"({"type":"function","function":{"name":"b"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":")" +
         mode + R"(","tools":[)" + allowed + "]}}}";
}

const char* const kOnlyB = R"({"type":"function","function":{"name":"b"}})";

}  // namespace

TEST_CASE("allowed_tools keeps its shape between OpenAI's dialects") {
  const auto out = translate_request(Wire::openai_chat, Wire::openai_responses, chat_body("required", kOnlyB), {});
  REQUIRE(out);
  const Json body = Json::parse(out->body);
  CHECK(body["tools"].size() == 2);
  CHECK(body["tool_choice"] ==
        Json::parse(R"({"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"b"}]})"));
  CHECK(out->warnings.empty());
  TranslateOptions openai;
  openai.custom_tools = true;
  const auto back = translate_request(Wire::openai_responses, Wire::openai_chat, out->body, openai);
  REQUIRE(back);
  CHECK(Json::parse(back->body)["tool_choice"] == Json::parse(chat_body("required", kOnlyB))["tool_choice"]);
}

TEST_CASE("others are offered what may be called, and told so in a warning") {
  for (const Wire to : {Wire::anthropic, Wire::gemini, Wire::cohere}) {
    const auto out = translate_request(Wire::openai_chat, to, chat_body("auto", kOnlyB), {});
    REQUIRE(out);
    CHECK(out->body.find("\"a\"") == std::string::npos);
    CHECK(out->body.find("\"b\"") != std::string::npos);
    CHECK(out->warnings == std::vector<std::string>{"change:tool_choice.allowed_tools"});
  }
  const auto none = translate_request(Wire::openai_chat, Wire::anthropic, chat_body("auto", ""), {});
  REQUIRE(none);
  CHECK(Json::parse(none->body)["tool_choice"]["type"] == "none");
  const auto unknown = translate_request(Wire::openai_chat, Wire::anthropic,
                                         chat_body("required", R"({"type":"function","function":{"name":"zz"}})"), {});
  REQUIRE(unknown);
  CHECK(Json::parse(unknown->body)["tool_choice"]["type"] == "none");
}

TEST_CASE("a thread that cannot cross is refused with the word that makes the SDK send its history instead") {
  const auto out = translate_request(
      Wire::anthropic, Wire::openai_chat,
      R"({"model":"m","max_tokens":9,"thread":{"type":"continue","previous_message_id":"msg_1"},"messages":[]})", {});
  REQUIRE_FALSE(out);
  const Json body = Json::parse(write_error_body(DialectId::anthropic, out.error(), "01ID"));
  CHECK(body["error"]["type"] == "invalid_request_error");
  CHECK(body["error"]["details"]["error_code"] == "thread_unsupported_request");
  const auto other =
      translate_request(Wire::anthropic, Wire::openai_chat, R"({"model":"m","max_tokens":9,"container":"c","messages":[]})", {});
  REQUIRE_FALSE(other);
  CHECK_FALSE(Json::parse(write_error_body(DialectId::anthropic, other.error(), "01ID"))["error"].contains("details"));
}

}  // namespace pg
