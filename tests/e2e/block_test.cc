// Blocking: the agent stops after one try and shows a message that names kinds and places, never the value; nothing goes
// upstream.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

World& blocking_world() {
  static World one(kBlockSecrets);
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

/// kinds and places only, and how to get out (reference: clients "What follows" 1 and 2)
void check_message(const std::string& message, const std::string& secret) {
  CAPTURE(message);
  CHECK(message.find(secret) == std::string::npos);
  CHECK(message.find(secret.substr(0, 12)) == std::string::npos);
  CHECK((message.find("github") != std::string::npos || message.find("GITHUB") != std::string::npos ||
         message.find("GitHub") != std::string::npos));
  CHECK((message.find("messages[0]") != std::string::npos || message.find("input") != std::string::npos));
  CHECK((message.find("/rewind") != std::string::npos || message.find("/clear") != std::string::npos));
}

}  // namespace

TEST_CASE("block: 422 in the caller's dialect, not to be asked again, and nothing upstream") {
  World& w = blocking_world();
  const std::string secret = make_github_token(7);
  for (const DialectId dialect : kModelDialects) {
    for (const bool stream : {false, true}) {
      if (stream && dialect == DialectId::openai_responses) continue;  // its own form, below
      CAPTURE(dialect);
      CAPTURE(stream);
      const RawReply reply = w.post(model_path(dialect), ask(dialect, stream, "use " + secret + " please"));
      CHECK(reply.status == 422);
      CHECK(reply.complete);
      CHECK(reply.field("x-should-retry") == "false");
      CHECK(reply.field("content-type").starts_with("application/json"));
      const Heard heard = hear_whole(dialect, reply.body);
      CHECK(heard.fault() == "");
      CHECK_FALSE(heard.error_type.empty());
      check_message(heard.error_message, secret);
      CHECK(reply.body.find(secret) == std::string::npos);
    }
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE(
    "block: a streaming Responses call is told by response.failed with invalid_prompt, the form Codex neither retries nor "
    "hides") {
  World& w = blocking_world();
  const std::string secret = make_github_token(8);
  const RawReply reply = w.post("v1/responses", ask(DialectId::openai_responses, true, "use " + secret));
  CHECK(reply.status == 200);
  CHECK(reply.complete);
  CHECK(reply.field("content-type").starts_with("text/event-stream"));
  const Heard heard = hear_stream(DialectId::openai_responses, reply.body);
  REQUIRE(heard.events.size() >= 2);
  CHECK(heard.events.front() == "response.created");
  CHECK(heard.events.back() == "response.failed");
  CHECK(heard.error_code == "invalid_prompt");
  CHECK(heard.fault() == "");
  CHECK_FALSE(heard.finished);
  check_message(heard.error_message, secret);
  CHECK(reply.body.find(secret) == std::string::npos);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("block: count_tokens and embeddings follow the same policy") {
  World& w = blocking_world();
  const std::string secret = make_github_token(9);
  CHECK(w.post("v1/messages/count_tokens", ask(DialectId::anthropic, false, secret)).status == 422);
  CHECK(w.post("v1/embeddings", ask(DialectId::embeddings, false, secret)).status == 422);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("block: wherever the secret stands, however it is written") {
  World& w = blocking_world();
  const char* bodies[] = {
      R"j({"model":"m","system":"key @@","messages":[]})j",
      R"j({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"out: @@\n"}]}]})j",
      R"j({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"deep":[{"x":"@@"}]}}]}]})j",
      R"j({"model":"m","messages":[{"role":"assistant","content":"history @@"},{"role":"user","content":"go on"}]})j",
      R"j({"model":"m","messages":[{"role":"user","content":"{\"nested\":\"\\n@@\\n\"}"}]})j",
      R"j({"model":"m","messages":[{"role":"user","content":"(@@)"}]})j",
  };
  for (const char* text : bodies) {
    CAPTURE(std::string(text));
    const std::string secret = make_github_token(10);
    CHECK(w.post("v1/messages", replace_all(text, "@@", secret)).status == 422);
    // The same secret with its first letter as an escape.
    CHECK(w.post("v1/messages", replace_all(text, "@@", "\\u0067" + secret.substr(1))).status == 422);
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("block: a placeholder-like or made-up key does not block, personal data beside it is still replaced") {
  World& w = blocking_world();
  const std::string made_up = std::string("gh") + "p_" + std::string(36, 'x');
  const RawReply reply =
      w.post("v1/messages", ask(DialectId::anthropic, false, "export TOKEN=" + made_up + " # " + make_email()));
  CHECK(reply.status == 200);
  CHECK(w.upstream.last().body.find(made_up) != std::string::npos);
  CHECK(w.upstream.last().body.find("[[EMAIL_001]]") != std::string::npos);
}

TEST_CASE("block: the row says what and where, and no file below the home holds the value") {
  World& w = blocking_world();
  const std::string secret = make_github_token(11);
  CHECK(w.post("v1/chat/completions", ask(DialectId::openai_chat, true, "use " + secret)).status == 422);
  Json row = Json::object();
  for (int i = 0; i < 50 && row.value("outcome", "") != "blocked"; ++i) {  // the journal writes behind the reply
    const auto rows = w.home.rows(1);
    if (!rows.empty()) row = Json::parse(rows.back());
    std::this_thread::sleep_for(Ms{20});
  }
  CHECK(row.value("outcome", "") == "blocked");
  CHECK(row.value("status", 0) == 422);
  CHECK(row.dump().find("github") != std::string::npos);
  const std::string all = w.home.everything();
  CHECK(all.find("messages[0]") != std::string::npos);
  CHECK(all.find(secret) == std::string::npos);
  CHECK(all.find(secret.substr(4, 20)) == std::string::npos);
}

TEST_CASE("block: fails closed: what cannot be read is refused, not passed unscanned") {
  World& w = blocking_world();
  const std::string secret = make_github_token(12);
  for (const std::string& body :
       {"not json " + secret, "[\"" + secret + "\"]", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + secret,
        std::string("\"") + secret + "\"", std::string()}) {
    CAPTURE(body);
    const RawReply reply = w.post("v1/messages", body);
    CHECK((reply.status == 400 || reply.status == 422));
    CHECK(reply.body.find(secret) == std::string::npos);
  }
  CHECK(w.upstream.touched() == 0);
}

}  // namespace pg::test
