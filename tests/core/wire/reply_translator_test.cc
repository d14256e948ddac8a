#include "core/wire/reply_translator.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/gen.h"
#include "tests/support/golden.h"
#include "tests/support/stream_check.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

const ReplySource kEvents{200, true, 1u << 20};
const ReplySource kDocument{200, false, 1u << 20};

std::string event_of(Wire wire, const OrderedJson& data) {
  const bool named = wire == Wire::anthropic || wire == Wire::openai_responses;
  return (named ? "event: " + data.value("type", "x") + "\n" : std::string()) + "data: " + data.dump() + "\n\n";
}

OrderedJson pick(Gen& gen, const std::vector<OrderedJson>& list) {
  return list[gen.number(0, list.size() - 1)];
}

/// Words, halves of JSON, nothing, the wrong type.
OrderedJson random_text(Gen& gen) {
  return pick(gen, {"Hello", "", "{\"a\":", "1}", "{}", "{\"input\":\"x", "\"}", "\\ud83d", nullptr, 7, OrderedJson::array()});
}

OrderedJson random_anthropic(Gen& gen) {
  const OrderedJson index = gen.number(0, 2);
  const OrderedJson block = pick(gen, {{{"type", "text"}, {"text", ""}},
                                       {{"type", "tool_use"}, {"id", "t1"}, {"name", "exec"}, {"input", OrderedJson::object()}},
                                       {{"type", "tool_use"}, {"name", "lookup"}, {"input", {{"a", 1}}}},
                                       {{"type", "thinking"}, {"thinking", ""}},
                                       {{"type", "redacted_thinking"}, {"data", "b3A="}},
                                       {{"type", "server_tool_use"}}});
  const OrderedJson delta = pick(gen, {{{"type", "text_delta"}, {"text", random_text(gen)}},
                                       {{"type", "input_json_delta"}, {"partial_json", random_text(gen)}},
                                       {{"type", "thinking_delta"}, {"thinking", random_text(gen)}},
                                       {{"type", "signature_delta"}, {"signature", "c2ln"}}});
  return pick(gen, {{{"type", "message_start"}, {"message", {{"id", "msg_1"}, {"usage", {{"input_tokens", 3}}}}}},
                    {{"type", "content_block_start"}, {"index", index}, {"content_block", block}},
                    {{"type", "content_block_start"}, {"index", index}, {"content_block", block}},
                    {{"type", "content_block_delta"}, {"index", index}, {"delta", delta}},
                    {{"type", "content_block_delta"}, {"index", index}, {"delta", delta}},
                    {{"type", "content_block_stop"}, {"index", index}},
                    {{"type", "ping"}},
                    {{"type", "message_delta"},
                     {"delta", {{"stop_reason", pick(gen, {"end_turn", "tool_use", "max_tokens", "refusal"})}}}}});
}

OrderedJson random_chat(Gen& gen) {
  OrderedJson call = {{"function", {{"name", pick(gen, {"exec", "", "lookup", nullptr})}, {"arguments", random_text(gen)}}}};
  if (gen.coin()) call["index"] = gen.number(0, 3);
  if (gen.coin()) call["id"] = pick(gen, {"a", "b", "", nullptr});
  OrderedJson delta = pick(gen, {{{"content", random_text(gen)}},
                                 {{"role", "assistant"}},
                                 {{"reasoning_content", random_text(gen)}},
                                 {{"refusal", random_text(gen)}},
                                 {{"tool_calls", OrderedJson::array({call})}},
                                 {{"tool_calls", OrderedJson::array({call})}},
                                 {{"function_call", {{"name", "lookup"}, {"arguments", random_text(gen)}}}}});
  const OrderedJson finish =
      gen.number(0, 9) == 0 ? pick(gen, {"stop", "tool_calls", "length", "content_filter"}) : OrderedJson(nullptr);
  OrderedJson chunk = {{"id", "chatcmpl-1"},
                       {"choices", OrderedJson::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}})}};
  if (gen.coin()) chunk["usage"] = pick(gen, {{{"prompt_tokens", 5}, {"completion_tokens", 6}}, nullptr});
  return chunk;
}

OrderedJson random_responses(Gen& gen) {
  const OrderedJson item = pick(
      gen,
      {{{"type", "message"}, {"id", "m"}, {"content", OrderedJson::array({{{"type", "output_text"}, {"text", "Hello you"}}})}},
       {{"type", "function_call"}, {"id", "f"}, {"call_id", "c"}, {"name", "exec"}, {"arguments", random_text(gen)}},
       {{"type", "custom_tool_call"}, {"id", "x"}, {"call_id", "d"}, {"name", "exec"}, {"input", "print"}},
       {{"type", "reasoning"}, {"id", "r"}, {"summary", OrderedJson::array()}, {"encrypted_content", "gAAA"}}});
  const OrderedJson kind =
      pick(gen, {"response.output_text.delta", "response.function_call_arguments.delta", "response.output_text.done",
                 "response.function_call_arguments.done", "response.reasoning_summary_text.delta", "response.refusal.delta",
                 "response.custom_tool_call_input.delta"});
  OrderedJson event =
      pick(gen, {{{"type", "response.created"}, {"response", {{"id", "resp_1"}}}},
                 {{"type", "response.output_item.added"}, {"item", item}},
                 {{"type", "response.output_item.done"}, {"item", item}},
                 {{"type", kind}, {"delta", random_text(gen)}, {"text", random_text(gen)}, {"arguments", random_text(gen)}},
                 {{"type", kind}, {"delta", random_text(gen)}, {"text", random_text(gen)}, {"arguments", random_text(gen)}},
                 {{"type", "response.content_part.added"}, {"part", {{"type", "output_text"}}}}});
  event["output_index"] = gen.number(0, 2);
  return event;
}

OrderedJson random_gemini(Gen& gen) {
  const OrderedJson part =
      pick(gen, {{{"text", random_text(gen)}},
                 {{"text", "Hm"}, {"thought", true}},
                 {{"functionCall", {{"name", "exec"}, {"args", {{"input", "x"}}}}}, {"thoughtSignature", "c2ln"}},
                 {{"functionCall", {{"name", "lookup"}}}}});
  OrderedJson candidate = {{"content", {{"parts", OrderedJson::array({part, part})}}}};
  if (gen.number(0, 5) == 0) candidate["finishReason"] = pick(gen, {"STOP", "SAFETY", "MAX_TOKENS", "MALFORMED_FUNCTION_CALL"});
  return {{"candidates", OrderedJson::array({candidate})}, {"responseId", "r"}};
}

OrderedJson random_cohere(Gen& gen) {
  OrderedJson event = pick(
      gen,
      {{{"type", "message-start"}, {"id", "c"}},
       {{"type", "content-delta"}, {"delta", {{"message", {{"content", {{"text", random_text(gen)}}}}}}}},
       {{"type", "content-end"}},
       {{"type", "tool-plan-delta"}, {"delta", {{"message", {{"tool_plan", random_text(gen)}}}}}},
       {{"type", "tool-call-start"}, {"delta", {{"message", {{"tool_calls", {{"id", "t"}, {"function", {{"name", "exec"}}}}}}}}}},
       {{"type", "tool-call-delta"},
        {"delta", {{"message", {{"tool_calls", {{"function", {{"arguments", random_text(gen)}}}}}}}}}},
       {{"type", "tool-call-end"}}});
  event["index"] = gen.number(0, 2);
  return event;
}

OrderedJson random_event(Gen& gen, Wire wire) {
  if (wire == Wire::anthropic) return random_anthropic(gen);
  if (wire == Wire::openai_chat) return random_chat(gen);
  if (wire == Wire::openai_responses) return random_responses(gen);
  return wire == Wire::gemini ? random_gemini(gen) : random_cohere(gen);
}

/// A stream in any order, with or without an ending, now and then with an error or garbage in it.
std::string random_stream(Gen& gen, Wire wire) {
  std::string out;
  for (std::size_t i = gen.number(0, 14); i > 0; --i) {
    const std::size_t odd = gen.number(0, 60);
    if (odd == 0) out += "data: {oops\n\n";
    if (odd == 1)
      out += "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"broken\",\"type\":\"server_error\"}}\n\n";
    if (odd == 2) out += ": comment\n\n";
    out += event_of(wire, random_event(gen, wire));
  }
  if (gen.coin()) return out;
  if (wire == Wire::anthropic) out += event_of(wire, {{"type", "message_stop"}});
  if (wire == Wire::openai_chat) out += "data: [DONE]\n\n";
  if (wire == Wire::openai_responses)
    out += event_of(wire, {{"type", "response.completed"}, {"response", {{"status", "completed"}}}});
  if (wire == Wire::cohere) out += event_of(wire, {{"type", "message-end"}, {"delta", {{"finish_reason", "COMPLETE"}}}});
  return out;
}

std::string run_translator(Wire from, Wire to, std::string_view bytes, bool stream = true, const ReplySource& source = kEvents) {
  return translate_reply(from, to, bytes, golden_context(to, stream), source).text;
}

}  // namespace

TEST_CASE("any order of events ends in a stream its client accepts, however it is split") {
  PG_GEN(gen);
  for (int round = 0; round < 3000; ++round) {
    for (Wire from : kAllWires) {
      const std::string bytes = random_stream(gen, from);
      const Wire to = kClientWires[gen.number(0, 2)];
      const std::string whole = run_translator(from, to, bytes);
      const std::string complaint = check_stream(to, whole);
      CHECK_MESSAGE(complaint.empty(), complaint << "\n" << bytes << "\n->\n" << whole);
      const std::size_t piece = gen.number(1, 40);
      CHECK(translate_reply(from, to, bytes, golden_context(to, true), kEvents, piece).text == whole);
      const std::string document = run_translator(from, to, bytes, false);
      CHECK_MESSAGE(check_whole(to, document) == "", document);
      if (!complaint.empty()) return;
    }
  }
}

TEST_CASE("tool calls without ids and numbers are as many as there are, in a whole reply and in a stream") {
  const auto call = [](const char* name, const char* arguments) {
    return OrderedJson{{"id", ""}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments}}}};
  };
  const OrderedJson both = OrderedJson::array({call("exec", "{\"a\":\"}\"}"), call("exec", "{}")});
  OrderedJson whole = {{"id", "c"}, {"model", "m"}};
  whole["choices"] = OrderedJson::array(
      {{{"index", 0}, {"finish_reason", "tool_calls"}, {"message", {{"role", "assistant"}, {"tool_calls", both}}}}});
  const OrderedJson document =
      OrderedJson::parse(run_translator(Wire::openai_chat, Wire::anthropic, whole.dump(), false, kDocument));
  REQUIRE(document["content"].size() == 2);
  CHECK(document["content"][0]["input"] == OrderedJson{{"a", "}"}});
  CHECK(document["content"][1]["input"] == OrderedJson::object());
  CHECK(document["content"][0]["id"] != document["content"][1]["id"]);
  std::string stream;
  for (const OrderedJson& one : both) {
    OrderedJson chunk = {{"id", "c"}, {"model", "m"}};
    chunk["choices"] =
        OrderedJson::array({{{"index", 0}, {"delta", {{"tool_calls", OrderedJson::array({one})}}}, {"finish_reason", nullptr}}});
    stream += event_of(Wire::openai_chat, chunk);
  }
  OrderedJson end = {{"id", "c"}, {"model", "m"}};
  end["choices"] = OrderedJson::array({{{"index", 0}, {"delta", OrderedJson::object()}, {"finish_reason", "tool_calls"}}});
  stream += event_of(Wire::openai_chat, end) + "data: [DONE]\n\n";
  const OrderedJson heard = OrderedJson::parse(run_translator(Wire::openai_chat, Wire::anthropic, stream, false));
  REQUIRE(heard["content"].size() == 2);
  CHECK(heard["content"][1]["input"] == OrderedJson::object());
}

TEST_CASE("a client that waits for events gets them from a provider that answers whole, and the other way round") {
  for (const GoldenCase& golden : load_golden("reply-")) {
    for (Wire from : kAllWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      for (Wire to : kClientWires) {
        const std::string stream = run_translator(from, to, *golden.find(wire_name(from)), true, kDocument);
        CHECK_MESSAGE(check_stream(to, stream) == "", stream);
        // The stream it became is the reply it was.
        const std::string again = run_translator(to, to, stream, false, kEvents);
        const std::string straight = run_translator(from, to, *golden.find(wire_name(from)), false, kDocument);
        // Namespaces are given back by the table of the request, which a second time over has nothing to say.
        if (golden.name == "reply-namespaced-tool" && to == Wire::openai_responses) continue;
        const bool error = straight.find("\"error\":{") != std::string::npos;
        if (!error) CHECK_MESSAGE(same_json(again, straight), again << "\n" << straight);
      }
    }
  }
}

TEST_CASE("usage is told for metering even where the client did not ask for it") {
  const std::string bytes =
      "data: "
      "{\"id\":\"chatcmpl-1\",\"model\":\"served\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":"
      "\"stop\"}]}\n\n"
      "data: "
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":90}}"
      "}\n\n"
      "data: [DONE]\n\n";
  ReplyContext context = golden_context(Wire::openai_chat, true);
  context.include_usage = false;
  ReplyTranslator translator(Wire::openai_chat, Wire::openai_chat, context, kEvents);
  std::string out;
  translator.push(bytes, out);
  CHECK(translator.ended());
  translator.finish(false, out);
  CHECK(out.find("usage") == std::string::npos);
  CHECK(translator.usage().input_tokens == 100);
  CHECK(translator.usage().cached_tokens == 90);
  CHECK(translator.usage().output_tokens == 5);
  CHECK(translator.model_served() == "served");
}

TEST_CASE("a client that hides thinking gets signatures without words") {
  ReplyContext context = golden_context(Wire::anthropic, true);
  context.hide_thinking = true;
  for (const GoldenCase& golden : load_golden("quirk-responses-reasoning")) {
    const std::string out =
        translate_reply(Wire::openai_responses, Wire::anthropic, *golden.find("openai-responses"), context, kEvents).text;
    CHECK(check_stream(Wire::anthropic, out) == "");
    CHECK(out.find("thinking_delta") == std::string::npos);
    CHECK(out.find("pg:openai:gAAAAABopaque") != std::string::npos);
  }
}

TEST_CASE("bounds: huge events, huge replies, no JSON at all") {
  const ReplySource small{200, true, 1000};
  const auto ends_in_error = [](Wire to, const std::string& out) {
    CHECK(check_stream(to, out) == "");
    CHECK(out.find("error") != std::string::npos);
  };
  for (Wire to : kClientWires) {
    ends_in_error(
        to, translate_reply(Wire::openai_chat, to, "data: " + std::string(5000, 'x'), golden_context(to, true), small).text);
    std::string many;
    for (int i = 0; i < 100; ++i)
      many += R"(data: {"id":"a","choices":[{"index":0,"delta":{"content":"0123456789012345"}}]})"
              "\n\n";
    ends_in_error(to, translate_reply(Wire::openai_chat, to, many, golden_context(to, true), small).text);
    CHECK(check_whole(to, run_translator(Wire::anthropic, to, "<html>", false, kDocument)) == "");
    CHECK(check_whole(to, run_translator(Wire::anthropic, to, "", false, kDocument)) == "");
    CHECK(check_whole(to, run_translator(Wire::anthropic, to, "[]", false, kDocument)) == "");
  }
}

TEST_CASE("errors with a status are documents whatever the client waits for, and may be no JSON") {
  const ReplySource bad{502, true, 1u << 20};
  ReplyTranslator translator(Wire::openai_chat, Wire::anthropic, golden_context(Wire::anthropic, true), bad);
  CHECK_FALSE(translator.writes_stream());
  std::string out;
  translator.push("<html>Bad gateway</html>", out);
  CHECK(out.empty());
  translator.finish(false, out);
  CHECK(translator.status() == 502);
  CHECK(OrderedJson::parse(out)["error"]["message"] == "the provider answered 502");
}

TEST_CASE("what an error event says reaches the client, whether it is JSON or not") {
  const std::string piece = "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
  for (const char* data : {R"({"error":{"message":"too many tokens"}})", R"({"message":"too many tokens"})", "too many tokens"}) {
    CAPTURE(data);
    const std::string said = piece + "event: error\ndata: " + data + "\n\n";
    for (const Wire to : {Wire::openai_responses, Wire::anthropic})
      CHECK(run_translator(Wire::openai_chat, to, said).find("\"message\":\"too many tokens\"") != std::string::npos);
  }
}

TEST_CASE("why Anthropic refused is said where the others say it") {
  const OrderedJson stop = {{"stop_reason", "refusal"},
                            {"stop_details", {{"type", "refusal"}, {"explanation", "It is unsafe."}}}};
  OrderedJson whole = stop;
  whole.update({{"type", "message"}, {"id", "m"}, {"content", OrderedJson::array()}});
  const OrderedJson chat = OrderedJson::parse(run_translator(Wire::anthropic, Wire::openai_chat, whole.dump(), false, kDocument));
  CHECK(chat["choices"][0]["message"]["refusal"] == "It is unsafe.");
  CHECK(chat["choices"][0]["finish_reason"] == "content_filter");
  const std::string stream = event_of(Wire::anthropic, {{"type", "message_start"}, {"message", {{"id", "m"}}}}) +
                             event_of(Wire::anthropic, {{"type", "message_delta"}, {"delta", stop}}) +
                             event_of(Wire::anthropic, {{"type", "message_stop"}});
  const std::string heard = run_translator(Wire::anthropic, Wire::openai_responses, stream);
  CHECK(check_stream(Wire::openai_responses, heard) == "");
  CHECK(heard.find(R"("refusal":"It is unsafe.")") != std::string::npos);
}

TEST_CASE("events under another content type are events all the same") {
  const std::string events =
      "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: "
      "[DONE]\n\n";
  CHECK(check_stream(Wire::anthropic, run_translator(Wire::openai_chat, Wire::anthropic, events, true, kDocument)) == "");
}

}  // namespace pg::test
