// A tool call that a provider's length limit cut in two is never told to a client as one that it may run.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/wire/json_balance.h"
#include "tests/support/golden.h"
#include "tests/support/stream_check.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string messages_event(const OrderedJson& data) {
  return "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}

/// A streamed Messages reply that calls `tool` with that much of its input.
std::string anthropic_call(const char* tool, const char* input, const char* stop) {
  return messages_event({{"type", "message_start"}, {"message", {{"id", "msg_1"}, {"model", "m"}}}}) +
         messages_event(
             {{"type", "content_block_start"},
              {"index", 0},
              {"content_block", {{"type", "tool_use"}, {"id", "t"}, {"name", tool}, {"input", OrderedJson::object()}}}}) +
         messages_event({{"type", "content_block_delta"},
                         {"index", 0},
                         {"delta", {{"type", "input_json_delta"}, {"partial_json", input}}}}) +
         messages_event({{"type", "content_block_stop"}, {"index", 0}}) +
         messages_event({{"type", "message_delta"}, {"delta", {{"stop_reason", stop}}}}) +
         messages_event({{"type", "message_stop"}});
}

std::string chat_call(const char* tool, const char* arguments, const char* finish) {
  const OrderedJson call = {{"index", 0}, {"id", "t"}, {"function", {{"name", tool}, {"arguments", arguments}}}};
  const auto chunk = [](const OrderedJson& delta, const OrderedJson& reason) {
    OrderedJson json = {{"id", "c"}, {"model", "m"}};
    json["choices"] = OrderedJson::array({{{"index", 0}, {"delta", delta}, {"finish_reason", reason}}});
    return "data: " + json.dump() + "\n\n";
  };
  return chunk({{"tool_calls", OrderedJson::array({call})}}, nullptr) + chunk(OrderedJson::object(), finish) + "data: [DONE]\n\n";
}

std::string heard(Wire from, Wire to, const std::string& bytes, bool streamed = true, bool events = true) {
  const ReplySource source{200, events, 1u << 20};
  const std::string whole = translate_reply(from, to, bytes, golden_context(to, streamed), source).text;
  if (streamed) CHECK_MESSAGE(check_stream(to, whole) == "", whole);
  CHECK(translate_reply(from, to, bytes, golden_context(to, streamed), source, 7).text == whole);
  return whole;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("half a call of a Messages or Chat provider is never done for a Responses client") {
  for (const char* tool : {"exec", "lookup"}) {
    for (const char* input : {R"({"input":"rm -rf /tmp/a)", R"({"input":"x\)", R"({"a":)", R"({"a":{"b":1})", "{", ""}) {
      CAPTURE(tool);
      CAPTURE(input);
      for (const std::string& out : {heard(Wire::anthropic, Wire::openai_responses, anthropic_call(tool, input, "max_tokens")),
                                     heard(Wire::openai_chat, Wire::openai_responses, chat_call(tool, input, "length"))}) {
        CHECK_FALSE(has(out, "output_item.done"));
        CHECK_FALSE(has(out, "input.done"));
        CHECK_FALSE(has(out, "arguments.done"));
        CHECK_FALSE(has(out, "\"status\":\"completed\""));
        CHECK(has(out, "event: response.incomplete"));
        CHECK(has(out, "\"status\":\"incomplete\",\"call_id\":\"t\""));
      }
    }
  }
}

TEST_CASE("a call that is whole when the reply ends by length is done") {
  for (const char* tool : {"exec", "lookup"}) {
    for (const std::string& out :
         {heard(Wire::anthropic, Wire::openai_responses, anthropic_call(tool, R"({"input":"ls"})", "max_tokens")),
          heard(Wire::openai_chat, Wire::openai_responses, chat_call(tool, R"({"input":"ls"})", "length"))}) {
      CHECK(has(out, "output_item.done"));
      CHECK(has(out, "\"status\":\"completed\",\"call_id\":\"t\""));
      CHECK(has(out, "event: response.incomplete"));
    }
  }
}

TEST_CASE("half a freeform input is not run, whatever its provider calls the end") {
  for (const std::string& out :
       {heard(Wire::anthropic, Wire::openai_responses, anthropic_call("exec", R"({"input":"rm -rf /tmp/a)", "tool_use")),
        heard(Wire::openai_chat, Wire::openai_responses, chat_call("exec", R"({"input":"rm -rf /tmp/a)", "stop"))}) {
    CHECK_FALSE(has(out, "output_item.done"));
    CHECK(has(out, "event: response.incomplete"));
  }
  // A model that left the wrapping out said all it wanted to.
  const std::string bare = heard(Wire::openai_chat, Wire::openai_responses, chat_call("exec", "ls -l", "tool_calls"));
  CHECK(has(bare, "event: response.completed"));
  CHECK(has(bare, R"("input":"ls -l")"));
}

TEST_CASE("a block behind half a call ends it as it came") {
  std::string bytes = anthropic_call("lookup", R"({"a":)", "tool_use");
  const std::size_t end = bytes.find("event: message_delta");
  bytes.insert(
      end,
      messages_event({{"type", "content_block_start"}, {"index", 1}, {"content_block", {{"type", "text"}}}}) +
          messages_event({{"type", "content_block_delta"}, {"index", 1}, {"delta", {{"type", "text_delta"}, {"text", "Hm"}}}}) +
          messages_event({{"type", "content_block_stop"}, {"index", 1}}));
  const std::string out = heard(Wire::anthropic, Wire::openai_responses, bytes);
  CHECK(has(out, R"("arguments":"{\"a\":")"));
  CHECK(has(out, "\"text\":\"Hm\""));
  CHECK(has(out, "event: response.completed"));
}

TEST_CASE("the last call of a whole Messages reply that ran out of room is incomplete") {
  const OrderedJson call = {{"type", "tool_use"}, {"id", "t"}, {"name", "exec"}, {"input", {{"input", "rm -rf /tmp/a"}}}};
  const OrderedJson first = {{"type", "tool_use"}, {"id", "s"}, {"name", "lookup"}, {"input", {{"a", 1}}}};
  for (const char* stop : {"max_tokens", "tool_use"}) {
    const OrderedJson reply = {
        {"id", "m"}, {"type", "message"}, {"content", OrderedJson::array({first, call})}, {"stop_reason", stop}};
    const OrderedJson out = OrderedJson::parse(heard(Wire::anthropic, Wire::openai_responses, reply.dump(), false, false));
    const bool cut = std::string(stop) == "max_tokens";
    CHECK(out["output"][0]["status"] == "completed");
    CHECK(out["output"][1]["status"] == (cut ? "incomplete" : "completed"));
    CHECK(out["status"] == (cut ? "incomplete" : "completed"));
  }
}

TEST_CASE("an incomplete call of a Responses provider is a reply that ran out of room") {
  const OrderedJson item = {{"type", "custom_tool_call"}, {"id", "ctc_1"},         {"call_id", "t"}, {"name", "exec"},
                            {"input", "rm -rf /tmp"},     {"status", "incomplete"}};
  OrderedJson reply = {{"id", "resp_1"}, {"status", "incomplete"}, {"output", OrderedJson::array({item})}};
  reply["incomplete_details"] = {{"reason", "max_output_tokens"}};
  const OrderedJson chat = OrderedJson::parse(heard(Wire::openai_responses, Wire::openai_chat, reply.dump(), false, false));
  CHECK(chat["choices"][0]["finish_reason"] == "length");
  // The object around it stays open, as Anthropic itself leaves it.
  const std::string stream = heard(Wire::openai_responses, Wire::anthropic, reply.dump(), true, false);
  CHECK_FALSE(has(stream, R"(\"})"));
  CHECK(has(stream, "max_tokens"));
}

TEST_CASE("a call cut before its first argument has an empty input") {
  const OrderedJson out = OrderedJson::parse(heard(Wire::openai_chat, Wire::anthropic, chat_call("lookup", "", "length"), false));
  CHECK(out["content"][0]["input"] == OrderedJson::object());
  CHECK(out["stop_reason"] == "max_tokens");
}

TEST_CASE("brackets in strings do not close an object") {
  const auto closed = [](std::string_view text) {
    JsonBalance balance;
    for (const char& c : text) balance.pass(std::string_view(&c, 1));
    return balance.is_closed_object();
  };
  for (const char* whole : {"{}", " {\"a\":[{}]} ", R"({"a":"}\"}"})"}) CHECK(closed(whole));
  for (const char* half : {"", " ", "{", R"({"a":"}")", R"({"a":"\"})", R"({"a":[})", "[]", "ls"}) CHECK_FALSE(closed(half));
}

}  // namespace pg::test
