#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/reply_path.h"
#include "core/wire/json_walk.h"
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

// Writes events with a running sequence_number.
struct Writer {
  std::string bytes;
  int sequence = 0;

  Writer& event(const std::string& type, const std::string& rest) {
    bytes += test::sse_event(type, "{\"type\":\"" + type + "\",\"sequence_number\":" + std::to_string(sequence++) + rest + "}");
    return *this;
  }
  Writer& delta(const std::string& kind, int output, const std::string& raw, const std::string& part = ",\"content_index\":0") {
    return event("response." + kind + ".delta", at(output) + part + ",\"delta\":\"" + raw + "\"");
  }
  Writer& text(const std::string& raw, int output = 0) {
    bytes += test::sse_event("response.output_text.delta",
                             "{\"type\":\"response.output_text.delta\",\"sequence_number\":" + std::to_string(sequence++) +
                                 at(output) + ",\"content_index\":0,\"delta\":\"" + raw + "\",\"logprobs\":[]}");
    return *this;
  }
  Writer& text_done(const std::string& raw, int output = 0) {
    return event("response.output_text.done", at(output) + ",\"content_index\":0,\"text\":\"" + raw + "\",\"logprobs\":[]");
  }
  Writer& arguments(const std::string& raw, int output = 0) { return delta("function_call_arguments", output, raw, ""); }
  Writer& created() {
    return event("response.created",
                 R"(,"response":{"id":"resp_1","model":"gpt-5.1-codex","status":"in_progress","output":[],"usage":null})");
  }
  Writer& completed(const std::string& output = "") {
    return event("response.completed",
                 R"(,"response":{"id":"resp_1","model":"gpt-5.1-codex","status":"completed","output":[)" + output +
                     R"(],"usage":{"input_tokens":25,"input_tokens_details":{"cached_tokens":4},"output_tokens":17,)"
                     R"("output_tokens_details":{"reasoning_tokens":3},"total_tokens":42}})");
  }
  static std::string at(int output) {
    return ",\"item_id\":\"item_" + std::to_string(output) + "\",\"output_index\":" + std::to_string(output);
  }
};

std::string message_item(const std::string& raw) {
  return R"({"id":"item_0","type":"message","content":[{"type":"output_text","text":")" + raw + R"(","annotations":[]}]})";
}

struct Responses {
  Responses() {
    vault.placeholder_for("EMAIL", "jane@example.com");
    vault.placeholder_for("SECRET", "a\"b\\c\n");
  }
  ReplyRun run(const Writer& upstream, bool cut = false, bool signed_reasoning = false) const {
    ReplyOptions options = stream_options(DialectId::openai_responses, vault);
    options.signed_reasoning = signed_reasoning;
    return run_reply(options, upstream.bytes, cut);
  }
  Vault vault;
};

TEST_CASE_FIXTURE(Responses, "annotations: their places move with the text, in the event and in every copy alike") {
  const auto events = [](const std::vector<std::string>& deltas, const std::string& text, int begin) {
    const std::string note = R"({"type":"url_citation","url":"https://a.example/","start_index":)" + std::to_string(begin) +
                             R"(,"end_index":)" + std::to_string(begin + 2) + "}";
    const std::string part = R"({"type":"output_text","text":")" + text + R"(","annotations":[)" + note + "]}";
    const std::string item = R"({"id":"item_0","type":"message","content":[)" + part + "]}";
    Writer writer;
    writer.created();
    for (const std::string& delta : deltas) writer.text(delta);
    return writer
        .event("response.output_text.annotation.added",
               Writer::at(0) + ",\"content_index\":0,\"annotation_index\":0,\"annotation\":" + note)
        .text_done(text)
        .event("response.content_part.done", Writer::at(0) + ",\"content_index\":0,\"part\":" + part)
        .event("response.output_item.done", ",\"output_index\":0,\"item\":" + item)
        .completed(item);
  };
  CHECK(run(events({"to [[EMA", "IL_001]] it"}, "to [[EMAIL_001]] it", 17)).bytes ==
        events({"to ", "jane@example.com it"}, "to jane@example.com it", 20).bytes);
}

TEST_CASE_FIXTURE(Responses, "annotations: their event and every copy agree") {
  const auto events = [](const std::string& mail) {
    const std::string note = R"({"type":"url_citation","title":"of )" + mail + R"(","url":"https://a.example/","start_index":0})";
    const std::string part = R"({"type":"output_text","text":"x","annotations":[)" + note + "]}";
    const std::string item = R"({"id":"item_0","type":"message","content":[)" + part + "]}";
    return Writer()
        .created()
        .text("x")
        .event("response.output_text.annotation.added",
               Writer::at(0) + ",\"content_index\":0,\"annotation_index\":0,\"annotation\":" + note)
        .text_done("x")
        .event("response.content_part.done", Writer::at(0) + ",\"content_index\":0,\"part\":" + part)
        .event("response.output_item.done", ",\"output_index\":0,\"item\":" + item)
        .completed(item);
  };
  const ReplyRun result = run(events("[[EMAIL_001]]"));
  CHECK(result.bytes == events("jane@example.com").bytes);
  CHECK(result.facts.restored == 1);
}

TEST_CASE_FIXTURE(Responses, "stream vector: the token split at every byte; every copy agrees with the deltas") {
  const std::string token = "[[EMAIL_001]]";
  const std::string whole = "to [[EMAIL_001]] [";
  for (std::size_t cut = 0; cut <= token.size(); ++cut) {
    Writer in;
    in.created().text("to " + token.substr(0, cut)).text(token.substr(cut) + " [").text_done(whole);
    in.event("response.content_part.done",
             Writer::at(0) + R"(,"content_index":0,"part":{"type":"output_text","text":")" + whole + "\"}");
    in.event("response.output_item.done", R"(,"output_index":0,"item":)" + message_item(whole)).completed(message_item(whole));
    const ReplyRun result = run(in);
    const Heard heard = hear_stream(DialectId::openai_responses, result.bytes);
    CHECK(heard.faults.empty());
    CHECK(heard.text() == "to jane@example.com [");
    CHECK(heard.finished);
    CHECK(result.facts.restored == 1);
  }
}

TEST_CASE_FIXTURE(Responses, "held text goes out before .done with its number, and all later numbers move up by one") {
  Writer in, out;
  in.created().text("a [[EM").text_done("a [[EM").completed(message_item("a [[EM"));
  out.created().text("a ").text("[[EM").text_done("a [[EM").completed(message_item("a [[EM"));
  CHECK(run(in).bytes == out.bytes);
}

TEST_CASE_FIXTURE(Responses, "function arguments: deltas, .done, item and completed hold the escaped value") {
  const std::string raw = R"({\"s\":\"[[SECRET_001]]\"})";
  const std::string item = R"({"id":"item_0","type":"function_call","call_id":"call_1","name":"f","arguments":")" + raw + "\"}";
  Writer in;
  in.created().event("response.output_item.added",
                     R"(,"output_index":0,"item":{"id":"item_0","type":"function_call","arguments":""})");
  in.arguments(R"({\"s\":\"[[SEC)").arguments(R"(RET_001]]\"})");
  in.event("response.function_call_arguments.done", Writer::at(0) + ",\"arguments\":\"" + raw + "\"");
  in.event("response.output_item.done", R"(,"output_index":0,"item":)" + item).completed(item);
  const ReplyRun result = run(in);
  const Heard heard = hear_stream(DialectId::openai_responses, result.bytes);
  CHECK(heard.faults.empty());
  REQUIRE(heard.arguments.size() == 1);
  CHECK(OrderedJson::parse(heard.arguments[0]).at("s") == "a\"b\\c\n");
  CHECK(result.facts.restored == 1);
}

TEST_CASE_FIXTURE(Responses, "custom tool input is text: the value is escaped once") {
  const std::string raw = "run(`[[SECRET_001]]`)";
  const std::string value = R"(run(`a\"b\\c\n`))";
  const auto say = [](Writer& out, const std::string& first, const std::string& second, const std::string& whole) {
    out.created().delta("custom_tool_call_input", 1, first, "").delta("custom_tool_call_input", 1, second, "");
    out.event("response.custom_tool_call_input.done", Writer::at(1) + ",\"input\":\"" + whole + "\"");
    out.event("response.output_item.done", R"(,"output_index":1,"item":{"type":"custom_tool_call","input":")" + whole + "\"}");
    out.completed();
  };
  Writer in, out;
  say(in, "run(`[[SECRET", "_001]]`)", raw);
  say(out, "run(`", R"(a\"b\\c\n`))", value);
  CHECK(run(in).bytes == out.bytes);
}

TEST_CASE_FIXTURE(Responses, "interleaved items and parts keep their own state") {
  Writer in, out;
  in.created().text("[[EMAIL", 0).text("[[SEC", 1).delta("output_text", 0, "[[E", ",\"content_index\":1").text("_001]]", 0);
  in.text("RET_001]]", 1).event("response.output_item.done", R"(,"output_index":0,"item":{})").completed();
  const std::string bytes = run(in).bytes;
  CHECK(bytes.find(R"("output_index":0,"content_index":0,"delta":"jane@example.com")") != std::string::npos);
  CHECK(bytes.find(R"("output_index":1,"content_index":0,"delta":"a\"b\\c\n")") != std::string::npos);
  CHECK(bytes.find(R"("sequence_number":6,"item_id":"item_0","output_index":0,"content_index":1,"delta":"[[E")") !=
        std::string::npos);
  CHECK(hear_stream(DialectId::openai_responses, bytes).faults.empty());
}

TEST_CASE_FIXTURE(Responses, "reasoning summaries and reasoning text: restored when unsigned, untouched when signed") {
  const auto say = [](const std::string& raw) {
    Writer out;
    out.created().delta("reasoning_summary_text", 0, raw, ",\"summary_index\":0");
    out.event("response.reasoning_summary_text.done", Writer::at(0) + ",\"summary_index\":0,\"text\":\"" + raw + "\"");
    out.event("response.reasoning_summary_part.done",
              Writer::at(0) + R"(,"summary_index":0,"part":{"type":"summary_text","text":")" + raw + "\"}");
    out.delta("reasoning_text", 0, raw);
    out.event("response.content_part.done",
              Writer::at(0) + R"(,"content_index":0,"part":{"text":")" + raw + R"(","type":"reasoning_text"})");
    out.event("response.output_item.done",
              R"(,"output_index":0,"item":{"type":"reasoning","summary":[{"type":"summary_text","text":")" + raw +
                  R"("}],"content":[{"type":"reasoning_text","text":")" + raw + "\"}]}");
    return out.completed();
  };
  CHECK(run(say("x [[EMAIL_001]]")).bytes == say("x jane@example.com").bytes);
  CHECK(run(say("x [[EMAIL_001]]"), false, true).bytes == say("x [[EMAIL_001]]").bytes);
}

TEST_CASE_FIXTURE(Responses,
                  "encrypted content, ids, names, echoes of what is not guarded and unknown events are never touched") {
  Writer in;
  in.event("response.created", R"(,"response":{"id":"[[EMAIL_001]]","client_metadata":{"a":"[[EMAIL_001]]"},"output":[]})");
  in.event(
      "response.output_item.done",
      R"(,"output_index":0,"item":{"type":"reasoning","id":"[[EMAIL_001]]","encrypted_content":"[[EMAIL_001]]","summary":[]})");
  in.event("response.output_item.done",
           R"(,"output_index":1,"item":{"type":"function_call","name":"[[EMAIL_001]]","call_id":"[[EMAIL_001]]"})");
  in.event("response.new_thing.delta", R"(,"delta":"[[EMAIL_001]]")")
      .event("codex.rate_limits", R"(,"x":"[[EMAIL_001]]")")
      .completed();
  CHECK(run(in).bytes == in.bytes);
}

TEST_CASE_FIXTURE(Responses, "facts: usage, model, id, each terminal event") {
  for (const std::string end : {"response.completed", "response.incomplete", "response.failed"}) {
    Writer in;
    in.created().text("x").event(end, R"(,"response":{"id":"resp_1","error":{"code":"server_error","message":"m"},"output":[]})");
    const ReplyRun result = run(in);
    CHECK(result.bytes == in.bytes);
    CHECK(result.facts.finished);
    CHECK(result.facts.error_type == "server_error");
  }
  Writer in;
  const ReplyRun result = run(in.created().text("x").completed());
  CHECK(result.facts.usage.input_tokens == 25);
  CHECK(result.facts.usage.cached_tokens == 4);
  CHECK(result.facts.usage.output_tokens == 17);
  CHECK(result.facts.usage.reasoning_tokens == 3);
  CHECK(result.facts.model == "gpt-5.1-codex");
  CHECK(result.facts.reply_id == "resp_1");
  CHECK(result.facts.error_type.empty());
}

TEST_CASE_FIXTURE(Responses, "cut: held text, then response.failed, both with the right next numbers") {
  Writer in;
  in.created().text("a [[EM");
  in.bytes += "event: response.output_text.delta\ndata: {\"type\":";
  const ReplyRun result = run(in, true);
  const Heard heard = hear_stream(DialectId::openai_responses, result.bytes);
  CHECK(heard.faults.empty());
  CHECK(heard.text() == "a [[EM");
  CHECK(heard.events.back() == "response.failed");
  CHECK(heard.error_code == "server_error");
  CHECK(result.facts.cut_tokens == 1);
}

TEST_CASE_FIXTURE(Responses, "a clean end without a terminal event is a cut; an error event alone is no terminal event") {
  Writer in;
  in.created().text("x").event("error", R"(,"code":"server_error","message":"m","param":null)");
  const ReplyRun result = run(in);
  const Heard heard = hear_stream(DialectId::openai_responses, result.bytes);
  CHECK(heard.faults.empty());
  CHECK(heard.events.back() == "response.failed");
  CHECK(result.facts.error_type == "server_error");
  CHECK_FALSE(result.facts.finished);
  CHECK(heard.error_message == "m");
}

TEST_CASE_FIXTURE(Responses,
                  "what an error event says is said again by the event that ends the stream, with originals and without") {
  Writer in;
  in.created().event("error", R"(,"code":"server_error","message":"no \"[[EMAIL_001]]\"","param":null)");
  CHECK(hear_stream(DialectId::openai_responses, run(in).bytes).error_message == "no \"jane@example.com\"");
  const Vault nothing;
  const ReplyRun bare = run_reply(stream_options(DialectId::openai_responses, nothing), in.bytes);
  CHECK(hear_stream(DialectId::openai_responses, bare.bytes).error_message == "no \"[[EMAIL_001]]\"");
}

TEST_CASE_FIXTURE(Responses, "code that the provider runs is restored, and is no error") {
  const auto say = [](Writer& out, const std::string& first, const std::string& second, const std::string& whole) {
    out.created().delta("code_interpreter_call_code", 1, first, "").delta("code_interpreter_call_code", 1, second, "");
    out.event("response.code_interpreter_call_code.done", Writer::at(1) + ",\"code\":\"" + whole + "\"").completed();
  };
  Writer in, out;
  say(in, "x = '[[SECRET", "_001]]'", "x = '[[SECRET_001]]'");
  say(out, "x = '", R"(a\"b\\c\n')", R"(x = 'a\"b\\c\n')");
  CHECK(run(in).bytes == out.bytes);
  CHECK(run(in).facts.error_type.empty());
}

TEST_CASE_FIXTURE(Responses, "the next sequence number counts added events, with and without a vault") {
  Writer in;
  in.created().text("[[EM").text_done("[[EM");
  std::string out;
  ReplyPath path(stream_options(DialectId::openai_responses, vault));
  CHECK(path.next_sequence() == 0);
  CHECK(path.push(in.bytes, out).has_value());
  CHECK(path.next_sequence() == 4);
  const Vault nothing;
  ReplyPath plain(stream_options(DialectId::openai_responses, nothing));
  CHECK(plain.push(in.bytes, out).has_value());
  CHECK(plain.next_sequence() == 3);
}

TEST_CASE_FIXTURE(Responses, "servers without sequence numbers get none") {
  const std::string delta =
      R"({"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"[["})";
  const std::string done = R"({"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":"[["})";
  const ReplyRun result =
      run_reply(stream_options(DialectId::openai_responses, vault), test::sse_event("", delta) + test::sse_event("", done));
  CHECK(result.bytes.find(R"("delta":"")") != std::string::npos);
  CHECK(result.bytes.find("data: {\"type\":\"response.output_text.delta\",\"item_id\":\"i\",") != std::string::npos);
}

}  // namespace
}  // namespace pg
