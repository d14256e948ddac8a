#include <doctest/doctest.h>

#include <string>

#include "core/reply_path.h"
#include "tests/support/model_wire.h"
#include "tests/support/reply_run.h"

namespace pg {
namespace {

using test::hear_stream;
using test::Heard;
using test::ReplyRun;
using test::run_reply;
using test::sse_event;
using test::stream_options;

std::string delta(int block, std::string_view kind, std::string_view key, std::string_view raw) {
  return sse_event("content_block_delta", R"({"type":"content_block_delta","index":)" + std::to_string(block) +
                                              R"(,"delta":{"type":")" + std::string(kind) + R"(",")" + std::string(key) +
                                              R"(":")" + std::string(raw) + R"("}})");
}
std::string text(int block, std::string_view raw) {
  return delta(block, "text_delta", "text", raw);
}
std::string json(int block, std::string_view raw) {
  return delta(block, "input_json_delta", "partial_json", raw);
}
std::string start(int block, std::string_view content_block) {
  return sse_event("content_block_start", R"({"type":"content_block_start","index":)" + std::to_string(block) +
                                              R"(,"content_block":)" + std::string(content_block) + "}");
}
std::string start_text(int block) {
  return start(block, R"({"type":"text","text":""})");
}
std::string start_tool(int block) {
  return start(block, R"({"type":"tool_use","id":"toolu_1","name":"Write","input":{}})");
}
std::string stop(int block) {
  return sse_event("content_block_stop", R"({"type":"content_block_stop","index":)" + std::to_string(block) + "}");
}
const std::string kMessageStart = sse_event(
    "message_start",
    R"({"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5",)"
    R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":100,)"
    R"("cache_read_input_tokens":2000,"output_tokens":1,"service_tier":"standard"}}})");
const std::string kPing = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
const std::string kStop = sse_event("message_stop", R"({"type":"message_stop"})");
const std::string kMessageStop =
    sse_event(
        "message_delta",
        R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":42}})") +
    kStop;

struct Anthropic {
  Anthropic() {
    vault.placeholder_for("EMAIL", "jane@example.com");
    vault.placeholder_for("SECRET", "a\"b\\c\n\td\xe2\x80\xa8\xf0\x9f\x98\x80");
  }
  ReplyRun run(std::string_view upstream, bool cut = false) const {
    return run_reply(stream_options(DialectId::anthropic, vault), upstream, cut);
  }
  Heard hear(std::string_view upstream) const {
    const Heard heard = hear_stream(DialectId::anthropic, run(upstream).bytes);
    CHECK(heard.faults.empty());
    return heard;
  }
  Vault vault;
};

TEST_CASE_FIXTURE(Anthropic, "stream vector: the token split at every byte of its text") {
  const std::string token = "[[EMAIL_001]]";
  for (std::size_t cut = 0; cut <= token.size(); ++cut) {
    const Heard heard = hear(kMessageStart + start_text(0) + text(0, "Hi " + token.substr(0, cut)) + kPing +
                             text(0, token.substr(cut) + "!") + stop(0) + kMessageStop);
    CHECK(heard.text() == "Hi jane@example.com!");
    CHECK(heard.finished);
  }
}

TEST_CASE_FIXTURE(Anthropic, "stream vectors: brackets apart, glued tokens, at the very end") {
  CHECK(hear(kMessageStart + start_text(0) + text(0, "[") + text(0, "[EMAIL_001]") + text(0, "]") + stop(0) + kMessageStop)
            .text() == "jane@example.com");
  CHECK(
      hear(kMessageStart + start_text(0) + text(0, "[[EMAIL_001]][[EMAIL") + text(0, "_001]]") + stop(0) + kMessageStop).text() ==
      "jane@example.comjane@example.com");
  CHECK(hear(kMessageStart + start_text(0) + text(0, "EMAIL_001") + stop(0) + kMessageStop).text() == "jane@example.com");
}

TEST_CASE_FIXTURE(Anthropic, "what is held goes out as a delta of its own block before content_block_stop") {
  const ReplyRun result = run(kMessageStart + start_text(0) + text(0, "see [[EMAIL_") + stop(0) + start_tool(1) + json(1, "{}") +
                              stop(1) + kMessageStop);
  CHECK(result.bytes == kMessageStart + start_text(0) + text(0, "see ") + text(0, "[[EMAIL_") + stop(0) + start_tool(1) +
                            json(1, "{}") + stop(1) + kMessageStop);
  CHECK(result.facts.cut_tokens == 1);
}

TEST_CASE_FIXTURE(Anthropic, "stream vector: a delta that is held whole still goes out, empty") {
  CHECK(run(kMessageStart + start_text(0) + text(0, "[[EMA") + text(0, "IL_001]]") + stop(0) + kMessageStop).bytes ==
        kMessageStart + start_text(0) + text(0, "") + text(0, "jane@example.com") + stop(0) + kMessageStop);
}

TEST_CASE_FIXTURE(Anthropic, "tool input: the value is escaped for the JSON it stands in") {
  const Heard heard = hear(kMessageStart + start_tool(0) + json(0, "") + json(0, R"({\"file\":\"a.txt\",\"body\":\"x [[SEC)") +
                           json(0, R"(RET_001]]\"})") + stop(0) + kMessageStop);
  REQUIRE(heard.arguments.size() == 1);
  CHECK(heard.arguments[0] == "{\"file\":\"a.txt\",\"body\":\"x a\\\"b\\\\c\\n\\td\xe2\x80\xa8\xf0\x9f\x98\x80\"}");
}

TEST_CASE_FIXTURE(Anthropic, "tool input: once more in JSON inside a JSON string, not after shell quotes") {
  const Heard heard = hear(kMessageStart + start_tool(0) + json(0, R"({\"body\":\"{\\\"k\\\": \\\"[[SECRET_001]]\\\"}\",)") +
                           json(0, R"(\"cmd\":\"echo \\\"[[EMAIL_001]]\\\"\"})") + stop(0) + kMessageStop);
  CHECK(heard.arguments[0] ==
        "{\"body\":\"{\\\"k\\\": \\\"a\\\\\\\"b\\\\\\\\c\\\\n\\\\td\xe2\x80\xa8\xf0\x9f\x98\x80\\\"}\","
        "\"cmd\":\"echo \\\"jane@example.com\\\"\"}");
}

TEST_CASE_FIXTURE(Anthropic, "stream vector: thinking, signatures and ids are never touched, those of citations neither") {
  const std::string upstream =
      kMessageStart + start(0, R"({"type":"thinking","thinking":"","signature":""})") +
      delta(0, "thinking_delta", "thinking", "mail [[EMAIL_001]]") + delta(0, "signature_delta", "signature", "[[EMAIL_001]]") +
      stop(0) + start(1, R"({"type":"redacted_thinking","data":"[[EMAIL_001]]"})") + stop(1) +
      start(2, R"({"type":"tool_use","id":"[[EMAIL_001]]","name":"[[EMAIL_001]]","input":{}})") + stop(2) +
      sse_event(
          "content_block_delta",
          R"({"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"type":"[[EMAIL_001]]","encrypted_index":"[[EMAIL_001]]","file_id":"[[EMAIL_001]]"}}})") +
      start(
          4,
          R"({"type":"web_search_tool_result","tool_use_id":"[[EMAIL_001]]","content":[{"encrypted_content":"[[EMAIL_001]]"}]})") +
      stop(4) + kMessageStop;
  const ReplyRun result = run(upstream);
  CHECK(result.bytes == upstream);
  CHECK(result.facts.restored == 0);
}

TEST_CASE_FIXTURE(Anthropic, "what a source is called and says is restored, in deltas of citations and in what a search found") {
  const auto events = [](const std::string& mail) {
    return kMessageStart + start(0, R"({"type":"text","text":"","citations":[{"title":")" + mail + R"("}]})") +
           sse_event("content_block_delta",
                     R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":)"
                     R"("char_location","cited_text":"by )" +
                         mail + R"(.","document_index":0,"document_title":")" + mail + R"("}}})") +
           text(0, mail) + stop(0) +
           start(1, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","title":")" +
                        mail + R"(","url":"https://a.example/)" + mail + R"(","encrypted_content":"x"}]})") +
           stop(1) + kMessageStop;
  };
  const ReplyRun result = run(events("[[EMAIL_001]]"));
  CHECK(result.bytes == events("jane@example.com"));
  CHECK(result.facts.restored == 6);
}

TEST_CASE_FIXTURE(Anthropic, "untouched events pass byte for byte: blanks, key order, unknown fields, comments, line ends") {
  const std::string upstream =
      ": hello\r\n\r\nevent: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\n" + kMessageStart +
      "id: 7\nevent:content_block_delta\ndata:{ \"index\" : 0, \"x\": [1e3, \"\\u00e9\"], \"delta\": {\"text\": "
      "\"no [x] \\u00e9\", \"type\": \"text_delta\"}, \"type\": \"content_block_delta\" }\n\n" +
      "event: new_kind\ndata: {\"type\":\"new_kind\",\"text\":\"[[EMAIL_001]]\"}\n\n" + kMessageStop;
  CHECK(run(upstream).bytes == upstream);
}

TEST_CASE_FIXTURE(Anthropic, "in a changed event only the token's bytes change") {
  const std::string before =
      "id: 7\r\nevent:content_block_delta\r\ndata:{ \"index\" : 0, \"x\": [1e3], \"delta\": {\"text\": \"\\u00e9 \\/ ";
  const std::string after = " \\ud83d\\ude00\", \"type\": \"text_delta\"}, \"type\": \"content_block_delta\" }\r\n\r\n";
  CHECK(run(before + "[[EMAIL_001]]" + after + kMessageStop).bytes == before + "jane@example.com" + after + kMessageStop);
}

TEST_CASE_FIXTURE(Anthropic, "facts: usage, model, id, end") {
  const ReplyRun result = run(kMessageStart + start_text(0) + text(0, "Hi") + stop(0) + kMessageStop);
  CHECK(result.facts.usage.input_tokens == 2103);
  CHECK(result.facts.usage.cached_tokens == 2000);
  CHECK(result.facts.usage.cache_write_tokens == 100);
  CHECK(result.facts.usage.output_tokens == 42);
  CHECK(result.facts.model == "claude-opus-5-5");
  CHECK(result.facts.reply_id == "msg_01");
  CHECK(result.facts.finished);
  CHECK(result.facts.has_content);
}

TEST_CASE_FIXTURE(Anthropic, "cut: half an event is dropped, held text goes out, an error event ends it") {
  const std::string kept = kMessageStart + start_text(0);
  const ReplyRun result = run(kept + text(0, "see [[EMA") + "event: content_block_delta\ndata: {\"type\":\"content_bl", true);
  REQUIRE(result.bytes.starts_with(kept + text(0, "see ") + text(0, "[[EMA") + "event: error\n"));
  const Heard heard = hear_stream(DialectId::anthropic, result.bytes);
  CHECK_FALSE(heard.finished);
  CHECK(heard.error_type == "api_error");
  CHECK(result.facts.cut_tokens == 1);
}

TEST_CASE_FIXTURE(Anthropic, "a clean end without message_stop is cut too, one with it is not") {
  CHECK(hear_stream(DialectId::anthropic, run(kMessageStart + start_text(0) + text(0, "x")).bytes).error_type == "api_error");
  CHECK(hear_stream(DialectId::anthropic, run("").bytes).error_type == "api_error");
  const std::string whole = kMessageStart + start_text(0) + text(0, "x") + stop(0) + kMessageStop;
  CHECK(run(whole, true).bytes == whole);
  CHECK(run(whole + "event: par", true).bytes == whole);
  const std::string open_end = whole.substr(0, whole.size() - 1);
  CHECK(run(open_end).bytes == open_end);
}

TEST_CASE_FIXTURE(Anthropic, "the provider's own error event is the end: read, and no second one added") {
  const std::string error =
      sse_event("error", R"({"type":"error","error":{"type":"overloaded_error","message":"busy [[EMAIL_001]]"}})");
  const ReplyRun result = run(kMessageStart + start_text(0) + text(0, "a [[") + error);
  CHECK(result.facts.error_type == "overloaded_error");
  CHECK_FALSE(result.facts.finished);
  CHECK(result.bytes ==
        kMessageStart + start_text(0) + text(0, "a ") + text(0, "[[") +
            sse_event("error", R"({"type":"error","error":{"type":"overloaded_error","message":"busy jane@example.com"}})"));
}

TEST_CASE_FIXTURE(Anthropic, "text in content_block_start belongs to its block") {
  CHECK(hear(kMessageStart + start(0, R"({"type":"text","text":"a [[EMAIL"})") + text(0, "_001]]") + stop(0) + kMessageStop)
            .text() == "a jane@example.com");
}

TEST_CASE_FIXTURE(Anthropic, "a block that begins again without its stop starts afresh") {
  CHECK(run(kMessageStart + start_text(0) + text(0, "[[EM") + start_text(0) + text(0, "AIL_001]]") + stop(0) + kMessageStop)
            .bytes == kMessageStart + start_text(0) + text(0, "") + text(0, "[[EM") + start_text(0) + text(0, "AIL_001]]") +
                          stop(0) + kMessageStop);
}

TEST_CASE_FIXTURE(Anthropic, "input that comes whole in content_block_start is restored, its keys too") {
  const std::string out =
      run(start(0, R"({"type":"tool_use","input":{"[[EMAIL_001]]":["[[EMAIL_001]]",1]}})") + kMessageStop).bytes;
  CHECK(out == start(0, R"({"type":"tool_use","input":{"jane@example.com":["jane@example.com",1]}})") + kMessageStop);
}

}  // namespace
}  // namespace pg
