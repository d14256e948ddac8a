// In these bodies a string says itself what it is: "text@2: …" is text in message 2, "@H" is the head. "read:" may have any role
// that is read and edited, "none:" must not be a span at all.
#include "core/wire/spans.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/wire/json_walk.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string_view role_word(SpanRole role) {
  switch (role) {
    case SpanRole::text:
      return "text";
    case SpanRole::json_text:
      return "json";
    case SpanRole::media:
      return "media";
    case SpanRole::schema:
      return "schema";
    case SpanRole::signed_text:
      return "signed";
    case SpanRole::key:
      return "key";
  }
  return "?";
}

void collect_marks(const OrderedJson& json, std::vector<std::string>& out) {
  if (json.is_string()) out.push_back(json.get<std::string>());
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) out.push_back(key);
    if (json.is_structured()) collect_marks(value, out);
  }
}

RequestView view_of(std::string_view body, DialectId dialect) {
  RequestView view;
  const Status status = read_spans(body, dialect, view);
  REQUIRE(status);
  return view;
}

std::string decoded(std::string_view body, const Span& span) {
  return unescape_json(body.substr(span.begin, span.end - span.begin));
}

void check_mark(const std::string& text, const std::map<std::string, Span>& spans) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string::npos || text.find_first_not_of("abcdefghijklmnopqrstuvwxyz@H0123456789") != colon) return;
  const std::string mark = text.substr(0, colon), word = mark.substr(0, mark.find('@'));
  CAPTURE(text);
  const auto found = spans.find(text);
  if (word == "none") {
    CHECK(found == spans.end());
    return;
  }
  if (found == spans.end()) {
    FAIL_CHECK("not read");
    return;
  }
  if (word == "read") {
    CHECK((found->second.role == SpanRole::text || found->second.role == SpanRole::media ||
           found->second.role == SpanRole::json_text));
  } else {
    CHECK(role_word(found->second.role) == word);
  }
  if (mark.size() == word.size()) return;
  const std::string place = mark.substr(word.size() + 1);
  CHECK((found->second.head ? "H" : std::to_string(found->second.message)) == place);
}

/// Every marked string of `body` is what it says.
RequestView check_marks(std::string_view body, DialectId dialect) {
  const RequestView view = view_of(body, dialect);
  std::map<std::string, Span> spans;
  std::uint32_t last = 0;
  for (const Span& span : view.spans) {
    CHECK(span.begin >= last);
    CHECK(span.end <= body.size());
    CHECK(body[span.begin - 1] == '"');
    CHECK(body[span.end] == '"');
    const std::string raw(body.substr(span.begin, span.end - span.begin));
    CHECK(span.escaped == (raw.find('\\') != std::string::npos));
    spans.emplace(decoded(body, span), span);
    last = span.end;
  }
  std::vector<std::string> marked;
  collect_marks(OrderedJson::parse(body), marked);
  for (const std::string& text : marked) check_mark(text, spans);
  return view;
}

TEST_CASE("Anthropic: what is text, what is signed, what is never read") {
  check_marks(R"({
    "model": "none: model", "max_tokens": 1024, "stream": true,
    "system": [{"type": "text", "text": "text@H: system", "cache_control": {"type": "none: ephemeral"}}],
    "metadata": {"user_id": "none: user"},
    "tools": [{"name": "lookup", "description": "schema@H: tool", "input_schema": {"type": "object",
               "properties": {"path": {"type": "string", "description": "schema@H: property"}}}}],
    "messages": [
      {"role": "user", "content": "text@0: plain"},
      {"role": "user", "content": [
        {"type": "text", "text": "text@1: block", "cache_control": {"type": "none: cache"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "media@1: png"}},
        {"type": "image", "source": {"type": "file", "file_id": "none: file"}},
        {"type": "document", "title": "text@1: title", "context": "text@1: context",
         "source": {"type": "base64", "media_type": "application/pdf", "data": "media@1: pdf"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "read@1: plain document"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "text@1: in document"}]}},
        {"type": "document", "source": {"type": "content", "content": "text@1: document string"}},
        {"type": "search_result", "title": "text@1: hit", "content": [{"type": "text", "text": "text@1: hit text"}]}]},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "signed@2: thought", "signature": "none: signature"},
        {"type": "redacted_thinking", "data": "none: redacted"},
        {"type": "text", "text": "text@2: answer"},
        {"type": "tool_use", "id": "none: tool id", "name": "none: tool name", "input": {
          "text@2: a long name": "text@2: v", "id": "text@2: i", "model": "text@2: m", "type": "thinking", "name": "text@2: n",
          "thinking": "text@2: th", "signature": "text@2: s", "data": "text@2: da", "encrypted_content": "text@2: e",
          "role": "text@2: r", "cache_control": {"type": "text@2: c"}, "url": "text@2: u",
          "source": {"type": "text@2: st", "data": "text@2: sd"},
          "deep": [["text@2: d1", {"tool_use_id": "text@2: d2"}]]}},
        {"type": "server_tool_use", "id": "none: srv", "name": "web_search", "input": {"query": "text@2: query"}},
        {"type": "mcp_tool_use", "id": "none: mcp", "name": "echo", "server_name": "s", "input": {"p": "text@2: p"}},
        {"type": "web_search_tool_result", "tool_use_id": "none: srv2", "content": [{"type": "web_search_result",
          "title": "text@2: page", "encrypted_content": "none: page", "page_age": null}]}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "none: result id", "content": "text@3: result"},
        {"type": "tool_result", "tool_use_id": "none: result id 2", "is_error": true, "content": [
          {"type": "text", "text": "text@3: result block"},
          {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "media@3: png"}}]},
        {"type": "mcp_tool_result", "tool_use_id": "none: r3", "content": [{"type": "text", "text": "text@3: mcp"}]},
        {"type": "code_execution_tool_result", "tool_use_id": "none: r4",
         "content": {"type": "code_execution_result", "stdout": "text@3: out", "stderr": "text@3: err", "return_code": 0}}]},
      {"role": "system", "content": "text@4: mid-conversation"},
      {"role": "user", "content": [{"type": "future_block", "payload": "text@5: unknown", "nested": {"a": ["text@5: deep"]}}]}],
    "stop_sequences": ["text: stop"],
    "future": {"note": "text: later field"}})",
              DialectId::anthropic);
}

TEST_CASE("Chat Completions: what is text, what is JSON in a string, what is never read") {
  check_marks(R"({
    "model": "none: model", "user": "none: user", "safety_identifier": "none: safety",
    "messages": [
      {"role": "system", "content": "text@0: system"},
      {"role": "developer", "content": [{"type": "text", "text": "text@1: developer"}]},
      {"role": "user", "content": [
        {"type": "text", "text": "text@2: user"},
        {"type": "image_url", "image_url": {"url": "media@2: url", "detail": "auto"}},
        {"type": "input_audio", "input_audio": {"data": "media@2: audio", "format": "wav"}},
        {"type": "file", "file": {"file_data": "media@2: file", "filename": "text@2: file name"}},
        {"type": "file", "file": {"file_id": "none: file id"}}]},
      {"role": "assistant", "content": null, "refusal": "text@3: refusal", "reasoning_content": "text@3: unsigned",
       "audio": {"id": "none: spoken", "transcript": "text@3: spoken"}, "key@3: no such field": 1,
       "tool_calls": [
         {"id": "none: call", "type": "function", "function": {"name": "none: fn", "arguments": "{\"a\": \"json: 1\"}"}},
         {"id": "none: call 2", "type": "custom", "custom": {"name": "none: custom", "input": "text@3: custom input"}}]},
      {"role": "assistant", "content": [{"type": "text", "text": "text@4: part"}, {"type": "refusal", "refusal": "text@4: no"}],
       "function_call": {"name": "none: old fn", "arguments": "{\"b\": \"json: 2\"}"}},
      {"role": "tool", "tool_call_id": "none: call ref", "content": "text@5: tool"},
      {"role": "tool", "tool_call_id": "none: call ref 2", "content": [{"type": "text", "text": "text@6: tool part"}]}],
    "tools": [{"type": "function", "function": {"name": "lookup", "description": "schema@H: tool",
               "parameters": {"type": "object", "properties": {"a": {"type": "string", "description": "schema@H: a"}}}}}],
    "functions": [{"name": "old", "description": "schema@H: old"}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": {"description": "schema@H: answer"}}},
    "prediction": {"type": "content", "content": "text: prediction"},
    "future": "text: later field"})",
              DialectId::openai_chat);
  const std::string body = R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"{\"a\":\"b\"}"}}]}]})";
  const RequestView view = view_of(body, DialectId::openai_chat);
  REQUIRE(view.spans.size() == 1);
  CHECK(view.spans[0].role == SpanRole::json_text);
  CHECK(view.spans[0].message == 0);
  CHECK(view.spans[0].escaped);
  CHECK_FALSE(view.spans[0].head);
}

TEST_CASE("Responses: items of every kind") {
  check_marks(R"({
    "model": "none: model", "instructions": "text@H: instructions", "previous_response_id": "none: previous",
    "include": ["reasoning.encrypted_content"],
    "input": [
      {"type": "additional_tools", "id": "none: at", "role": "developer", "tools": [{"type": "namespace", "name": "functions",
        "tools": [{"type": "custom", "name": "exec", "description": "schema: exec"},
                  {"type": "function", "name": "wait", "description": "schema: wait",
                   "parameters": {"type": "object", "properties": {"x": {"description": "schema: x"}}}}]}]},
      {"type": "message", "id": "none: msg", "role": "developer", "content": [{"type": "input_text", "text": "text@1: developer"}]},
      {"role": "user", "content": "text@2: easy message"},
      {"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "text@3: user"}, {"type": "input_image", "image_url": "media@3: image", "detail": "auto"},
        {"type": "input_file", "file_data": "media@3: file", "filename": "text@3: name"},
        {"type": "input_file", "file_id": "none: file id"}]},
      {"type": "reasoning", "id": "none: rs", "summary": [{"type": "summary_text", "text": "signed@4: summary"}],
       "encrypted_content": "none: encrypted"},
      {"type": "message", "id": "none: msg 2", "role": "assistant", "status": "completed", "content": [
        {"type": "output_text", "text": "text@5: answer", "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": "text@5: refusal"}]},
      {"type": "function_call", "id": "none: fc", "call_id": "none: call", "name": "none: fn", "arguments": "{\"a\": \"json: 1\"}"},
      {"type": "function_call_output", "call_id": "none: call o", "output": "text@7: output"},
      {"type": "function_call_output", "call_id": "none: call p", "output": [{"type": "input_text", "text": "text@8: output part"}]},
      {"type": "custom_tool_call", "id": "none: ctc", "call_id": "none: call c", "name": "exec", "input": "text@9: script"},
      {"type": "custom_tool_call_output", "call_id": "none: call d", "output": [{"type": "input_text", "text": "text@10: done"}]},
      {"type": "local_shell_call", "id": "none: ls", "call_id": "none: call e",
       "action": {"type": "exec", "command": ["text@11: cat", "text@11: .env"], "env": {"A": "text@11: env"}}},
      {"type": "local_shell_call_output", "id": "none: lo", "output": "text@12: shell"},
      {"type": "web_search_call", "id": "none: ws", "action": {"type": "search", "query": "text@13: query"}},
      {"type": "mcp_call", "id": "none: mcp", "server_label": "s", "name": "n", "arguments": "{}", "output": "text@14: mcp"},
      {"type": "compaction", "id": "none: cmp", "encrypted_content": "none: compacted"},
      {"type": "item_reference", "id": "none: reference"},
      {"type": "image_generation_call", "id": "none: ig", "result": "media@17: generated"},
      {"type": "future_item", "note": "text@18: unknown"}],
    "tools": [{"type": "mcp", "server_label": "schema@H: label", "server_description": "schema@H: what", "authorization": "none: for the server",
               "headers": {"X-Key": "none: header"}, "require_approval": {"headers": "schema@H: only its own members are credentials"}},
              {"type": "function", "name": "top_fn", "description": "schema@H: top",
               "parameters": {"type": "object", "properties": {"y": {"description": "schema@H: y"}}}}],
    "text": {"format": {"type": "json_schema", "name": "f", "schema": {"description": "schema@H: format"}}},
    "prompt": {"id": "pmpt_1", "variables": {"customer": "text: variable"}},
    "future": "text: later field"})",
              DialectId::openai_responses);
}

TEST_CASE("summaries of reasoning that the provider did not sign came back restored and are text") {
  check_marks(R"({"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"text@0: s"}]}],"store":false})",
              DialectId::openai_responses);
}

TEST_CASE("Responses with a plain input, and embeddings") {
  check_marks(R"({"input":"text: ask","model":"none: m","instructions":"text@H: be kind"})", DialectId::openai_responses);
  check_marks(R"({"input":"text: one","model":"none: m"})", DialectId::embeddings);
  check_marks(R"({"input":["text: one","text: two"],"model":"none: m","user":"none: u","encoding_format":"base64"})",
              DialectId::embeddings);
  CHECK(view_of(R"({"input":[[1,2],[3]],"model":"m"})", DialectId::embeddings).spans.empty());
  CHECK_FALSE(view_of(R"({"input":"x","model":"m"})", DialectId::openai_responses).spans.at(0).head);
}

TEST_CASE("a string is what it is wherever its \"type\" stands") {
  check_marks(R"({"messages":[
    {"content":[{"thinking":"signed@0: a","signature":"none: s","type":"thinking"},
                {"data":"none: b","type":"redacted_thinking"},
                {"text":"text@0: c","type":"text"},
                {"input":{"text@0: a long name":"text@0: d","thinking":"text@0: e"},"name":"none: n","id":"none: i","type":"tool_use"},
                {"content":[{"text":"text@0: f","type":"text"}],"tool_use_id":"none: j","type":"tool_result"},
                {"source":{"data":"media@0: g","media_type":"image/png","type":"base64"},"type":"image"},
                {"source":{"data":"read@0: h","media_type":"text/plain","type":"text"},"type":"document"}],"role":"user"}]})",
              DialectId::anthropic);
  check_marks(R"({"input":[
    {"arguments":"{\"a\":\"json: 1\"}","name":"none: n","call_id":"none: c","type":"function_call"},
    {"input":"text@1: script","call_id":"none: d","type":"custom_tool_call"},
    {"output":"text@2: out","call_id":"none: e","type":"function_call_output"},
    {"summary":[{"text":"signed@3: s","type":"summary_text"}],"encrypted_content":"none: x","id":"none: r","type":"reasoning"},
    {"content":[{"text":"text@4: t","type":"input_text"}],"role":"user","type":"message"},
    {"tools":[{"description":"schema: d","name":"t","type":"custom"}],"type":"additional_tools"}],"include":["reasoning.encrypted_content"]})",
              DialectId::openai_responses);
  const std::string late = R"({"input":[{"arguments":"{\"a\":1}","type":"function_call"}]})";
  const RequestView view = view_of(late, DialectId::openai_responses);
  REQUIRE(view.spans.size() == 1);
  CHECK(view.spans[0].role == SpanRole::json_text);
}

TEST_CASE("keys may be spelled with escapes") {
  const RequestView view = check_marks(
      R"({"\u006dodel":"none: m","str\u0065am":true,"s\u0079stem":"text@H: s","mess\u0061ges":[{"role":"assistant","content":[
        {"type":"th\u0069nking","thinkin\u0067":"signed@0: t","signatur\u0065":"none: s"},
        {"type":"redacted\u005fthinking","dat\u0061":"none: d"}]}]})",
      DialectId::anthropic);
  CHECK(view.model == "none: m");
  CHECK(view.stream);
}

TEST_CASE("duplicate keys are read each time") {
  const RequestView view = check_marks(
      R"({"messages":[{"role":"user","content":"text@0: a","content":"text@0: b","content":[{"text":"text@0: c","text":"text@0: d"}]}],
        "messages":[{"role":"user","content":"text@0: e"}],"system":"text@H: f","system":"text@H: g"})",
      DialectId::anthropic);
  CHECK(view.spans.size() >= 7);
}

TEST_CASE("the head is the system, the tools and settings, also behind the conversation") {
  check_marks(
      R"({"messages":[{"role":"user","content":"text@0: u"}],"tools":[{"description":"schema@H: t"}],"system":"text@H: s"})",
      DialectId::anthropic);
  check_marks(R"({"input":[{"role":"user","content":"text@0: u"}],"instructions":"text@H: i"})", DialectId::openai_responses);
}

TEST_CASE("escapes in texts, empty texts, and texts that are not worth reading") {
  const std::string body =
      R"({"messages":[{"role":"user","content":"a\nb \"c\""},{"role":"user","content":"pl\u0061in"},{"role":"user","content":"x"}]})";
  const RequestView view = view_of(body, DialectId::anthropic);
  REQUIRE(view.spans.size() == 3);
  CHECK(view.spans[0].escaped);
  CHECK(decoded(body, view.spans[0]) == "a\nb \"c\"");
  CHECK(view.spans[1].escaped);
  CHECK_FALSE(view.spans[2].escaped);
  CHECK(view.spans[2].message == 2);
}

TEST_CASE("bodies that are no JSON object in UTF-8 are bad_request") {
  const std::string deep(257, '[');
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("\"x\""), std::string("1"), std::string("null"), std::string("{"),
        std::string("{\"a\":NaN}"), std::string("[{\"model\":\"m\"}]"), std::string("\xEF\xBB\xBF{}"), std::string("{}{}"),
        std::string("{\"a\":\"\xFF\"}"), std::string("{\"a\":\"\xC0\xAF\"}"), std::string("{\"a\":\"\xED\xA0\x80\"}"),
        std::string("{\"\xFE\":1}"), "{\"messages\":" + deep, "{\"messages\":" + deep + std::string(257, ']') + "}"}) {
    for (const DialectId id :
         {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings}) {
      RequestView view;
      const Status status = read_spans(body, id, view);
      CAPTURE(body.substr(0, 30));
      REQUIRE_FALSE(status);
      CHECK(status.error().code == Code::bad_request);
    }
  }
  CHECK(view_of("{}", DialectId::anthropic).spans.empty());
  CHECK(view_of(" {\"messages\":[]} ", DialectId::openai_chat).spans.empty());
}

TEST_CASE("types a field should not have do not stop the reading") {
  check_marks(R"({"model":7,"stream":"yes","system":{"text":"text: odd"},"messages":{"content":"text: odd too"}})",
              DialectId::anthropic);
  check_marks(R"({"messages":[["text: nested"],"text: string",null,7,{"content":{"text":"text: object"}}]})",
              DialectId::openai_chat);
  check_marks(R"({"input":{"text":"text: no list"},"previous_response_id":5,"include":"none"})", DialectId::openai_responses);
}

TEST_CASE("places have names") {
  const std::string body =
      R"({"system":[{"text":"S"}],"messages":[{"content":"A"},{},{},{"content":[{"type":"text","text":"B"},{"input":{"list":["C"]}}]}]})";
  std::vector<std::uint32_t> offsets;
  for (const char* value : {"\"S\"", "\"A\"", "\"B\"", "\"C\""}) {
    offsets.push_back(static_cast<std::uint32_t>(body.find(value) + 1));
  }
  const std::vector<std::string> expected = {"system[0].text", "messages[0].content", "messages[3].content[0].text",
                                             "messages[3].content[1].input.list[0]"};
  CHECK(find_paths(body, offsets) == expected);
  CHECK(find_paths(body, {}).empty());
  offsets.assign(3, offsets[1]);
  CHECK(find_paths(body, offsets) == std::vector<std::string>(3, "messages[0].content"));
  const auto inside = static_cast<std::uint32_t>(body.find("text\",\"text\":\"B") + 2);
  CHECK(find_paths(body, {inside}) == std::vector<std::string>{"messages[3].content[0].type"});
}

TEST_CASE("a string or a key that is not UTF-8 is refused, wherever the fault stands in a register") {
  for (std::size_t before = 0; before < 150; ++before) {
    const std::string filler(before, 'x');
    for (const std::string_view fault : {"\xff", "\xC3", "\xED\xA0\x80", "\xC0\x80"}) {
      CAPTURE(before);
      for (const std::string& text : {filler + std::string(fault), filler + std::string(fault) + "\\n" + std::string(100, 'y')}) {
        RequestView view;
        const Status as_value = read_spans("{\"a\":\"" + text + "\"}", DialectId::anthropic, view);
        REQUIRE_FALSE(as_value);
        CHECK(as_value.error().message == "the body is not valid UTF-8");
        CHECK_FALSE(read_spans("{\"" + text + "\":1}", DialectId::anthropic, view));
      }
    }
    RequestView view;
    CHECK(read_spans("{\"a\":\"" + filler + "\xC3\xA9\xF0\x9F\x98\x80" + filler + "\"}", DialectId::anthropic, view));
    CHECK(read_spans("{\"" + filler + "\xE2\x80\x94\":\"\"}", DialectId::anthropic, view));
  }
  RequestView view;
  CHECK_FALSE(read_spans("{\"a\":1}\xC3\xA9", DialectId::anthropic, view));
}

}  // namespace
}  // namespace pg
