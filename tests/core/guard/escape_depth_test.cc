#include "core/guard/escape_depth.h"

#include <doctest/doctest.h>

#include <string>

namespace pg {
namespace {

int level_after(TextForm form, std::string_view text) {
  EscapeDepth depth(form);
  for (char c : text) depth.pass(std::string_view(&c, 1));
  return depth.level();
}

TEST_CASE("escape depth: JSON text in a string, and JSON in its strings") {
  const auto level = [](std::string_view text) { return level_after(TextForm::json_text, text); };
  CHECK(level("") == 1);
  CHECK(level(R"(\")") == 2);
  CHECK(level(R"({\"a\":)") == 1);
  CHECK(level(R"({\"a\":\")") == 2);
  CHECK(level(R"({\"a\":\"x\")") == 1);
  CHECK(level(R"({\"a\":\"{\\\"b\\\":)") == 2);
  CHECK(level(R"({\"a\":\"{\\\"b\\\":\\\")") == 3);
  CHECK(level(R"({\"a\":\"{\\n  \\\"b\\\": \\\")") == 3);
  CHECK(level(R"({\"a\":\"[\\\"x\\\", \\\")") == 3);
  CHECK(level(R"({\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"c\\\\\\\":\\\\\\\")") == 4);
  CHECK(level(R"({\"a\":\"{\\\"b\\\":\\\"x\\\"}\",\"c\":\")") == 2);
}

TEST_CASE("escape depth: a whole document is outside of its own strings") {
  const auto level = [](std::string_view text) { return level_after(TextForm::document, text); };
  CHECK(level("") == 0);
  CHECK(level("\"") == 1);  // JSON that is a string
  CHECK(level(R"({"a":)") == 0);
  CHECK(level(R"({"a":")") == 1);
  CHECK(level("{\n\t\"a\" :\r\n \"") == 1);
  CHECK(level(R"({"a":"x\"y")") == 0);
  CHECK(level(R"({"a":["b","c)") == 1);
  CHECK(level(R"({"a":"{\"b\":\")") == 2);
  CHECK(level("data: {\"a\":\"x\"}\n\ndata: {\"a\":\"") == 1);
  CHECK(level("He said \"") == 0);
  CHECK(level("{\"a\":\"cut\nnext ") == 0);
}

TEST_CASE("escape depth: quotes of prose, shell and paths open nothing") {
  const auto level = [](std::string_view text) { return level_after(TextForm::json_text, text); };
  CHECK(level(R"({\"cmd\":\"echo \\\")") == 2);
  CHECK(level(R"({\"cmd\":\"say \\\"hi\\\" to )") == 2);
  CHECK(level(R"({\"p\":\"C:\\\\dir\\\\)") == 2);
  CHECK(level(R"({\"p\":\"C:\\\\\",\"q\":\")") == 2);
  CHECK(level(R"({\"cmd\":\"curl -d '{\\\"mail\\\": \\\")") == 3);
  CHECK(level_after(TextForm::plain, R"({\"a\":\")") == 1);
  CHECK(level_after(TextForm::value, R"(say \"hi)") == 1);
  CHECK(level_after(TextForm::value, R"({\"a\":\")") == 2);
}

FoundDepths found_after(TextForm form, std::string_view text, std::string_view value) {
  EscapeDepth depth(form);
  depth.pass(text);
  return depth.found(value);
}

TEST_CASE("escape depth: quotes open strings where JSON, JavaScript, Python and YAML have them") {
  for (const std::string_view text : {R"({\"k\": \")", R"(x = {\"k\": \")", R"(f({k: \")", R"({'k': \")", R"({a: 1, k: \")",
                                      R"([\")", R"([\"x\", \")", R"([\n  \"x\",\n  \")", R"(k: \")", R"(a: 1\n  - some-key: \")",
                                      R"(  12\tk: \")", "  12\xe2\x86\x92k: \\\"", R"(+  \"k\": \")"}) {
    CAPTURE(text);
    CHECK(level_after(TextForm::value, text) == 2);
  }
  for (const std::string_view text :
       {R"(He said: \")", R"(id,name\n1,\")", R"(\"a\",\")", R"(f(x, \")", R"(k = \")", R"({\"k\": \"a\nb)",
        R"({\"k\": \"a\" then \")", R"(x: \"\"\")", R"(size: 5\", then )", R"(so, then: \")"}) {
    CAPTURE(text);
    CHECK(level_after(TextForm::value, text) == 1);
  }
}

TEST_CASE("escape depth: a structured text is JSON when it begins like it") {
  CHECK(level_after(TextForm::structured, R"( {\"k\": \")") == 2);
  CHECK(level_after(TextForm::structured, R"({\"k\": \"{\\\"z\\\": \\\")") == 3);
  CHECK(level_after(TextForm::structured, R"([\"k\", \")") == 2);
  CHECK(level_after(TextForm::structured, R"(Here: {\"k\": \")") == 1);
  CHECK(level_after(TextForm::structured, R"(\"k\")") == 1);
}

TEST_CASE("escape depth: where a value was found decides how often it is escaped") {
  CHECK(found_after(TextForm::value, R"(k )", R"(a\nb)") == 1);
  CHECK(found_after(TextForm::value, R"({\"k\": \")", R"(a\nb)") == 2);
  CHECK(found_after(TextForm::json_text, R"({\"c\":\"{\\\"k\\\": \\\")", R"(a\nb)") == 2);
  CHECK(found_after(TextForm::json_text, R"({\"c\":\"x)", R"(a\nb)") == 1);
  CHECK(found_after(TextForm::value, R"(KEY=\")", R"(a\nb)") == 3);
  CHECK(found_after(TextForm::value, R"(KEY=\")", R"(a\Users)") == 1);
  CHECK(found_after(TextForm::value, R"(KEY=\")", "a\nb") == 1);
  EscapeDepth inside(TextForm::value);
  inside.pass(R"({\"k\": \")");
  CHECK(inside.level_for(1) == 2);
  CHECK(inside.level_for(2) == 1);
  CHECK(inside.level_for(3) == 1);
  CHECK(inside.level_for(4) == 1);
  CHECK(EscapeDepth(TextForm::value).level_for(2) == 1);
}

}  // namespace
}  // namespace pg
