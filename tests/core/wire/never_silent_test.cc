// Nothing is lost in silence on its way to another dialect: what a client says arrives, or is named in a warning, or is refused
// by name. Found out by leaving out each member of every golden request, and by putting one that nobody knows into every object.
#include "tests/support/never_silent.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/golden.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

Result<Translated> translate_body(Wire from, Wire to, const OrderedJson& body) {
  TranslateOptions options;
  options.model_max_tokens = 8192;
  return translate_request(from, to, body.dump(), options);
}

bool is_heard(Wire from, Wire to, const OrderedJson& body, const OrderedJson::json_pointer& place) {
  const auto whole = translate_body(from, to, body);
  return outcome_of(whole) != outcome_of(translate_body(from, to, without(body, place))) || is_named(whole, body, place);
}

}  // namespace

TEST_CASE("never silent: every member of every golden request matters to every target") {
  std::map<std::string, int> tried;
  for (const GoldenCase& golden : load_golden("request-")) {
    for (const Wire from : kClientWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      const OrderedJson whole = OrderedJson::parse(*golden.find(wire_name(from)));
      for (const OrderedJson::json_pointer& place : places_in(whole)) {
        const std::string pattern = pattern_of(place), name = std::string(wire_name(from)) + " " + pattern;
        if (is_default(whole.at(place))) continue;
        if (!excuse_for(from, pattern).empty() || ++tried[name] > 3) continue;
        for (const Wire to : kAllWires) {
          if (to == from) continue;
          CAPTURE(golden.name);
          CAPTURE(to_string(whole.at(place)));
          CHECK_MESSAGE(is_heard(from, to, whole, place), name << " -> " << wire_name(to) << " makes no difference");
        }
      }
    }
  }
  CHECK(tried.size() > 100);
}

TEST_CASE("never silent: a member that nobody knows is named, wherever it stands") {
  std::map<std::string, int> tried;
  for (const GoldenCase& golden : load_golden("request-")) {
    for (const Wire from : kClientWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      const OrderedJson whole = OrderedJson::parse(*golden.find(wire_name(from)));
      for (const OrderedJson::json_pointer& place : objects_in(whole)) {
        const OrderedJson& object = whole.at(place);
        const std::string type = object.contains("type") && object["type"].is_string() ? object["type"].get<std::string>() : "";
        const std::string name = std::string(wire_name(from)) + " " + pattern_of(place) + " " + type;
        if (type == "summary_text" || ++tried[name] > 2) continue;  // a part of a thought goes or is named with it
        OrderedJson body = whole;
        body.at(place)["zz_unknown"] = "yes";
        for (const Wire to : kAllWires) {
          if (to == from) continue;
          const auto result = translate_body(from, to, body);
          const bool heard =
              !result || result->body.find("zz_unknown") != std::string::npos || is_named(result, body, place / "zz_unknown");
          CHECK_MESSAGE(heard, "unknown in " << name << " -> " << wire_name(to) << " is not named");
        }
      }
    }
  }
}

TEST_CASE("never silent: what a reply has and another dialect has not is named") {
  const auto lost = [](Wire from, std::string_view reply) {
    ReplyTranslator translator(from, from == Wire::openai_chat ? Wire::anthropic : Wire::openai_chat, ReplyContext(), {});
    std::string out;
    translator.push(reply, out);
    translator.finish(false, out);
    CHECK_FALSE(translator.failed());
    std::string names;
    for (const std::string& warning : translator.warnings()) names += warning + ' ';
    return names;
  };
  CHECK(lost(Wire::anthropic, R"({"type":"message","content":[{"type":"server_tool_use","id":"s"},
    {"type":"text","text":"x","citations":[{"type":"char_location"}]}],"container":{"id":"c"},"stop_reason":"end_turn"})") ==
        "drop:reply.content.server_tool_use drop:reply.citations drop:reply.container ");
  CHECK(lost(Wire::openai_chat, R"({"choices":[{"index":0,"message":{"content":"x","annotations":[{"type":"url_citation"}],
    "audio":{"id":"a"}},"logprobs":{"content":[]},"finish_reason":"stop"},{"index":1,"message":{"content":"y"}}]})") ==
        "drop:reply.choices drop:reply.annotations drop:reply.audio drop:reply.logprobs ");
  CHECK(lost(Wire::openai_responses, R"({"status":"completed","output":[{"type":"web_search_call","id":"w"},{"type":"message",
    "content":[{"type":"output_text","text":"x","annotations":[{"type":"file_citation"}]}]}]})") ==
        "drop:reply.output.web_search_call drop:reply.annotations ");
  CHECK(lost(Wire::gemini, R"({"candidates":[{"content":{"parts":[{"inlineData":{"data":""}},{"text":"x"}]},
    "groundingMetadata":{"webSearchQueries":["q"]},"finishReason":"STOP"}]})") ==
        "drop:reply.inlineData drop:reply.groundingMetadata ");
  CHECK(lost(Wire::cohere, R"({"id":"i","message":{"content":[{"type":"text","text":"x"}],"citations":[{"start":0}]},
    "finish_reason":"COMPLETE"})") == "drop:reply.citations ");
}

TEST_CASE("never silent: pages cross, and what only one side tells of them is named") {
  const auto told = [](Wire from, Wire to, std::string_view reply) {
    ReplyTranslator translator(from, to, ReplyContext(), {});
    std::string out, names;
    translator.push(reply, out);
    translator.finish(false, out);
    for (const std::string& warning : translator.warnings()) names += warning + ' ';
    return names;
  };
  CHECK(told(Wire::anthropic, Wire::openai_chat, R"({"type":"message","content":[{"type":"text","text":"x","citations":[{"type":
    "web_search_result_location","url":"https://a.example","cited_text":"q","encrypted_index":"e"}]}],"stop_reason":"end_turn",
    "usage":{"service_tier":"batch","server_tool_use":{"web_search_requests":1}}})") ==
        "drop:reply.service_tier drop:reply.usage.server_tool_use drop:reply.citations.encrypted_index "
        "drop:reply.citations.cited_text ");
  const std::string chat = R"({"service_tier":"flex","choices":[{"index":0,"message":{"content":"x","annotations":[{"type":
    "url_citation","url_citation":{"url":"https://a.example","start_index":0,"end_index":1}}]},"finish_reason":"stop"}],"usage":{
    "prompt_tokens":9,"completion_tokens":9,"prompt_tokens_details":{"audio_tokens":2},"completion_tokens_details":{
    "reasoning_tokens":3}}})";
  CHECK(told(Wire::openai_chat, Wire::anthropic, chat) ==
        "drop:reply.citations.start_index drop:reply.service_tier "
        "drop:reply.usage.audio_tokens ");
  const std::string thoughts = R"({"type":"message","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},
    {"type":"redacted_thinking","data":"cmVk"},{"type":"text","text":"x"}],"stop_reason":"end_turn"})";
  CHECK(told(Wire::anthropic, Wire::openai_chat, thoughts) == "drop:reply.thinking.signature drop:reply.redacted_thinking ");
  CHECK(told(Wire::anthropic, Wire::openai_responses, thoughts) == "");
  CHECK(told(Wire::openai_chat, Wire::openai_responses, chat) == "drop:reply.usage.audio_tokens ");
}

TEST_CASE("never silent: search results reach the model as words") {
  const OrderedJson ask =
      OrderedJson::parse(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"search_result",
    "source":"https://a.example/x","title":"T","content":[{"type":"text","text":"found"}],"citations":{"enabled":true}}]}]})");
  const auto result = translate_body(Wire::anthropic, Wire::openai_chat, ask);
  REQUIRE(result.has_value());
  CHECK(OrderedJson::parse(result->body)["messages"][0]["content"] == "[T](https://a.example/x)\nfound");
  CHECK(result->warnings == std::vector<std::string>{"change:search_result", "drop:citations"});
}

}  // namespace pg::test
