// Redaction of requests: nothing personal or secret reaches the provider, wherever it stands, numbered in document order; what is
// signed, opaque or not text stays as it is.
#include <doctest/doctest.h>

#include <span>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

World& redacting_world() {
  static World one(kRedactAll);
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

/// Sends the body and gives back what the provider saw.
std::string seen_of(World& w, DialectId dialect, const std::string& body, std::string_view path = {}) {
  w.upstream.forget();
  const RawReply reply = w.post(path.empty() ? model_path(dialect) : std::string(path), body);
  CHECK_MESSAGE(reply.status == 200, reply.body);
  return w.upstream.last().body;
}

std::string anthropic(const std::string& messages, const std::string& more = {}) {
  return R"({"model":"m","max_tokens":9,)" + more + R"("messages":)" + messages + "}";
}
std::string user(const std::string& json_string) {
  return R"([{"role":"user","content":")" + json_string + "\"}]";
}

}  // namespace

TEST_CASE("redaction: every kind that is on by default is replaced, in every dialect, streamed or not") {
  World& w = redacting_world();
  const std::pair<std::string, std::string> values[] = {{"EMAIL", make_email()},
                                                        {"CARD", make_card()},
                                                        {"IBAN", make_iban()},
                                                        {"SSN", std::string("536-22") + "-8716"},
                                                        {"GITHUB", make_github_token()},
                                                        {"AWS", make_aws_key_id()},
                                                        {"PRIVATE_KEY", make_private_key()}};
  for (const DialectId dialect :
       {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings}) {
    for (const auto& [kind, value] : values) {
      for (const bool stream : {false, true}) {
        CAPTURE(kind);
        CAPTURE(dialect);
        const std::string body = ask(dialect, stream, "before " + value + " after");
        const std::string seen = seen_of(w, dialect, body);
        CHECK(seen.find(json_text(value)) == std::string::npos);
        const auto tokens = placeholders_in(seen);
        REQUIRE_MESSAGE(tokens.size() == 1, seen);
        CHECK_MESSAGE(tokens.front().find(kind) != std::string::npos, tokens.front());
        CHECK(tokens.front().ends_with("_001]]"));
        CHECK(replace_all(seen, tokens.front(), json_text(value)) == body);
      }
    }
  }
}

TEST_CASE("redaction: numbers follow the document, the same value keeps its token, and a growing conversation keeps its prefix") {
  World& w = redacting_world();
  const std::string a = make_email("ann.lee"), b = make_email("bob.ray"), c = make_email("cid.fox");
  std::string turns = R"({"role":"user","content":"first )" + a + " then " + b + " then " + a + R"("})";
  const std::string first = seen_of(w, DialectId::anthropic, anthropic("[" + turns + "]"));
  CHECK(first.find("first [[EMAIL_001]] then [[EMAIL_002]] then [[EMAIL_001]]") != std::string::npos);

  turns += R"(,{"role":"assistant","content":"I wrote to )" + b + R"("},{"role":"user","content":"now )" + c + R"("})";
  const std::string second = seen_of(w, DialectId::anthropic, anthropic("[" + turns + "]"));
  CHECK(second.find("I wrote to [[EMAIL_002]]") != std::string::npos);
  CHECK(second.find("now [[EMAIL_003]]") != std::string::npos);
  CHECK(second.starts_with(first.substr(0, first.size() - 2)));
}

TEST_CASE("redaction: system, tool results, tool input and nested JSON are looked at, in place") {
  World& w = redacting_world();
  // @@ stands for the address.
  const char* anthropic_bodies[] = {
      R"j({"model":"m","system":"write to @@","messages":[]})j",
      R"j({"model":"m","system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"to @@"}],"messages":[]})j",
      R"j({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"row: @@"}]}]})j",
      R"j({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"@@"}]}]}]})j",
      R"j({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"id":"@@","n":1.0,"n":2}}]}]})j",
      R"j({"model":"m","messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"@@"}}]}]})j",
      R"j({"model":"m","messages":[{"role":"system","content":"in the middle @@"}]})j",
      R"j({"model":"m","messages":[{"role":"user","content":"{\"to\":\"@@\",\"x\":\"\\n@@\"}"}]})j",
      R"j( {"messages" : [ {"content":"\u00e9 \/ @@" , "role":"user"} ], "top_k":1.50e1, "unknown":{"a":[1,2.0]} , "model":"m"} )j",
  };
  const char* chat_bodies[] = {
      R"j({"model":"m","messages":[{"role":"system","content":"@@"},{"role":"developer","content":[{"type":"text","text":"@@"}]}]})j",
      R"j({"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"@@\",\"n\": 1.50}"}}]},{"role":"tool","tool_call_id":"c","content":"@@"}]})j",
  };
  const char* responses_bodies[] = {
      R"j({"model":"m","instructions":"mail @@","input":"and @@"})j",
      R"j({"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"@@"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":\"@@\"}"},{"type":"function_call_output","call_id":"c","output":"@@"}]})j",
      R"j({"model":"m","input":[{"type":"custom_tool_call","call_id":"d","name":"exec","input":"send('@@')"},{"type":"custom_tool_call_output","call_id":"d","output":[{"type":"input_text","text":"@@"}]}]})j",
  };
  const auto check = [&](DialectId dialect, std::span<const char* const> bodies) {
    for (const char* text : bodies) {
      CAPTURE(std::string(text));
      CHECK(seen_of(w, dialect, replace_all(text, "@@", make_email())) == replace_all(text, "@@", "[[EMAIL_001]]"));
    }
  };
  check(DialectId::anthropic, anthropic_bodies);
  check(DialectId::openai_chat, chat_bodies);
  check(DialectId::openai_responses, responses_bodies);
}

TEST_CASE("redaction: escapes do not hide a value, and do not become part of one") {
  World& w = redacting_world();
  CHECK(placeholders_in(seen_of(w, DialectId::anthropic, anthropic(user("mail jane.doe\\u0040example.com now")))).size() == 1);
  CHECK(placeholders_in(seen_of(w, DialectId::anthropic, anthropic(user("mail \\u006aane.doe@example.com now")))).size() == 1);
  const std::string line = seen_of(w, DialectId::anthropic, anthropic(user("a\\n" + make_email() + "\\tb")));
  CHECK(line.find("a\\n[[EMAIL_001]]\\tb") != std::string::npos);
}

TEST_CASE("redaction: literals of our own grammar keep their number and pass both ways untouched") {
  World& w = redacting_world();
  w.upstream.forget();
  const std::string reply_text = "echo [[EMAIL_001]] and [[EMAIL_002]] and [[EMAIL_003]]";
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({reply_text})})));
  const RawReply reply = w.post("v1/messages", anthropic(user("literal [[EMAIL_001]], [[EMAIL_003]] and " + make_email())));
  CHECK(w.upstream.last().body.find("literal [[EMAIL_001]], [[EMAIL_003]] and [[EMAIL_002]]") != std::string::npos);
  CHECK(hear_whole(DialectId::anthropic, reply.body).text() == "echo [[EMAIL_001]] and " + make_email() + " and [[EMAIL_003]]");
}

TEST_CASE("redaction: signed, opaque and structural parts are never edited") {
  World& w = redacting_world();
  const std::pair<DialectId, const char*> bodies[] = {
      {DialectId::anthropic,
       R"j({"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"about @@","signature":"c2ln"}]}]})j"},
      {DialectId::anthropic,
       R"j({"model":"m","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"@@"}]}]})j"},
      {DialectId::anthropic, R"j({"model":"m","metadata":{"user_id":"@@"},"messages":[]})j"},
      {DialectId::anthropic,
       R"j({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"@@","name":"f","input":{}}]}]})j"},
      {DialectId::anthropic,
       R"j({"model":"m","tools":[{"name":"f","description":"ask @@","input_schema":{"type":"object","properties":{"a":{"default":"@@"}}}}],"messages":[]})j"},
      {DialectId::openai_chat,
       R"j({"model":"@@","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"}}]}]})j"},
      {DialectId::openai_responses,
       R"j({"model":"m","input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"@@"}]})j"},
  };
  for (const auto& [dialect, text] : bodies) {
    const std::string body = replace_all(text, "@@", make_email());
    CAPTURE(body);
    CHECK(seen_of(w, dialect, body) == body);
  }
}

TEST_CASE("redaction: what only looks like a value stays") {
  World& w = redacting_world();
  for (const char* text :
       {"git@github.com:org/repo.git", "hero@2x.png", "sdk@v1.44.0", "devicon@master/devicon.min.css", "1763700000000",
        "20260823000001_x.sql", "4111-1111", "phone 2026081209", "1.2.3.4", "https://user@host.example/path?x=1"}) {
    const std::string body = anthropic(user(text));
    CHECK(seen_of(w, DialectId::anthropic, body) == body);
  }
}

TEST_CASE("redaction: count_tokens sees the same bytes as the message it counts") {
  World& w = redacting_world();
  const std::string body = anthropic(user("count " + make_email() + " " + make_card()));
  w.upstream.respond(Answer::json(R"({"input_tokens":12})"));
  const std::string counted = seen_of(w, DialectId::anthropic, body, "v1/messages/count_tokens?beta=true");
  CHECK(counted == seen_of(w, DialectId::anthropic, body));
  CHECK(placeholders_in(counted).size() == 2);
}

TEST_CASE("redaction: a conversation that the provider keeps is restored in later turns, and goes on counting") {
  World& w = redacting_world();
  const std::string a = make_email("ann.lee"), b = make_email("bob.ray");
  const auto reply_with = [](const std::string& id, const std::string& text) {
    return Answer::json(replace_all(say_whole(DialectId::openai_responses, {text_block({text})}), "resp_fake_1", id));
  };
  w.upstream.respond(reply_with("resp_a", "noted"));
  REQUIRE(w.post("v1/responses", R"({"model":"m","store":true,"input":"I am )" + a + "\"}").status == 200);
  w.upstream.respond(reply_with("resp_b", "you are [[EMAIL_001]], not [[EMAIL_002]]"));
  const RawReply second = w.post("v1/responses", R"({"model":"m","previous_response_id":"resp_a","input":"am I )" + b + "?\"}");
  CHECK(w.upstream.last().body.find("am I [[EMAIL_002]]?") != std::string::npos);
  CHECK(hear_whole(DialectId::openai_responses, second.body).text() == "you are " + a + ", not " + b);
  w.upstream.respond(reply_with("resp_c", "still [[EMAIL_001]]"));
  const RawReply third = w.post("v1/responses", R"({"model":"m","previous_response_id":"resp_b","input":"who?"})");
  CHECK(hear_whole(DialectId::openai_responses, third.body).text() == "still " + a);
  // Another project's or stranger's id gives nothing away.
  w.upstream.respond(reply_with("resp_d", "[[EMAIL_001]]"));
  const RawReply stranger = w.post("v1/responses", R"({"model":"m","previous_response_id":"resp_unknown","input":"who?"})");
  CHECK(hear_whole(DialectId::openai_responses, stranger.body).text() == "[[EMAIL_001]]");
}

TEST_CASE("redaction: where an earlier turn is forgotten its placeholders are nobody's, and the client is told") {
  World w;
  const std::string a = make_email("ann.lee"), b = make_email("bob.ray"), c = make_email("cleo.day");
  const auto reply = [](const SeenRequest& seen) {  // quotes what it was sent, beside what an earlier turn was told
    const std::vector<std::string> tokens = placeholders_in(seen.body);
    return Answer::json(replace_all(
        say_whole(DialectId::openai_responses, {text_block({"[[EMAIL_001]] and " + (tokens.empty() ? "no" : tokens.back())})}),
        "resp_fake_1", "resp_b"));
  };
  w.upstream.respond(reply);
  const auto ask_after = [&](const std::string& id, const std::string& who) {
    return w.post("v1/responses", R"({"model":"m","previous_response_id":")" + id + R"(","input":"I am )" + who + "\"}");
  };
  const RawReply lost = ask_after("resp_gone", a);
  CHECK(hear_whole(DialectId::openai_responses, lost.body).text() == "[[EMAIL_001]] and " + a);
  CHECK(lost.field("x-pg-warnings") == "forgotten:placeholders");
  const std::string sent = w.upstream.last().body;
  ask_after("resp_gone", a);
  CHECK(w.upstream.last().body == sent);  // the same turn is the same prompt
  const RawReply next = ask_after("resp_b", b);
  CHECK(hear_whole(DialectId::openai_responses, next.body).text() == "[[EMAIL_001]] and " + b);
  CHECK(next.field("x-pg-warnings") == "");
  // A turn in which there was nothing to take out is not forgotten, however soon the next one comes.
  for (int i = 0; i < 100; ++i) {
    ask_after("resp_gone", a);  // leaves another vault under that id
    REQUIRE(w.post("v1/responses", R"({"model":"m","input":"hello"})").status == 200);
    const RawReply after = ask_after("resp_b", c);
    REQUIRE(w.upstream.last().body.find("I am [[EMAIL_001]]") != std::string::npos);
    REQUIRE(after.field("x-pg-warnings") == "");
  }
}

TEST_CASE("redaction: an Anthropic thread is restored in later turns too") {
  World& w = redacting_world();
  const std::string a = make_email("ann.lee");
  const auto whole = [](const std::string& id, const std::string& text) {
    return Answer::json(replace_all(say_whole(DialectId::anthropic, {text_block({text})}), "msg_fake_1", id));
  };
  w.upstream.respond(whole("msg_thread_1", "noted"));
  REQUIRE(w.post("v1/messages", anthropic(user("I am " + a), R"("thread":{"type":"create"},)")).status == 200);
  w.upstream.respond(whole("msg_thread_2", "you are [[EMAIL_001]]"));
  const RawReply reply = w.post(
      "v1/messages", anthropic(user("who am I?"), R"("thread":{"type":"continue","previous_message_id":"msg_thread_1"},)"));
  CHECK(hear_whole(DialectId::anthropic, reply.body).text() == "you are " + a);
}

}  // namespace pg::test
