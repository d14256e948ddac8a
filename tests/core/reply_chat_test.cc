#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
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
using test::stream_options;
using OrderedJson = nlohmann::ordered_json;

std::string chunk(std::string_view choices, std::string_view rest = "") {
  return R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5.1","system_fingerprint":"fp_1",)"
         R"("choices":[)" +
         std::string(choices) + "]" + std::string(rest) + "}\n\n";
}
std::string choice(int index, std::string_view delta, std::string_view finish = "null") {
  return R"({"index":)" + std::to_string(index) + R"(,"delta":{)" + std::string(delta) + R"(},"logprobs":null,"finish_reason":)" +
         std::string(finish) + "}";
}
std::string content(std::string_view raw, int index = 0) {
  return chunk(choice(index, R"("content":")" + std::string(raw) + R"(")"));
}
std::string call(int tool, std::string_view raw, std::string_view rest = "") {
  return chunk(choice(0, R"("tool_calls":[{"index":)" + std::to_string(tool) + std::string(rest) +
                             R"(,"function":{"arguments":")" + std::string(raw) + R"("}}])"));
}
// A chunk that pg writes itself: the reply's own envelope and no more.
std::string added(int index, std::string_view delta) {
  return R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5.1","choices":[{"index":)" +
         std::to_string(index) + R"(,"delta":{)" + std::string(delta) + "},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
}
const std::string kRole = chunk(choice(0, R"("role":"assistant","content":"","refusal":null)"));
const std::string kFinish = chunk(choice(0, "", R"("stop")"));
const std::string kDone = "data: [DONE]\n\n";
const std::string kUsage = chunk(
    "", R"(,"usage":{"prompt_tokens":25,"completion_tokens":17,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":4},)"
        R"("completion_tokens_details":{"reasoning_tokens":3}})");

struct Chat {
  Chat() {
    vault.placeholder_for("EMAIL", "jane@example.com");
    vault.placeholder_for("SECRET", "a\"b\\c\n");
  }
  ReplyRun run(std::string_view upstream, bool cut = false) const {
    return run_reply(stream_options(DialectId::openai_chat, vault), upstream, cut);
  }
  Heard hear(std::string_view upstream) const {
    const Heard heard = hear_stream(DialectId::openai_chat, run(upstream).bytes);
    CHECK(heard.faults.empty());
    return heard;
  }
  Vault vault;
};

TEST_CASE_FIXTURE(Chat, "annotations: their places move with the content of their choice, wherever it is split") {
  const auto note = [](int index, int begin, int end) {
    return chunk(choice(index, R"("annotations":[{"type":"url_citation","url_citation":{"start_index":)" + std::to_string(begin) +
                                   R"(,"end_index":)" + std::to_string(end) + R"(,"url":"https://a.example/"}}])"));
  };
  // "to [[EMAIL_001]], é it is": the token is 13 long, what it stands for 16.
  const ReplyRun result =
      run(kRole + content("other", 1) + content("to [[EMA") + content("IL_001]], \\u00e9 it") + content(" is") + note(0, 3, 16) +
          note(0, 20, 25) + note(0, 0, 2) + note(1, 20, 25) + kFinish + kUsage + kDone);
  std::string places = result.bytes;
  for (const std::string& moved : {note(0, 3, 19), note(0, 23, 28), note(0, 0, 2), note(1, 20, 25)})
    CHECK_MESSAGE(places.find(moved) != std::string::npos, moved);
}

TEST_CASE_FIXTURE(Chat, "a transcript of spoken words is a text like any other, and the sound is not") {
  const auto said = [](const std::string& raw) {
    return chunk(choice(0, R"("audio":{"id":"a","data":"[[EMAIL_001]]","transcript":")" + raw + R"("})"));
  };
  CHECK(run(kRole + said("to [[EMA") + said("IL_001]].") + said("[[EMAIL") + kFinish + kUsage + kDone).bytes ==
        kRole + said("to ") + said("jane@example.com.") + said("") + added(0, R"("audio":{"transcript":"[[EMAIL"})") + kFinish +
            kUsage + kDone);
}

TEST_CASE_FIXTURE(Chat, "annotations: titles are restored, wherever the stream is split, and ids are not") {
  const auto events = [](const std::string& mail) {
    return kRole + content("x") +
           chunk(
               choice(0, R"("annotations":[{"type":"url_citation","url_citation":{"title":"of )" + mail +
                             R"(","url":"https://a.example/","start_index":0,"end_index":1}},{"type":"file_citation","file_id":)"
                             R"("[[EMAIL_001]]"}])")) +
           kFinish + kUsage + kDone;
  };
  const ReplyRun result = run(events("[[EMAIL_001]]"));
  CHECK(result.bytes == events("jane@example.com"));
  CHECK(result.facts.restored == 1);
}

TEST_CASE_FIXTURE(Chat, "stream vector: the token split at every byte of its text") {
  const std::string token = "[[EMAIL_001]]";
  for (std::size_t cut = 0; cut <= token.size(); ++cut) {
    const Heard heard = hear(kRole + content("Hi " + token.substr(0, cut)) + content(token.substr(cut) + "!") + kFinish + kDone);
    CHECK(heard.text() == "Hi jane@example.com!");
    CHECK(heard.finished);
  }
}

TEST_CASE_FIXTURE(Chat, "stream vector: the token at the very end, then finish_reason and the usage-only chunk") {
  const ReplyRun result = run(kRole + content("to [[EMAIL_001]") + content("]") + kFinish + kUsage + kDone);
  CHECK(result.bytes == kRole + content("to ") + content("jane@example.com") + kFinish + kUsage + kDone);
  CHECK(result.facts.usage.input_tokens == 25);
  CHECK(result.facts.usage.cached_tokens == 4);
  CHECK(result.facts.usage.output_tokens == 17);
  CHECK(result.facts.usage.reasoning_tokens == 3);
  CHECK(result.facts.reply_id == "chatcmpl-1");
  CHECK(result.facts.model == "gpt-5.1");
}

TEST_CASE_FIXTURE(Chat, "what is held goes out before the chunk with finish_reason, whose fields all stay") {
  CHECK(run(kRole + content("a [[EM") + kFinish + kUsage + kDone).bytes ==
        kRole + content("a ") + added(0, R"("content":"[[EM")") + kFinish + kUsage + kDone);
}

TEST_CASE_FIXTURE(Chat, "held text of the chunk that also finishes goes out in that chunk") {
  const auto last = [](std::string_view text) {
    return chunk(choice(0, R"("content":")" + std::string(text) + R"(")", R"("stop")"));
  };
  CHECK(run(kRole + content("a [[E") + last("MAIL_001]] [[EM") + kDone).bytes ==
        kRole + content("a ") + last("jane@example.com [[EM") + kDone);
  CHECK(run(kRole + last("EMAIL_001") + kDone).bytes == kRole + last("jane@example.com") + kDone);
}

TEST_CASE_FIXTURE(Chat, "without a finish_reason what is held goes out before the usage, [DONE] or the end") {
  const std::string held = added(0, R"("content":"[[EM")");
  CHECK(run(content("[[EM") + kUsage + kDone).bytes == content("") + held + kUsage + kDone);
  CHECK(run(content("[[EM") + kDone).bytes == content("") + held + kDone);
  CHECK(run(content("[[EM")).bytes.starts_with(content("") + held + "data: {\"error\":"));
}

TEST_CASE_FIXTURE(Chat, "a first chunk whose content is held keeps its role") {
  const auto first = [](std::string_view text) {
    return chunk(choice(0, R"("role":"assistant","content":")" + std::string(text) + R"(")"));
  };
  CHECK(run(first("[[") + content("EMAIL_001]]") + kFinish + kDone).bytes ==
        first("") + content("jane@example.com") + kFinish + kDone);
}

TEST_CASE_FIXTURE(Chat, "stream vector: n=2 choices, interleaved, each with its own state") {
  const Heard heard = hear(kRole + content("A [[EMA", 0) + content("B [[EMAIL_0", 1) + content("IL_001]]", 0) +
                           chunk(choice(1, R"("content":"01]]")") + "," + choice(0, R"("content":" [[")")) + kFinish +
                           chunk(choice(1, "", R"("stop")")) + kDone);
  REQUIRE(heard.texts.size() == 2);
  CHECK(heard.texts[0] == "A jane@example.com [[");
  CHECK(heard.texts[1] == "B jane@example.com");
}

TEST_CASE_FIXTURE(Chat, "stream vector: two tool calls interleaved by index, the token split inside them") {
  const std::string upstream = kRole + call(0, "", R"(,"id":"call_a","type":"function")") + call(1, "", R"(,"id":"call_b")") +
                               call(0, R"({\"to\":\"[[EM)") + call(1, R"({\"to\":\"x\",\"s\":\"[[SECRET)") +
                               call(0, R"(AIL_001]]\"})") + call(1, R"(_001]]\"})") + chunk(choice(0, "", R"("tool_calls")")) +
                               kDone;
  const Heard heard = hear(upstream);
  REQUIRE(heard.arguments.size() == 2);
  CHECK(heard.arguments[0] == R"({"to":"jane@example.com"})");
  CHECK(OrderedJson::parse(heard.arguments[1]).at("s") == "a\"b\\c\n");
}

TEST_CASE_FIXTURE(Chat, "a token in arguments split inside an escaped quote") {
  CHECK(hear(kRole + call(0, R"({\"to\":\"[[EMAIL_001]]\")") + call(0, R"(,\"s\":\")") + call(0, R"([[SECRET_001]])") +
             call(0, R"(\"})") + kFinish + kDone)
            .arguments[0] == R"({"to":"jane@example.com","s":"a\"b\\c\n"})");
}

TEST_CASE_FIXTURE(Chat, "one chunk with the whole arguments; two calls that share an index") {
  CHECK(hear(kRole + call(0, R"({\"to\":\"[[SECRET_001]]\"})", R"(,"id":"a")") + kFinish + kDone).arguments[0] ==
        R"({"to":"a\"b\\c\n"})");
  const ReplyRun two =
      run(call(0, R"({\"a\":\"[[)", R"(,"id":"a")") + call(0, R"({\"b\":\"[[SECRET_001]]\"})", R"(,"id":"b")") + kDone);
  CHECK(two.bytes.find(R"({\"b\":\"a\\\"b\\\\c\\n\"})") != std::string::npos);
}

TEST_CASE_FIXTURE(Chat, "held content goes out before the tool calls that follow it") {
  CHECK(run(kRole + content("a [") + call(0, "{}", R"(,"id":"a")") + kFinish + kDone).bytes ==
        kRole + content("a ") + added(0, R"("content":"[")") + call(0, "{}", R"(,"id":"a")") + kFinish + kDone);
}

TEST_CASE_FIXTURE(Chat, "reasoning, refusal and custom input are texts of their own; an array of parts is content") {
  const auto piece = [](std::string_view key, std::string_view raw) {
    return chunk(choice(0, "\"" + std::string(key) + "\":\"" + std::string(raw) + "\""));
  };
  CHECK(run(piece("reasoning_content", "[[EMAIL_0") + piece("reasoning_content", "01]]") + piece("refusal", "[[EMAIL_001]]") +
            kFinish + kDone)
            .bytes == piece("reasoning_content", "") + piece("reasoning_content", "jane@example.com") +
                          piece("refusal", "jane@example.com") + kFinish + kDone);
  const auto custom = [](std::string_view raw) {
    return chunk(choice(
        0, R"("tool_calls":[{"index":0,"type":"custom","custom":{"name":"exec","input":")" + std::string(raw) + R"("}}])"));
  };
  CHECK(run(custom("f(`[[SECRET_001]]`)") + kFinish + kDone).bytes == custom(R"(f(`a\"b\\c\n`))") + kFinish + kDone);
  const auto parts = [](std::string_view raw) {
    return chunk(choice(0, R"("content":[{"type":"text","text":")" + std::string(raw) + R"("}])"));
  };
  CHECK(run(parts("[[EMAIL") + parts("_001]]") + kFinish + kDone).bytes ==
        parts("") + parts("jane@example.com") + kFinish + kDone);
}

TEST_CASE_FIXTURE(Chat, "legacy function_call and legacy completions") {
  const auto legacy = [](std::string_view raw) {
    return chunk(choice(0, R"("function_call":{"arguments":")" + std::string(raw) + R"("})"));
  };
  CHECK(run(legacy(R"({\"a\":\"[[SECR)") + legacy(R"(ET_001]]\"})") + kFinish + kDone).bytes ==
        legacy(R"({\"a\":\")") + legacy(R"(a\\\"b\\\\c\\n\"})") + kFinish + kDone);
  const auto text = [](std::string_view raw, std::string_view finish = "null") {
    return R"(data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":")" +
           std::string(raw) + R"(","logprobs":null,"finish_reason":)" + std::string(finish) + "}]}\n\n";
  };
  CHECK(run(text("a [[EM") + text("AIL_001]] [") + text("", "\"stop\"") + kDone).bytes ==
        text("a ") + text("jane@example.com ") + text("[", "\"stop\"") + kDone);
  CHECK(run(text("a [[") + kDone).bytes == text("a ") + text("[[") + kDone);
}

TEST_CASE_FIXTURE(Chat, "ids, tool names and logprobs are never touched") {
  const std::string upstream =
      chunk(
          R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"[[EMAIL_001]]","function":{"name":"[[EMAIL_001]]","arguments":""}}]},)"
          R"("logprobs":{"content":[{"token":"[[EMAIL_001]]","bytes":[91]}]},"finish_reason":null})") +
      kFinish + kDone;
  CHECK(run(upstream).bytes == upstream);
}

TEST_CASE_FIXTURE(Chat,
                  "tolerated: no space after data, CRLF, comments, missing index, usage on every chunk, data after [DONE]") {
  const std::string upstream =
      ": OPENROUTER PROCESSING\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":1}}\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":2}}\r\n\r\ndata: [DONE]\r\n\r\ndata: {\"x\":1}\r\n\r\n";
  const ReplyRun result = run(upstream);
  CHECK(result.bytes == upstream);
  CHECK(result.facts.usage.input_tokens == 5);
  CHECK(result.facts.usage.output_tokens == 2);
}

TEST_CASE_FIXTURE(Chat, "no [DONE] is tolerated when every choice finished and the framing ended cleanly") {
  const std::string upstream = kRole + content("x") + content("y", 1) + kFinish + chunk(choice(1, "", R"("length")"));
  CHECK(run(upstream).bytes == upstream);
  CHECK(run(upstream).facts.finished);
  CHECK(run(upstream, true).bytes.starts_with(upstream + "data: {\"error\":"));
  const std::string one = kRole + chunk(choice(0, "", R"("stop")") + "," + choice(1, ""));
  CHECK(run(one).bytes.starts_with(one + "data: {\"error\":"));
}

TEST_CASE_FIXTURE(Chat, "cut: an error chunk and no [DONE]") {
  const ReplyRun result = run(kRole + content("a [[") + "data: {\"id\":\"chatcm", true);
  const Heard heard = hear_stream(DialectId::openai_chat, result.bytes);
  CHECK_FALSE(heard.error_message.empty());
  CHECK_FALSE(heard.finished);
  CHECK(heard.text() == "a [[");
  CHECK_FALSE(result.facts.finished);
}

TEST_CASE_FIXTURE(Chat, "an error chunk inside the stream is read and not doubled") {
  const std::string upstream =
      kRole + "data: {\"error\":{\"message\":\"over [[EMAIL_001]]\",\"type\":\"server_error\",\"code\":\"oops\"}}\n\n";
  const ReplyRun result = run(upstream);
  CHECK(result.facts.error_type == "server_error");
  CHECK(result.bytes ==
        kRole + "data: {\"error\":{\"message\":\"over jane@example.com\",\"type\":\"server_error\",\"code\":\"oops\"}}\n\n");
}

TEST_CASE_FIXTURE(Chat, "data over several lines is read as one and written as lines again") {
  const std::string upstream =
      "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"[[EMAIL_001]]\"}}]}\n\n" + kFinish + kDone;
  CHECK(run(upstream).bytes ==
        "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"jane@example.com\"}}]}\n\n" + kFinish + kDone);
}

}  // namespace
}  // namespace pg
