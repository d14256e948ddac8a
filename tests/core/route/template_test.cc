#include "core/route/template.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/result.h"

namespace pg {
namespace {

std::string filled(std::string_view text, const std::string& input) {
  const auto made = PromptTemplate::make(text);
  if (!made) return "at " + made.error().detail;
  JsonDoc doc;
  REQUIRE(doc.parse(input));
  const auto out = made.value().fill(doc.root());
  return out ? out.value() : out.error().message;
}

}  // namespace

TEST_CASE("template: variables become what the input has: texts as they are, everything else as JSON") {
  const std::string input = R"({"text":"a \"b\"\n","n":1.50,"yes":true,"list":[1, "x"],"user":{"name":"Ann","tags":["a"]}})";
  CHECK(filled("<{{text}}>", input) == "<a \"b\"\n>");
  CHECK(filled("{{n}} {{yes}} {{list}}", input) == "1.50 true [1, \"x\"]");
  CHECK(filled("{{user.name}}{{ user.tags }}", input) == "Ann[\"a\"]");
  CHECK(filled("", input).empty());
  CHECK(filled("no braces { } }} here", input) == "no braces { } }} here");
}

TEST_CASE("template: what is missing or null is its default, or an error that names it") {
  CHECK(filled("in {{words|100}} words", "{}") == "in 100 words");
  CHECK(filled("in {{words| a few }} words", R"({"words":null})") == "in  a few  words");
  CHECK(filled("{{note|}}.", "{}") == ".");
  CHECK(filled("{{words}}", "{}") == "input.words is missing");
  CHECK(filled("{{user.name}}", R"({"user":"Ann"})") == "input.user.name is missing");
  CHECK(filled("{{words|100}}", R"({"words":0})") == "0");
  CHECK(filled("{{words|100}}", R"({"words":""})").empty());
}

TEST_CASE("template: two braces are written as four, and an input is never read as a template") {
  CHECK(filled("{{{{not}} a variable", "{}") == "{{not}} a variable");
  CHECK(filled("{{a}}{{b}}", R"({"a":"{{b}}","b":"{{a}}"})") == "{{b}}{{a}}");
}

TEST_CASE("template: a mistake is told with its place") {
  CHECK(filled("ab{{c", "{}") == "at 2");
  CHECK(filled("{{}}", "{}") == "at 0");
  CHECK(filled("x {{a b}}", "{}") == "at 2");
  CHECK(filled("{{a..b}}", "{}") == "at 0");
  CHECK(filled("{{a}} {{#if b}}", "{}") == "at 6");
}

TEST_CASE("template: its variables, each once, with a default only if it has one everywhere") {
  const auto made = PromptTemplate::make("{{b|x}} {{a}} {{b}} {{c|}}{{c|y}}");
  REQUIRE(made);
  const auto& variables = made.value().variables();
  REQUIRE(variables.size() == 3);
  CHECK(variables[0].name == "b");
  CHECK(!variables[0].has_default);
  CHECK(variables[1].name == "a");
  CHECK(!variables[1].has_default);
  CHECK(variables[2].name == "c");
  CHECK(variables[2].has_default);
}

}  // namespace pg
