#include "core/wire/json_doc.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/wire/json_out.h"
#include "tests/support/gen.h"
#include "tests/support/json_gen.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// The document again, through views and a writer.
void copy_value(JsonView value, JsonOut& out) {
  if (value.is_object()) {
    out.open_object();
    for (JsonView member : value) {
      out.key(json_escaped(member.key()));
      copy_value(member, out);
    }
    out.close_object();
  } else if (value.is_array()) {
    out.open_array();
    for (JsonView element : value) copy_value(element, out);
    out.close_array();
  } else if (value.is_string()) {
    out.string(value.text());
  } else {
    out.raw(value.raw());
  }
}

}  // namespace

TEST_CASE("views find what is there and say no to the rest") {
  JsonDoc doc;
  const std::string text = R"( {"a":[1,{"b":"x\u00e9"},-2.5e3],"\u0061b":null,"t":true,"n":12} )";
  REQUIRE(doc.parse(text).has_value());
  const JsonView root = doc.root();
  CHECK(root.size() == 4);
  CHECK(root["a"].size() == 3);
  CHECK(root["a"].first().next()["b"].text() == "xé");
  CHECK(root["a"].raw() == R"([1,{"b":"x\u00e9"},-2.5e3])");
  CHECK(root["ab"].is_null());
  CHECK_FALSE(root["ab"].given());
  CHECK(root["t"].is_true());
  CHECK(root["n"].number(0) == 12);
  CHECK(root["a"]["b"]["c"].text().empty());
  CHECK_FALSE(root["missing"]);
  CHECK(root["missing"].size() == 0);
  for (JsonView none : root["missing"]) FAIL(none.raw());
}

TEST_CASE("of doubled keys the last one counts") {
  JsonDoc doc;
  const std::string text = R"({"a":1,"a":2})";
  REQUIRE(doc.parse(text).has_value());
  CHECK(doc.root()["a"].number(0) == 2);
}

TEST_CASE("numbers: what is no count is the default") {
  JsonDoc doc;
  const std::string text = R"([1.9,1e3,99999999999999999999,"5",-3])";
  REQUIRE(doc.parse(text).has_value());
  std::vector<std::int64_t> seen;
  for (JsonView value : doc.root()) seen.push_back(value.number(-7));
  CHECK(seen == std::vector<std::int64_t>{1, -7, -7, -7, -3});
}

TEST_CASE("what is no JSON is refused, and leaves an empty document") {
  JsonDoc doc;
  for (const std::string& bad :
       {std::string(""), std::string("{"), std::string("{\"a\":1}x"), std::string("\"\xff\""), std::string(300, '[')}) {
    CHECK_FALSE(doc.parse(bad).has_value());
    CHECK_FALSE(doc.root());
  }
}

TEST_CASE("any document comes out as it went in") {
  PG_GEN(gen);
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_json(gen, 4);
    JsonDoc doc;
    REQUIRE(doc.parse(text).has_value());
    std::string copy;
    JsonOut out(copy);
    copy_value(doc.root(), out);
    const OrderedJson expected = OrderedJson::parse(text, nullptr, false);
    if (!expected.is_discarded()) CHECK(OrderedJson::parse(copy) == expected);
  }
}

TEST_CASE("half surrogates are mended, whole ones left alone") {
  CHECK(mend_surrogates(R"({"a":"x\ud83d"})") == R"({"a":"x\ufffd"})");
  CHECK(mend_surrogates(R"({"a":"\uDE42x"})") == R"({"a":"\ufffdx"})");
  CHECK(mend_surrogates(R"({"a":"\ud83d\ude42\\ud83d"})") == R"({"a":"\ud83d\ude42\\ud83d"})");
  CHECK(mend_surrogates(R"({"a":"\ud83d\ud83d\ude42"})") == R"({"a":"\ufffd\ud83d\ude42"})");
  CHECK(mend_surrogates("{}") == "{}");
}

}  // namespace pg::test
