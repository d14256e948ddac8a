#include "core/route/schema.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "tests/support/result.h"

namespace pg {
namespace {

std::string schema_flaws(const std::string& schema, const std::string& value) {
  const auto made = JsonSchema::make(schema);
  if (!made) return "schema: " + made.error().message;
  return fmt::format("{}", fmt::join(made.value()->find_flaws(value), "; "));
}
bool fits(const std::string& schema, const std::string& value) {
  return schema_flaws(schema, value).empty();
}
std::string refused(const std::string& schema) {
  const auto made = JsonSchema::make(schema);
  return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("schema: types, and whole numbers however they are spelt") {
  CHECK(fits(R"({"type":"integer"})", "3"));
  CHECK(fits(R"({"type":"integer"})", "3.0"));
  CHECK(fits(R"({"type":"integer"})", "1e3"));
  CHECK(schema_flaws(R"({"type":"integer"})", "3.5") == "must be an integer");
  CHECK(schema_flaws(R"({"type":["string","null"]})", "true") == "must be null or a string");
  CHECK(fits(R"({"type":"number"})", "12345678901234567890123"));
  CHECK(fits("true", "[1]"));
  CHECK(schema_flaws("false", "1") == "is not allowed");
  CHECK(schema_flaws(R"({"type":"string"})", "{") == "is no JSON");
}

TEST_CASE("schema: numbers, texts and their bounds") {
  CHECK(schema_flaws(R"({"minimum":1,"maximum":3})", "4") == "must not be above 3");
  CHECK(schema_flaws(R"({"exclusiveMinimum":1.5})", "1.5") == "must be above 1.5");
  CHECK(fits(R"({"exclusiveMaximum":2})", "1.9"));
  CHECK(fits(R"({"multipleOf":0.1})", "0.3"));
  CHECK(schema_flaws(R"({"multipleOf":5})", "12") == "must be a multiple of 5");
  CHECK(fits(R"({"minLength":3,"maxLength":3})", "\"\xC3\xA4\xC3\xB6\xE2\x82\xAC\""));
  CHECK(schema_flaws(R"({"maxLength":2})", "\"abc\"") == "must have 2 characters at most");
  CHECK(fits(R"({"pattern":"^[A-Z]{2}$"})", "\"DE\""));
  CHECK(schema_flaws(R"({"pattern":"^[A-Z]{2}$"})", "\"de\"") == "does not fit its pattern");
  CHECK(fits(R"({"minimum":5})", "\"a text has no minimum\""));
}

TEST_CASE("schema: values that are listed") {
  CHECK(fits(R"({"enum":["a",1,null]})", "1.0"));
  CHECK(schema_flaws(R"({"enum":["a","b"]})", "\"c\"") == "must be one of \"a\", \"b\"");
  CHECK(schema_flaws(R"({"const":{"a":[1]}})", R"({"a":[2]})") == R"(must be {"a":[1]})");
}

TEST_CASE("schema: objects; a name that is the caller's own is never repeated") {
  const std::string schema =
      R"({"type":"object","properties":{"text":{"type":"string"},"n":{"type":"integer"}},"required":["text"],"additionalProperties":false})";
  CHECK(fits(schema, R"({"text":"a","n":1})"));
  CHECK(schema_flaws(schema, "{}") == "text is missing");
  CHECK(schema_flaws(schema, R"({"n":"x"})") == "text is missing; n must be an integer");
  CHECK(schema_flaws(schema, R"({"text":"a","tezt":1})") == "has a member that is not known; did you mean \"text\"?");
  CHECK(schema_flaws(schema, R"({"text":"a","jane.doe@example.com":1})") == "has a member that is not known");
  const std::string open = R"({"additionalProperties":{"type":"object","properties":{"n":{"type":"null"}}}})";
  CHECK(schema_flaws(open, R"({"secret name":{"n":1}})") == "*.n must be null");
  CHECK(schema_flaws(R"({"patternProperties":{"^x-":{"type":"string"}}})", R"({"x-a":1,"y":2})") == "* must be a string");
  CHECK(schema_flaws(R"({"propertyNames":{"maxLength":2}})", R"({"abc":1})") == "has a member whose name does not fit");
  CHECK(schema_flaws(R"({"minProperties":2})", R"({"a":1})") == "must have 2 members at least");
  CHECK(schema_flaws(R"({"dependentRequired":{"card":["name"]}})", R"({"card":1})") == "name is missing beside card");
  CHECK(schema_flaws(R"({"dependentSchemas":{"card":{"required":["name"]}}})", R"({"card":1})") == "name is missing");
}

TEST_CASE("schema: arrays") {
  CHECK(schema_flaws(R"({"items":{"type":"object","properties":{"age":{"type":"integer"}}}})", R"([{"age":1},{"age":"2"}])") ==
        "[1].age must be an integer");
  CHECK(schema_flaws(R"({"properties":{"list":{"items":{"type":"string"}}}})", R"({"list":["a",2]})") ==
        "list[1] must be a string");
  CHECK(fits(R"({"prefixItems":[{"type":"string"}],"items":{"type":"integer"}})", R"(["a",1,2])"));
  CHECK(!fits(R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a",1])"));
  CHECK(!fits(R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a",1])"));
  CHECK(schema_flaws(R"({"minItems":2})", "[1]") == "must have 2 items at least");
  CHECK(schema_flaws(R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2,"a":1}])") == "must not hold anything twice");
  CHECK(fits(R"({"uniqueItems":true})", R"([1,"1",[1],{"a":1}])"));
  CHECK(fits(R"({"contains":{"const":1}})", "[2,1]"));
  CHECK(!fits(R"({"contains":{"const":1}})", "[2]"));
  CHECK(fits(R"({"contains":{"const":1},"minContains":0})", "[2]"));
  CHECK(!fits(R"({"contains":{"const":1},"maxContains":1})", "[1,1]"));
}

TEST_CASE("schema: what is put together") {
  CHECK(fits(R"({"anyOf":[{"type":"string"},{"minimum":3}]})", "4"));
  CHECK(schema_flaws(R"({"anyOf":[{"type":"string"},{"minimum":3}]})", "1") == "fits none of its alternatives");
  CHECK(schema_flaws(R"({"oneOf":[{"type":"integer"},{"minimum":3}]})", "4") == "fits more than one of its alternatives");
  CHECK(schema_flaws(R"({"allOf":[{"minimum":1},{"maximum":2}]})", "5") == "must not be above 2");
  CHECK(schema_flaws(R"({"not":{"type":"null"}})", "null") == "is what it must not be");
  const std::string either =
      R"({"if":{"properties":{"kind":{"const":"a"}}},"then":{"required":["x"]},"else":{"required":["y"]}})";
  CHECK(fits(either, R"({"kind":"a","x":1})"));
  CHECK(schema_flaws(either, R"({"kind":"b"})") == "y is missing");
}

TEST_CASE("schema: references into itself, however deep; none without an end, and none to elsewhere") {
  const std::string tree =
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"a/b~":{"type":"null"}},"additionalProperties":false}}})";
  std::string deep = "{}";
  for (int i = 0; i < 100; ++i) deep = R"({"next":)" + deep + "}";
  CHECK(fits(tree, deep));
  CHECK(schema_flaws(tree, R"({"next":{"next":{"other":1}}})") == "next.next has a member that is not known");
  CHECK(fits(R"({"properties":{"a/b~":{"type":"null"},"same":{"$ref":"#/properties/a~1b~0"}}})", R"({"same":null})"));
  CHECK(fits(R"({"items":[{"type":"string"},{"$ref":"#/items/0"}]})", R"(["a","b"])"));
  CHECK(refused(R"({"$ref":"#"})") == "/: refers to itself without end");
  CHECK(refused(R"({"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"allOf":[{"$ref":"#"}]}}})").ends_with("without end"));
  CHECK(refused(R"({"$ref":"https://example.com/s.json"})").starts_with("/$ref: refers to a place outside"));
  CHECK(refused(R"({"$ref":"#/nowhere"})") == "/$ref: refers to nothing");
  CHECK(refused(R"({"$ref":"#/a/9","a":[true]})") == "/$ref: refers to nothing");
}

TEST_CASE("schema: a word that is not checked is refused, wherever it stands") {
  CHECK(refused(R"({"properties":{"a":{"minLenght":3}}})") ==
        "/properties/a: \"minLenght\" is not checked here; did you mean \"minLength\"?");
  CHECK(refused(R"({"x-order":1,"properties":{"a":{"x-hint":"y"}}})").empty());
  CHECK(schema_flaws("true", "1e400") == "holds a number beyond all measure");
  CHECK(refused(R"({"unevaluatedProperties":false})") == "/: \"unevaluatedProperties\" is not checked here");
  CHECK(refused(R"({"$defs":{"unused":{"type":"text"}}})") ==
        "/$defs/unused/type: the types are null, boolean, string, array, object, integer and number");
  CHECK(refused(R"j({"pattern":"(?=x)"})j").starts_with("/pattern: this pattern is not understood"));
  CHECK(refused("[]") == "/: a schema is an object, true or false");
  CHECK(refused("{") != "");
  CHECK(refused(R"({"minLength":-1})") == "/minLength: must be a whole number that is not negative");
  CHECK(refused(R"({"title":"t","description":"d","default":1,"examples":[1],"format":"date","$schema":"x","$comment":"y"})")
            .empty());
}

TEST_CASE("schema: alternatives inside alternatives do not take for ever") {
  const std::string wild =
      R"({"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/n"}},{"type":"array","prefixItems":[{"$ref":"#/$defs/n"}]},{"type":"null"}]}}})";
  std::string deep = "1";
  for (int i = 0; i < 200; ++i) deep = "[" + deep + "]";
  CHECK(schema_flaws(wild, deep) == "is too intricate to be checked");
  std::string wide = "[null";
  for (int i = 0; i < 50'000; ++i) wide += ",null";
  CHECK(fits(R"({"type":"array","items":{"type":"null"}})", wide + "]"));
}

TEST_CASE("schema: no more flaws than were asked for") {
  const auto made = JsonSchema::make(R"({"required":["a","b","c","d"]})");
  REQUIRE(made);
  CHECK(made.value()->find_flaws("{}", 2).size() == 2);
}

TEST_CASE("schema: strict as OpenAI has it is closed, with every member required, all the way down") {
  const auto strict = [](const std::string& schema) { return JsonSchema::make(schema).value()->is_strict(); };
  CHECK(strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"));
  CHECK(!strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})"));
  CHECK(!strict(R"({"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false})"));
  CHECK(!strict(
      R"({"type":"object","properties":{"a":{"type":"object","properties":{}}},"required":["a"],"additionalProperties":false})"));
}

}  // namespace pg
