#include "core/wire/anthropic_schema.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/wire/translate.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson fitted(std::string_view schema, bool& changed) {
  return OrderedJson::parse(anthropic_schema(schema, changed));
}

}  // namespace

TEST_CASE("constraints that Anthropic refuses become words, and objects are closed") {
  bool changed = false;
  const OrderedJson out = fitted(R"({"type":"object","required":["n","tags"],"properties":{
      "n":{"type":"integer","minimum":1,"maximum":9,"description":"How many."},
      "s":{"type":"string","maxLength":5,"format":"color"},
      "tags":{"type":"array","minItems":2,"items":{"type":"object","properties":{"minimum":{"type":"string"}}}}},
      "$defs":{"u":{"type":"string","format":"uuid"}}})",
                                 changed);
  CHECK(changed);
  const OrderedJson& n = out["properties"]["n"];
  CHECK_FALSE(n.contains("minimum"));
  CHECK(n["description"] == "How many.\n\n{minimum: 1, maximum: 9}");
  CHECK(out["properties"]["s"] == OrderedJson{{"type", "string"}, {"description", "{maxLength: 5, format: \"color\"}"}});
  CHECK(out["properties"]["tags"]["description"] == "{minItems: 2}");
  // A member that is called like a keyword is none.
  CHECK(out["properties"]["tags"]["items"]["properties"].contains("minimum"));
  CHECK(out["properties"]["tags"]["items"]["additionalProperties"] == false);
  CHECK(out["additionalProperties"] == false);
  CHECK(out["$defs"]["u"]["format"] == "uuid");
}

TEST_CASE("a schema that Anthropic takes stays as it was spelled") {
  for (
      const char* schema :
      {R"({ "type" : "object", "additionalProperties" : false, "properties" : {"a" : {"type":"array","minItems":1,"items":{}}}})",
       R"({"type":"string","enum":["minimum"],"default":{"maximum":1}})", "{}", "[]", "no JSON"}) {
    bool changed = false;
    CHECK(anthropic_schema(schema, changed) == schema);
    CHECK_FALSE(changed);
  }
}

TEST_CASE("to Anthropic: answers and strict tools are held to schemas it takes, by models that can be") {
  const std::string ask =
      R"({"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":)"
      R"({"name":"a","strict":true,"schema":{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}}},"tools":[)"
      R"({"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}}}},)"
      R"({"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{"n":{"minimum":1}}}}}]})";
  const auto out = translate_request(Wire::openai_chat, Wire::anthropic, ask, {});
  REQUIRE(out.has_value());
  const OrderedJson body = OrderedJson::parse(out->body);
  CHECK(body["output_config"]["format"]["schema"]["additionalProperties"] == false);
  CHECK_FALSE(body["output_config"]["format"]["schema"]["properties"]["n"].contains("minimum"));
  CHECK(body["tools"][0]["input_schema"]["additionalProperties"] == false);
  CHECK(body["tools"][1]["input_schema"]["properties"]["n"]["minimum"] == 1);
  CHECK(out->warnings == std::vector<std::string>{"change:tools.parameters", "change:response_format.schema"});
  TranslateOptions older;
  older.structured_output = false;
  const auto bare = translate_request(Wire::openai_chat, Wire::anthropic, ask, older);
  REQUIRE(bare.has_value());
  CHECK_FALSE(OrderedJson::parse(bare->body).contains("output_config"));
  CHECK_FALSE(OrderedJson::parse(bare->body)["tools"][0].contains("strict"));
  CHECK(bare->warnings == std::vector<std::string>{"drop:tools.strict", "drop:response_format"});
}

}  // namespace pg::test
