// What Anthropic refuses and others do not: turns without their thought, schemas without a type, texts of blanks.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/wire/translate.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

TEST_CASE("a tool turn whose foreign thought was cut out turns thinking off, for a budget alone") {
  const auto stripped = [](const std::string& thinking, const std::string& blocks, std::vector<std::string>& warnings) {
    const std::string body = R"({"thinking":)" + thinking +
                             R"(,"context_management":{"edits":[{"type":"clear_thinking_20251015"},{"type":"clear_tool_uses"}]},)"
                             R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":[)" +
                             blocks +
                             R"(]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]})";
    return OrderedJson::parse(strip_carriers(Wire::anthropic, body, warnings).value());
  };
  const std::string budget = R"({"type":"enabled","budget_tokens":2000})";
  const std::string foreign = R"({"type":"thinking","thinking":"a","signature":"pg:openai:x"},)";
  const std::string own = R"({"type":"thinking","thinking":"a","signature":"c2ln"},)";
  const std::string text = R"({"type":"text","text":"b"})", call = R"({"type":"tool_use","id":"t","name":"f","input":{}})";
  std::vector<std::string> warnings;
  const OrderedJson off = stripped(budget, foreign + call, warnings);
  CHECK(off["thinking"] == OrderedJson{{"type", "disabled"}});
  CHECK(off["context_management"]["edits"].size() == 1);
  CHECK(warnings == std::vector<std::string>{"drop:thinking.enabled"});
  CHECK(stripped(budget, foreign + text + "," + call, warnings)["thinking"]["type"] == "disabled");
  warnings.clear();
  CHECK(stripped(R"({"type":"adaptive"})", foreign + call, warnings)["thinking"]["type"] == "adaptive");
  CHECK(stripped(budget, foreign + text, warnings)["thinking"]["type"] == "enabled");
  CHECK(stripped(budget, own + foreign + call, warnings)["thinking"]["type"] == "enabled");
  CHECK(stripped(budget, foreign + own + call, warnings)["context_management"]["edits"].size() == 2);
  CHECK(warnings.empty());
}

TEST_CASE("to Anthropic: stops of blanks alone are left out, files that it does not read are refused") {
  const auto blank = translate_request(Wire::openai_chat, Wire::anthropic,
                                       R"({"model":"m","stop":["\n\n","END"],"messages":[{"role":"user","content":"x"}]})", {});
  REQUIRE(blank.has_value());
  CHECK(blank->body.find(R"("stop_sequences":["END"])") != std::string::npos);
  CHECK(blank->warnings == std::vector<std::string>{"change:stop"});
  const auto file = [](const std::string& type) {
    return translate_request(
        Wire::openai_responses, Wire::anthropic,
        R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","filename":"a","file_data":"data:)" + type +
            R"(;base64,aGk="}]}]})",
        {});
  };
  CHECK(file("application/pdf").has_value());
  CHECK(file("text/plain").has_value());
  const auto refused = file("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("`file (application/vnd.openxml") == 0);
}

TEST_CASE("to Anthropic: a schema has a type, and texts of blanks alone are left out") {
  OrderedJson body = {{"model", "m"}, {"messages", OrderedJson::array({{{"role", "user"}, {"content", "x"}}})}};
  const auto to_anthropic = [&] {
    const auto result = translate_request(Wire::openai_chat, Wire::anthropic, body.dump(), {});
    REQUIRE(result.has_value());
    return OrderedJson::parse(result->body);
  };
  const auto schema_of = [&](const OrderedJson& parameters) {
    body["tools"] = OrderedJson::array({{{"type", "function"}, {"function", {{"name", "f"}, {"parameters", parameters}}}}});
    return to_anthropic()["tools"][0]["input_schema"];
  };
  CHECK(schema_of(OrderedJson::object()) == OrderedJson{{"type", "object"}});
  const OrderedJson untyped = {{"properties", {{"a", {{"type", "string"}}}}}};
  CHECK(schema_of(untyped) == OrderedJson{{"type", "object"}, {"properties", untyped["properties"]}});
  const OrderedJson typed = {{"properties", OrderedJson::object()}, {"type", "object"}};
  CHECK(schema_of(typed) == typed);
  body["messages"] = {{{"role", "user"}, {"content", " \n"}},
                      {{"role", "user"}, {"content", {{{"type", "text"}, {"text", "\t"}}, {{"type", "text"}, {"text", "x"}}}}}};
  const OrderedJson messages = to_anthropic()["messages"];
  REQUIRE(messages.size() == 1);
  CHECK(messages[0]["content"] == OrderedJson::array({{{"type", "text"}, {"text", "x"}}}));
}

}  // namespace
}  // namespace pg::test
