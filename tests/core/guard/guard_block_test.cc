// What a blocked call says: rules and places, the way out, and never a value.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"

namespace pg {
namespace {

using test::guard_body;
using test::Guarded;
using test::kJane;
using test::make_guards;

GuardSettings blocking() {
  GuardSettings settings;
  settings.secrets = Action::block;
  return settings;
}
std::string user_message(std::string_view text) {
  return R"({"role":"user","content":)" + json_quoted(text) + "}";
}

TEST_CASE("a blocked call names its rules and places, and the way out") {
  const std::string key = test::make_aws_key_id();
  const std::string body = R"({"messages":[)" + user_message("hi") + "," + user_message("the key is " + key) + "]}";
  const Guarded guarded = guard_body(body, DialectId::anthropic, *make_guards(blocking()));
  REQUIRE(guarded.call.blocked.size() == 1);
  const Error error = block_error(guarded.call);
  CHECK(error.code == Code::blocked);
  CHECK(error.message.find(guarded.call.blocked[0]) != std::string::npos);
  CHECK(error.message.find("messages[1]") != std::string::npos);
  CHECK(error.message.find("messages[0]") == std::string::npos);
  CHECK(error.message.find("/rewind") != std::string::npos);
  CHECK(error.message.find("/clear") != std::string::npos);
}

TEST_CASE("no part of what pg says of a call holds a value") {
  const std::string values[] = {test::make_aws_key_id(3), test::make_github_token(4), kJane, test::make_iban(),
                                test::make_card()};
  GuardSettings settings = blocking();
  settings.iban = settings.card = Action::block;
  std::string text;
  for (const std::string& value : values) text += value + " ";
  const std::string body = R"({"system":)" + json_quoted(text) + R"(,"messages":[)" + user_message(text) +
                           R"(,{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{)" +
                           json_quoted(values[0]) + ":" + json_quoted(text) + "}}]}]}";
  const Guarded guarded = guard_body(body, DialectId::anthropic, *make_guards(settings));
  CHECK(guarded.call.blocked.size() == 4);
  const Error error = block_error(guarded.call);
  std::string all = error.message + error.detail + guarded.call.places;
  for (const std::string& rule : guarded.call.blocked) all += rule;
  for (const auto& [kind, count] : guarded.call.redacted) all += kind;
  for (const auto& [kind, count] : guarded.call.detected) all += kind;
  for (const std::string& value : values) {
    for (std::size_t at = 0; at + 8 <= value.size(); ++at) CHECK(all.find(value.substr(at, 8)) == std::string::npos);
  }
}

TEST_CASE("each rule is named once, however often it speaks") {
  std::string body = R"({"messages":[)" + user_message("start");
  for (unsigned i = 0; i < 500; ++i) body += "," + user_message("key " + test::make_aws_key_id(i));
  const Guarded guarded = guard_body(body + "]}", DialectId::anthropic, *make_guards(blocking()));
  CHECK(guarded.call.blocked.size() == 1);
  CHECK(guarded.call.places.size() <= 1024);
  CHECK(block_error(guarded.call).message.size() < 2048);
}

TEST_CASE("every rule is named, also behind hundreds of places of another") {
  std::string body = R"({"messages":[)" + user_message("start");
  for (unsigned i = 0; i < 300; ++i) body += "," + user_message("key " + test::make_aws_key_id(i));
  const Guarded guarded =
      guard_body(body + "," + user_message(test::make_github_token()) + "]}", DialectId::anthropic, *make_guards(blocking()));
  REQUIRE(guarded.call.blocked.size() == 2);
  for (const std::string& rule : guarded.call.blocked) CHECK(block_error(guarded.call).message.find(rule) != std::string::npos);
}

TEST_CASE("a place holds no bytes of the client's that a terminal would obey") {
  const std::string body =
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{"\u001b[31mk\n":)" +
      json_quoted("key " + test::make_aws_key_id()) + "}}]}]}";
  const Guarded guarded = guard_body(body, DialectId::anthropic, *make_guards(blocking()));
  REQUIRE_FALSE(guarded.call.blocked.empty());
  for (const std::string& text : {block_error(guarded.call).message, guarded.call.places}) {
    CHECK(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    CHECK(is_utf8(text));
  }
}

TEST_CASE("signed text is for the record only: the client cannot take it out") {
  const std::string body = R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"use )" +
                           test::make_aws_key_id() + R"(","signature":"s"}]}]})";
  const Guarded guarded = guard_body(body, DialectId::anthropic, *make_guards(blocking()));
  CHECK(guarded.call.blocked.empty());
  CHECK(guarded.call.detected.size() == 1);
}

TEST_CASE("tool definitions and keys can block") {
  const auto guards = make_guards(blocking());
  const std::string key = test::make_aws_key_id();
  for (const std::string& body :
       {R"({"tools":[{"name":"t","description":"use )" + key + R"("}],"messages":[]})",
        R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{")" + key +
            R"(":1}}]}]})"}) {
    CAPTURE(body.substr(0, 20));
    CHECK(guard_body(body, DialectId::anthropic, *guards).call.blocked.size() == 1);
  }
}

TEST_CASE("a value is blocked in any encoding an agent might send it in") {
  const auto guards = make_guards(blocking());
  const std::string key = test::make_aws_key_id(), plain = "[default]\naws_access_key_id = " + key + "\nregion = eu-west-1\n";
  std::string hex;
  for (const char c : key) hex += "\\u00" + to_hex(std::string(1, c));
  const std::string inner = R"({"key":)" + json_quoted(key) + "}";
  for (const std::string& content :
       {json_quoted(plain), "\"" + hex + "\"", json_quoted(inner),
        R"([{"type":"tool_result","tool_use_id":"t","content":)" + json_quoted(plain) + "}]",
        R"([{"type":"document","source":{"type":"base64","media_type":"text/plain","data":)" + json_quoted(to_base64(plain)) +
            "}}]",
        R"([{"type":"document","source":{"type":"text","media_type":"text/plain","data":)" + json_quoted(key) + "}}]",
        R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":)" + json_quoted(key) + "}}]",
        R"([{"type":"unheard_of","deep":[[{"er":)" + json_quoted(plain) + "}]]}]"}) {
    const std::string body = R"({"messages":[{"role":"user","content":)" + content + "}]}";
    CAPTURE(content.substr(0, 60));
    CHECK(guard_body(body, DialectId::anthropic, *guards).call.blocked.size() == 1);
  }
}

TEST_CASE("a secret is blocked as a key too: in arguments, in a message, in a setting") {
  const std::string secret = test::make_github_token();
  const std::string arguments = test::json_text(R"({"env":{")" + secret + R"(":"x"}})");
  for (const std::string& body :
       {R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":")" + arguments + R"("}}]}]})",
        R"({"messages":[{"role":"user","content":"x",")" + secret + R"(":1}]})",
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"x",")" + secret + R"(":1}]}]})",
        R"({"messages":[],"logit_bias":{")" + secret + R"(":1}})", R"({"messages":[],")" + secret + R"(":1})"}) {
    CAPTURE(body);
    CHECK_FALSE(guard_body(body, DialectId::openai_chat, *make_guards(blocking())).call.blocked.empty());
  }
}

}  // namespace
}  // namespace pg
