// Gemini's subset of JSON Schema, and its bounds: a few hundred bytes of references can stand for gigabytes.
#include "core/wire/gemini_schema.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "core/wire/translate.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct CutSchema {
  OrderedJson json;
  bool lost = false;
};

CutSchema cut_schema(std::string_view text) {
  GeminiSchemas schemas;
  const std::string cut = schemas.write(text);
  return {cut.empty() ? OrderedJson() : OrderedJson::parse(cut), schemas.lost()};
}

// A schema whose definitions refer to the one below, `width` times each.
std::string tower(int height, int width) {
  std::string text = R"({"type":"object","$defs":{"x0":{"type":"string"})";
  for (int i = 1; i <= height; ++i) {
    text += ",\"x" + std::to_string(i) + R"(":{"type":"object","properties":{)";
    for (int k = 0; k < width; ++k)
      text +=
          std::string(k == 0 ? "" : ",") + "\"m" + std::to_string(k) + R"(":{"$ref":"#/$defs/x)" + std::to_string(i - 1) + "\"}";
    text += "}}";
  }
  return text + R"(},"properties":{"r":{"$ref":"#/$defs/x)" + std::to_string(height) + "\"}}}";
}

constexpr std::string_view kTree = R"({"type":"object","$defs":{"node":{"type":"object","properties":{"value":{"type":"string"},
  "left":{"$ref":"#/$defs/node"},"right":{"$ref":"#/$defs/node"},"also":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},
  "properties":{"tree":{"$ref":"#/$defs/node"}}})";

}  // namespace

TEST_CASE("a type that holds itself ends where it begins anew") {
  const CutSchema tree = cut_schema(kTree);
  const OrderedJson& node = tree.json["properties"]["tree"]["properties"];
  CHECK(node["value"]["type"] == "string");
  CHECK(node["left"] == OrderedJson{{"type", "object"}});
  CHECK(node["also"]["items"] == OrderedJson{{"type", "object"}});
  CHECK(tree.lost);
  for (const char* circle : {R"({"type":"object","properties":{"a":{"$ref":"#/properties/a"}}})",
                             R"({"type":"object","properties":{"a":{"$ref":"#"}}})",
                             R"({"type":"object","properties":{"a":{"allOf":[{"$ref":"#/properties/a"}]}}})",
                             R"({"type":"object","$defs":{"x":{"$ref":"#/$defs/y"},"y":{"$ref":"#/$defs/x"}},)"
                             R"("properties":{"a":{"$ref":"#/$defs/x"}}})"}) {
    const CutSchema cut = cut_schema(circle);
    CHECK(cut.json["properties"]["a"] == OrderedJson{{"type", "object"}});
    CHECK(cut.lost);
  }
  // The same type twice, side by side, is no circle.
  const CutSchema twice = cut_schema(R"({"type":"object","$defs":{"x":{"type":"string"}},
      "properties":{"a":{"$ref":"#/$defs/x"},"b":{"$ref":"#/$defs/x"}}})");
  CHECK(twice.json["properties"]["b"]["type"] == "string");
  CHECK_FALSE(twice.lost);
}

TEST_CASE("what references stand for is bounded over all the tools of a request") {
  OrderedJson tools = OrderedJson::array();
  for (int i = 0; i < 40; ++i) {
    for (const std::string& schema : {std::string(kTree), tower(10, 4), tower(39, 2)})
      tools.push_back({{"name", "t" + std::to_string(tools.size())}, {"input_schema", OrderedJson::parse(schema)}});
  }
  OrderedJson call = {{"model", "m"}, {"max_tokens", 9}, {"tools", tools}};
  call["messages"] = OrderedJson::array({{{"role", "user"}, {"content", "x"}}});
  const std::string body = call.dump();
  const auto out = translate_request(Wire::anthropic, Wire::gemini, body, {});
  REQUIRE(out.has_value());
  CHECK(out->body.size() < body.size() + 2 * GeminiSchemas::kMostInlined);
  CHECK(std::find(out->warnings.begin(), out->warnings.end(), "change:tools.parameters") != out->warnings.end());
  // One tool among them is not small for the others' sake: what it says without references is all there.
  CHECK(cut_schema(tower(3, 3)).lost == false);
}

TEST_CASE("long words in what references stand for count by their length") {
  std::string text =
      R"({"type":"object","$defs":{"x":{"type":"string","description":")" + std::string(4000, 'd') + R"("}},"properties":{)";
  for (int i = 0; i < 1000; ++i) text += "\"m" + std::to_string(i) + R"(":{"$ref":"#/$defs/x"},)";
  text += R"("last":{"type":"string"}}})";
  GeminiSchemas schemas;
  CHECK(schemas.write(text).size() < 3 * GeminiSchemas::kMostInlined);
  CHECK(schemas.lost());
}

TEST_CASE("what Gemini refuses in a schema is mended, and said") {
  const auto member = [](const char* schema) {
    return cut_schema(std::string(R"({"type":"object","properties":{"a":)") + schema + "}}");
  };
  const auto is = [](const CutSchema& cut, const char* json) { return cut.json["properties"]["a"] == OrderedJson::parse(json); };
  CHECK(is(member(R"({"type":"array"})"), R"({"type":"array","items":{"type":"string"}})"));
  CHECK(member(R"({"type":"array"})").lost);
  CHECK(is(member(R"({"const":5})"), R"({"type":"integer"})"));
  CHECK(member(R"({"const":5})").lost);
  CHECK(is(member(R"({"enum":["","x"]})"), R"({"type":"string","enum":["x"]})"));
  CHECK(is(member(R"({"enum":[1,"x"]})"), R"({"type":"string"})"));
  CHECK(is(member(R"({"enum":["y",null]})"), R"({"nullable":true,"type":"string","enum":["y"]})"));
  CHECK_FALSE(member(R"({"enum":["y",null]})").lost);
  const CutSchema required = cut_schema(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a","b","a"]})");
  CHECK(required.json["required"] == OrderedJson::array({"a"}));
  CHECK(required.lost);
}

TEST_CASE("empty objects vanish, null types become nullable") {
  CHECK(cut_schema(R"({"type":"object"})").json.is_null());
  CHECK(cut_schema("[]").json.is_null());
  const CutSchema cut = cut_schema(R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}})");
  CHECK(cut.json == OrderedJson::parse(R"({"type":"object","properties":{"a":{"nullable":true,"type":"string"}}})"));
  CHECK_FALSE(cut.lost);
}

}  // namespace pg::test
