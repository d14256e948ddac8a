#include "core/reply_body.h"

#include <doctest/doctest.h>

#include <string>

namespace pg {
namespace {

struct Body {
  Body() {
    vault.placeholder_for("EMAIL", "jane@example.com");
    vault.placeholder_for("SECRET", "a\"b");
  }
  std::string restored(DialectId dialect, std::string_view body, bool signed_reasoning = false) {
    RestoreWork work(vault);
    work.signed_reasoning = signed_reasoning;
    ReplyOptions options;
    options.dialect = dialect;
    FactReader facts(dialect);
    std::string out;
    restore_body(options, body, work, facts, out);
    counts = work.copies;
    return out;
  }
  Vault vault;
  RestoreCounts counts;
};

TEST_CASE_FIXTURE(Body, "Chat: every choice, content, reasoning, arguments, legacy text; nothing else") {
  CHECK(
      restored(
          DialectId::openai_chat,
          R"({"id":"[[EMAIL_001]]","choices":[{"message":{"role":"[[EMAIL_001]]","content":"[[EMAIL_001]]","reasoning_content":)"
          R"("[[EMAIL_001]]","tool_calls":[{"id":"[[EMAIL_001]]","function":{"name":"[[EMAIL_001]]","arguments":"{\"a\":)"
          R"(\"[[SECRET_001]]\"}"}}]},"logprobs":{"content":[{"token":"[[EMAIL_001]]"}]}},{"message":{"content":[{"type":"text",)"
          R"("text":"[[EMAIL_001]]"}]}},{"text":"[[EMAIL_001]]"}]})") ==
      R"({"id":"[[EMAIL_001]]","choices":[{"message":{"role":"[[EMAIL_001]]","content":"jane@example.com","reasoning_content":)"
      R"("jane@example.com","tool_calls":[{"id":"[[EMAIL_001]]","function":{"name":"[[EMAIL_001]]","arguments":"{\"a\":)"
      R"(\"a\\\"b\"}"}}]},"logprobs":{"content":[{"token":"[[EMAIL_001]]"}]}},{"message":{"content":[{"type":"text",)"
      R"("text":"jane@example.com"}]}},{"text":"jane@example.com"}]})");
  CHECK(counts.exact == 5);
}

TEST_CASE_FIXTURE(Body, "OpenAI says a request's metadata again") {
  const std::string_view sent = R"({"metadata":{"id":"[[EMAIL_001]]","k":"x [[SECRET_001]]"}})";
  for (const DialectId dialect : {DialectId::openai_chat, DialectId::openai_responses})
    CHECK(restored(dialect, sent) == R"({"metadata":{"id":"jane@example.com","k":"x a\"b"}})");
}

TEST_CASE_FIXTURE(Body, "citations: what a source is called and says, escaped for where it stands") {
  CHECK(restored(DialectId::anthropic,
                 R"({"content":[{"type":"text","text":"x","citations":[{"cited_text":"[[SECRET_001]]","title":"[[EMAIL_001]]",)"
                 R"("encrypted_index":"[[EMAIL_001]]"}]}]})") ==
        R"({"content":[{"type":"text","text":"x","citations":[{"cited_text":"a\"b","title":"jane@example.com",)"
        R"("encrypted_index":"[[EMAIL_001]]"}]}]})");
  CHECK(restored(DialectId::openai_chat,
                 R"({"choices":[{"message":{"content":"x","annotations":[{"type":"url_citation","url_citation":{"title":)"
                 R"("[[EMAIL_001]]","start_index":0}}]}}],"search_results":[{"snippet":"[[EMAIL_001]]"}]})") ==
        R"({"choices":[{"message":{"content":"x","annotations":[{"type":"url_citation","url_citation":{"title":)"
        R"("jane@example.com","start_index":0}}]}}],"search_results":[{"snippet":"jane@example.com"}]})");
  CHECK(restored(DialectId::openai_chat,
                 R"({"choices":[{"message":{"audio":{"data":"[[EMAIL_001]]","transcript":"[[EMAIL_001]]"}}}]})") ==
        R"({"choices":[{"message":{"audio":{"data":"[[EMAIL_001]]","transcript":"jane@example.com"}}}]})");
  CHECK(restored(DialectId::openai_responses,
                 R"({"output":[{"type":"message","content":[{"type":"output_text","annotations":[{"type":"url_citation","title":)"
                 R"("[[EMAIL_001]]"}],"text":"x"}]},{"type":"mcp_call","output":"[[EMAIL_001]]"}]})") ==
        R"({"output":[{"type":"message","content":[{"type":"output_text","annotations":[{"type":"url_citation","title":)"
        R"("jane@example.com"}],"text":"x"}]},{"type":"mcp_call","output":"jane@example.com"}]})");
}

TEST_CASE_FIXTURE(Body, "citations: their places move with the text beside them, and with no other") {
  const auto part = [](const std::string& mail, int begin, int end) {
    return R"({"type":"output_text","annotations":[{"type":"url_citation","start_index":)" + std::to_string(begin) +
           R"(,"end_index":)" + std::to_string(end) + R"(,"title":")" + mail + R"("}],"text":"to )" + mail + R"( it"})";
  };
  const auto item = [](const std::string& parts) { return R"({"type":"message","content":[)" + parts + "]}"; };
  const std::string plain = R"({"type":"output_text","annotations":[{"start_index":17,"end_index":19}],"text":"as it was"})";
  CHECK(restored(DialectId::openai_responses, "{\"output\":[" + item(plain + "," + part("[[EMAIL_001]]", 17, 19)) + "," +
                                                  item(part("[[EMAIL_001]]", 3, 16)) + "]}") ==
        "{\"output\":[" + item(plain + "," + part("jane@example.com", 20, 22)) + "," + item(part("jane@example.com", 3, 19)) +
            "]}");
  CHECK(counts.exact == 4);
  CHECK(
      restored(DialectId::openai_chat,
               R"({"choices":[{"message":{"refusal":"[[EMAIL_001]]","content":"[[EMAIL_001]] it","annotations":[{"url_citation":)"
               R"({"start_index":14,"end_index":16}},{"url_citation":{"start_index":-1,"end_index":1e1}}]}}]})") ==
      R"({"choices":[{"message":{"refusal":"jane@example.com","content":"jane@example.com it","annotations":[{"url_citation":)"
      R"({"start_index":17,"end_index":19}},{"url_citation":{"start_index":-1,"end_index":1e1}}]}}]})");
}

TEST_CASE_FIXTURE(Body, "Responses: signed reasoning stays, the message beside it does not") {
  const std::string body =
      R"({"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"[[EMAIL_001]]"}],"content":[)"
      R"({"type":"reasoning_text","text":"[[EMAIL_001]]"}]},{"type":"message","content":[{"type":"output_text","text":)"
      R"("[[EMAIL_001]]"}]}]})";
  const std::string out = restored(DialectId::openai_responses, body, true);
  CHECK(counts.exact == 1);
  CHECK(out.ends_with(R"("text":"jane@example.com"}]}]})"));
  restored(DialectId::openai_responses, body);
  CHECK(counts.exact == 3);
}

TEST_CASE_FIXTURE(Body, "Responses: what a client runs itself (shell, patch) is restored") {
  CHECK(restored(
            DialectId::openai_responses,
            R"({"output":[{"type":"local_shell_call","action":{"command":["echo","[[EMAIL_001]]"]}},{"type":"apply_patch_call",)"
            R"("operation":{"diff":"+[[SECRET_001]]"}}]})") ==
        R"({"output":[{"type":"local_shell_call","action":{"command":["echo","jane@example.com"]}},{"type":"apply_patch_call",)"
        R"("operation":{"diff":"+a\"b"}}]})");
}

TEST_CASE_FIXTURE(Body, "tool_use.input: JSON inside a string is escaped once more") {
  CHECK(restored(DialectId::anthropic,
                 R"({"content":[{"type":"tool_use","input":{"body":"{\"k\":\"[[SECRET_001]]\"}","say":"[[SECRET_001]]"}}]})") ==
        R"({"content":[{"type":"tool_use","input":{"body":"{\"k\":\"a\\\"b\"}","say":"a\"b"}}]})");
}

TEST_CASE_FIXTURE(Body, "what is not JSON is not for this") {
  RestoreWork work(vault);
  FactReader facts(DialectId::anthropic);
  std::string out;
  for (const std::string_view body : {"[[EMAIL_001]]", "", "data: {}"})
    CHECK_FALSE(restore_body(ReplyOptions(), body, work, facts, out));
  CHECK(out.empty());
  CHECK(is_event_text("data: {}"));
  CHECK(is_event_text("event: ping"));
  CHECK(is_event_text(": a comment"));
  CHECK_FALSE(is_event_text("{"));
}

TEST_CASE_FIXTURE(Body, "what the guards take out of a request is restored where the reply repeats it") {
  CHECK(restored(DialectId::anthropic, R"({"stop_reason":"stop_sequence","stop_sequence":"[[SECRET_001]]"})") ==
        R"({"stop_reason":"stop_sequence","stop_sequence":"a\"b"})");
  CHECK(restored(DialectId::openai_responses,
                 R"({"instructions":"[[SECRET_001]]","output":[{"type":"code_interpreter_call","code":"[[SECRET_001]]"},)"
                 R"({"type":"mcp_call","error":"[[EMAIL_001]]"},{"type":"mcp_call","error":{"message":"[[EMAIL_001]]"}},)"
                 R"({"type":"image_generation_call","revised_prompt":"[[EMAIL_001]]"}]})") ==
        R"({"instructions":"a\"b","output":[{"type":"code_interpreter_call","code":"a\"b"},)"
        R"({"type":"mcp_call","error":"jane@example.com"},{"type":"mcp_call","error":{"message":"jane@example.com"}},)"
        R"({"type":"image_generation_call","revised_prompt":"jane@example.com"}]})");
}

TEST_CASE("a sample of a large body finds its id where it begins, not those of what it holds") {
  ReplyOptions options;
  options.dialect = DialectId::openai_responses;
  const std::string item = R"({"id":"msg_1","type":"message","content":[{"type":"output_text","text":")" +
                           std::string(300'000, 'x') + R"("}]},{"id":"msg_2","type":"message","content":[]})";
  BodySample sample;
  sample.add(R"({"id":"resp_1","object":"response","model":"m","output":[)" + item + R"(],"usage":{"input_tokens":5}})");
  FactReader facts(DialectId::openai_responses);
  sample.read(options, facts);
  CHECK(facts.facts().reply_id == "resp_1");
  CHECK(facts.facts().usage.input_tokens == 5);
}

TEST_CASE("a sample of a large body finds its usage at either end") {
  ReplyOptions options;
  options.dialect = DialectId::openai_chat;
  const std::string usage =
      R"("usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":1}},"model":"m")";
  const std::string filler = R"("x":")" + std::string(300'000, 'x') + "\"";
  for (const std::string& body : {"{" + usage + "," + filler + "}", "{" + filler + "," + usage + "}"}) {
    for (std::size_t piece : {std::size_t{1000}, body.size()}) {
      BodySample sample;
      for (std::size_t at = 0; at < body.size(); at += piece) sample.add(std::string_view(body).substr(at, piece));
      FactReader facts(DialectId::openai_chat);
      sample.read(options, facts);
      CHECK(facts.facts().usage.input_tokens == 5);
      CHECK(facts.facts().usage.cached_tokens == 1);
      CHECK(facts.facts().model == "m");
    }
  }
}

}  // namespace
}  // namespace pg
