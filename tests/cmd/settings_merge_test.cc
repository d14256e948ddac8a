#include "cmd/settings_merge.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/model_wire.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

const std::string kPatch = R"({"env":{"BASE":"http://x","KEY":"k"},"model":"m"})";

std::string merged_text(const std::string& before) {
  return merge_json(before, kPatch).value().text;
}

// There and back again.
std::string undone(const std::string& before) {
  const MergedJson merged = merge_json(before, kPatch).value();
  CHECK(has_values(merged.text, merged.values));
  return unmerge_json(merged.text, merged).value();
}

std::string refusal(const std::string& before) {
  const auto merged = merge_json(before, kPatch);
  return merged ? "" : merged.error().message;
}

}  // namespace

TEST_CASE("settings: values are merged in where they belong, and the rest keeps its place") {
  CHECK(merged_text("") == "{\n  \"env\": {\n    \"BASE\": \"http://x\",\n    \"KEY\": \"k\"\n  },\n  \"model\": \"m\"\n}\n");
  CHECK(merged_text("{\n    \"z\": 1,\n    \"env\": {\n        \"OTHER\": \"o\",\n        \"KEY\": \"old\"\n    }\n}") ==
        "{\n    \"z\": 1,\n    \"env\": {\n        \"OTHER\": \"o\",\n        \"KEY\": \"k\",\n        \"BASE\": \"http://x\"\n  "
        "  },\n"
        "    \"model\": \"m\"\n}");
  CHECK(merged_text("{\n\t\"z\": []\n}\n").starts_with("{\n\t\"z\": [],\n\t\"env\": {\n\t\t\"BASE\""));
}

TEST_CASE("settings: what was there comes back, byte for byte where it was laid out by the same program") {
  for (const std::string before :
       {"{}\n", "{\n  \"a\": \"b\"\n}\n", "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"env\": {\n    \"KEY\": \"old\"\n  }\n}",
        "{\n  \"model\": null,\n  \"env\": {}\n}\n"}) {
    CAPTURE(before);
    CHECK(undone(before) == before);
  }
}

TEST_CASE("settings: what was changed since is left alone") {
  const MergedJson merged = merge_json("{\"model\": \"old\"}", kPatch).value();
  const std::string now = R"({"model":"mine","env":{"BASE":"http://x","KEY":"k","NEW":"n"},"more":true})";
  CHECK_FALSE(has_values(now, merged.values));
  CHECK(unmerge_json(now, merged).value() ==
        "{\n  \"model\": \"mine\",\n  \"env\": {\n    \"NEW\": \"n\"\n  },\n  \"more\": true\n}");
}

TEST_CASE("settings: what would be lost is refused") {
  CHECK(refusal("[]").find("no JSON object") != std::string::npos);
  CHECK(refusal("{\"a\": 1} // mine").find("no JSON object") != std::string::npos);
  CHECK(refusal("{\"a\": 1.50}").find("spelled differently") != std::string::npos);
  CHECK(refusal("{\"a\": \"\\u0041\"}").find("spelled differently") != std::string::npos);
  CHECK(refusal("{\"a\": 1, \"a\": 2}").find("spelled differently") != std::string::npos);
  CHECK(refusal("{\"env\": \"none\"}").find("at env") != std::string::npos);
  CHECK(refusal("{\"a\": " + std::string(100, '[') + std::string(100, ']') + "}").find("too deeply") != std::string::npos);
  CHECK(refusal("{\"a\": \"{[{[\\\"\"}").empty());
}

TEST_CASE("settings: a block stands between its marks, above all else, and goes without a trace") {
  for (const std::string before : {"", "x = 1\n", "x = 1", "\n\n[t]\ny = 2\r\n"}) {
    CAPTURE(before);
    const std::string with = add_block(before, "a = 1\nb = 2\n").value();
    CHECK(with.starts_with("# >>> promptgate\na = 1\nb = 2\n# <<< promptgate\n"));
    CHECK(drop_block(with) == before);
    CHECK_FALSE(add_block(with, "c = 3").has_value());
  }
  CHECK(drop_block("first\n# >>> promptgate\na\n# <<< promptgate\n\nlast\n") == "first\nlast\n");
  CHECK(drop_block("# >>> promptgate\nno end\n") == "# >>> promptgate\nno end\n");
  CHECK(drop_block("# <<< promptgate\n# >>> promptgate\n") == "# <<< promptgate\n# >>> promptgate\n");
  CHECK(drop_block("say \"# >>> promptgate\"\n# <<< promptgate\n") == "say \"# >>> promptgate\"\n# <<< promptgate\n");
}

TEST_CASE("settings: the lines that differ are shown with three around, and no secret in them") {
  CHECK(line_diff("1\n2\n3\n4\n5\nold\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nnew\n6\n7\n8\n9\n", "f") ==
        "--- f\n+++ f\n 3\n 4\n 5\n-old\n+new\n 6\n 7\n 8\n");
  CHECK(line_diff("", "a\n", "f") == "--- f\n+++ f\n+a\n");
  CHECK(line_diff("a\n", "", "f") == "--- f\n+++ f\n-a\n");
  const std::string id = test::make_aws_key_id();
  CHECK(line_diff(id + "\n", "a\n", "f").find(id) == std::string::npos);
  CHECK(line_diff("", "\x1b[2J\n", "f").find('\x1b') == std::string::npos);
}
