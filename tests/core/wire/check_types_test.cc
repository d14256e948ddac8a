// A value that cannot be said in another dialect is refused by name, as the provider itself would; it never vanishes.
#include "core/wire/check_types.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/wire/translate.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string type_refusal(Wire from, const OrderedJson& wrong) {
  OrderedJson body = {{"model", "m"}};
  if (from == Wire::openai_responses)
    body["input"] = "x";
  else
    body["messages"] = OrderedJson::array({{{"role", "user"}, {"content", "x"}}});
  body.update(wrong);
  const auto result = translate_request(from, from == Wire::anthropic ? Wire::openai_chat : Wire::anthropic, body.dump(), {});
  return result ? "" : result.error().message;
}

struct Wrong {
  const char* body;
  const char* named;
};

}  // namespace

TEST_CASE("check_types: absent and null are as good as any type, the first wrong one is named") {
  JsonDoc doc;
  REQUIRE(doc.parse(R"({"n":null,"t":"x","l":["a",1],"f":"true"})").has_value());
  using Type = ParameterType;
  const auto fine = check_types(
      doc.root(), {{"n", Type::number}, {"absent", Type::object}, {"t", Type::text}, {"t", Type::texts}, {"l", Type::list}});
  CHECK(fine.has_value());
  const auto list = check_types(doc.root(), {{"l", Type::texts}});
  REQUIRE_FALSE(list.has_value());
  CHECK(list.error().message == "`l` must be a string or a list of strings");
  const auto flag = check_types(doc.root(), {{"f", Type::flag}});
  REQUIRE_FALSE(flag.has_value());
  CHECK(flag.error().message == "`f` must be true or false");
}

TEST_CASE("check_types: Chat Completions") {
  for (const Wrong& wrong :
       {Wrong{R"({"temperature":"hot"})", "`temperature`"}, Wrong{R"({"max_tokens":"9"})", "`max_tokens`"},
        Wrong{R"({"stop":[1]})", "`stop`"}, Wrong{R"({"tools":{}})", "`tools`"}, Wrong{R"({"n":"2"})", "`n`"},
        Wrong{R"({"stream":"yes"})", "`stream`"}, Wrong{R"({"tool_choice":5})", "`tool_choice`"},
        Wrong{R"({"tool_choice":"maybe"})", "`tool_choice: maybe`"},
        Wrong{R"({"tool_choice":{"type":"maybe"}})", "`tool_choice.type: maybe`"},
        Wrong{R"({"response_format":{"type":"xml"}})", "`response_format.type: xml`"},
        Wrong{R"({"web_search_options":{}})", "`web_search_options`"}}) {
    CAPTURE(wrong.body);
    CHECK(type_refusal(Wire::openai_chat, OrderedJson::parse(wrong.body)).find(wrong.named) != std::string::npos);
  }
  CHECK(type_refusal(Wire::openai_chat, OrderedJson::parse(R"({"temperature":null,"stop":"x","tool_choice":"auto","n":1})"))
            .empty());
}

TEST_CASE("check_types: Anthropic Messages") {
  for (const Wrong& wrong : {Wrong{R"({"max_tokens":"9"})", "`max_tokens`"}, Wrong{R"({"thinking":"on"})", "`thinking`"},
                             Wrong{R"({"thinking":{"type":"deep"}})", "`thinking.type: deep`"},
                             Wrong{R"({"tool_choice":{"type":"maybe"}})", "`tool_choice.type: maybe`"},
                             Wrong{R"({"output_config":{"format":{"type":"xml"}}})", "`output_config.format.type: xml`"}}) {
    CAPTURE(wrong.body);
    CHECK(type_refusal(Wire::anthropic, OrderedJson::parse(wrong.body)).find(wrong.named) != std::string::npos);
  }
}

TEST_CASE("check_types: Responses") {
  for (const Wrong& wrong : {Wrong{R"({"instructions":[]})", "`instructions`"}, Wrong{R"({"reasoning":"high"})", "`reasoning`"},
                             Wrong{R"({"temperature":"hot"})", "`temperature`"},
                             Wrong{R"({"text":{"format":{"type":"xml"}}})", "`text.format.type: xml`"}}) {
    CAPTURE(wrong.body);
    CHECK(type_refusal(Wire::openai_responses, OrderedJson::parse(wrong.body)).find(wrong.named) != std::string::npos);
  }
}

}  // namespace pg::test
