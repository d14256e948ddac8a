#include "core/reply_path.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/gen.h"
#include "tests/support/model_wire.h"
#include "tests/support/reply_run.h"

namespace pg {
namespace {

using test::body_options;
using test::Heard;
using test::ReplyRun;
using test::run_reply;
using test::stream_options;
using test::text_block;
using test::tool_block;
using OrderedJson = nlohmann::ordered_json;

const Vault kNothing;

std::vector<std::string> random_pieces(test::Gen& gen, const std::string& text) {
  std::vector<std::string> pieces(1);
  for (char c : text) {
    pieces.back().push_back(c);
    if (gen.number(0, 20) == 0) pieces.emplace_back();
  }
  return pieces;
}

// Cuts where a model could: at UTF-8 characters.
std::vector<std::string> random_deltas(test::Gen& gen, const std::string& text) {
  std::vector<std::string> deltas(1);
  for (char c : text) {
    const bool inside = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (!inside && gen.number(0, 3) == 0) deltas.emplace_back();
    deltas.back().push_back(c);
  }
  return deltas;
}

std::string random_value(test::Gen& gen) {
  const std::string_view parts[] = {"\"",   "\\", "\n", "\t", "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
                                    "\x01", "a",  "@x", "$&", "[[X_001]]",    "[["};
  std::string original;
  for (std::size_t n = gen.number(1, 9); n > 0; --n) original += parts[gen.number(0, std::size(parts) - 1)];
  return original;
}

// Two blocks with tokens in them, and what the client must hear.
struct Conversation {
  test::Blocks blocks;
  std::string text, arguments;
  std::size_t tokens = 0;
};

Conversation random_conversation(test::Gen& gen, Vault& vault) {
  Conversation talk;
  std::string sent;
  for (std::size_t n = gen.number(1, 5); n > 0; --n) {
    const std::string original = random_value(gen);
    const std::string words = gen.text(gen.number(1, 6), "ab [].\\\"\n") + " ";
    sent += words + std::string(vault.placeholder_for("SECRET", original)) + " ";
    talk.text += words + original + " ";
    ++talk.tokens;
  }
  const auto arguments = [&](bool with_token) {
    const Vault::Entry& entry = vault.entries().front();
    const std::string value(with_token ? std::string_view(entry.token) : entry.original.reveal());
    const OrderedJson inner = {{"deep", value + " "}};
    return OrderedJson{{"file_path", "/tmp/x"}, {"content", value}, {"nested", inner.dump()}}.dump();
  };
  talk.tokens += 2;
  talk.arguments = arguments(false);
  talk.blocks = {text_block(random_deltas(gen, sent)), tool_block(random_deltas(gen, arguments(true)))};
  return talk;
}

TEST_CASE("property: streams of every dialect come back whole, for random originals, deltas and reads") {
  PG_GEN(gen);
  for (DialectId dialect : test::kModelDialects) {
    for (int round = 0; round < 60; ++round) {
      Vault vault;
      const Conversation talk = random_conversation(gen, vault);
      const std::string upstream = test::join(test::say_stream(dialect, talk.blocks));
      const ReplyRun whole = run_reply(stream_options(dialect, vault), std::vector<std::string>{upstream});
      const ReplyRun cut = run_reply(stream_options(dialect, vault), random_pieces(gen, upstream));
      REQUIRE(cut.bytes == whole.bytes);
      const Heard heard = test::hear_stream(dialect, whole.bytes);
      CAPTURE(upstream);
      REQUIRE(heard.faults.empty());
      REQUIRE(heard.finished);
      REQUIRE(heard.text() == talk.text);
      REQUIRE(heard.arguments.size() == 1);
      REQUIRE(OrderedJson::parse(heard.arguments[0], nullptr, false) == OrderedJson::parse(talk.arguments));
      REQUIRE(whole.facts.restored == talk.tokens);
      REQUIRE(whole.facts.usage.input_tokens == 25);
      REQUIRE(whole.facts.usage.output_tokens == 17);
    }
  }
}

TEST_CASE("property: whole replies of every dialect come back whole") {
  PG_GEN(gen);
  for (DialectId dialect : test::kModelDialects) {
    for (int round = 0; round < 60; ++round) {
      Vault vault;
      const Conversation talk = random_conversation(gen, vault);
      const std::string upstream = test::say_whole(dialect, talk.blocks);
      const ReplyRun whole = run_reply(body_options(dialect, vault), random_pieces(gen, upstream));
      const Heard heard = test::hear_whole(dialect, whole.bytes);
      CAPTURE(upstream);
      REQUIRE(heard.faults.empty());
      REQUIRE(heard.text() == talk.text);
      REQUIRE(OrderedJson::parse(heard.arguments.at(0), nullptr, false) == OrderedJson::parse(talk.arguments));
      REQUIRE(whole.facts.restored == talk.tokens);
      REQUIRE(whole.facts.usage.output_tokens == 17);
      REQUIRE(whole.facts.finished);
    }
  }
}

TEST_CASE("property: a stream cut anywhere never ends cleanly and never breaks an event") {
  PG_GEN(gen);
  for (DialectId dialect : test::kModelDialects) {
    Vault vault;
    const Conversation talk = random_conversation(gen, vault);
    const std::vector<std::string> events = test::say_stream(dialect, talk.blocks);
    const std::string upstream = test::join(events);
    const std::size_t last = upstream.size() - events.back().size();
    for (std::size_t size = 0; size < last; size += 1 + gen.number(0, 30)) {
      for (bool cut : {true, false}) {
        const ReplyRun run = run_reply(stream_options(dialect, vault), std::vector<std::string>{upstream.substr(0, size)}, cut);
        if (run.facts.finished) continue;  // Chat without [DONE], told apart in its own test
        const Heard heard = test::hear_stream(dialect, run.bytes);
        CAPTURE(size);
        REQUIRE_FALSE(heard.finished);
        REQUIRE_FALSE(heard.error_message.empty());
        if (dialect != DialectId::openai_responses || size > events[0].size()) REQUIRE(heard.faults.empty());
      }
    }
  }
}

TEST_CASE("without originals every byte passes, and the facts are read all the same") {
  PG_GEN(gen);
  for (DialectId dialect : test::kModelDialects) {
    Vault vault;
    const Conversation talk = random_conversation(gen, vault);
    const std::string stream = test::join(test::say_stream(dialect, talk.blocks));
    const std::string body = test::say_whole(dialect, talk.blocks);
    for (const Vault* given : {static_cast<const Vault*>(nullptr), &kNothing}) {
      ReplyOptions options = stream_options(dialect, kNothing);
      options.vault = given;
      const ReplyRun streamed = run_reply(options, stream);
      CHECK(streamed.bytes == stream);
      CHECK(streamed.facts.usage.cached_tokens == 4);
      options.event_stream = false;
      const ReplyRun whole = run_reply(options, body);
      CHECK(whole.bytes == body);
      for (const ReplyFacts& facts : {streamed.facts, whole.facts}) {
        CHECK(facts.usage.input_tokens == 25);
        CHECK(facts.usage.output_tokens == 17);
        CHECK(facts.model == "fake-model-served");
        CHECK_FALSE(facts.reply_id.empty());
        CHECK(facts.has_content);
        CHECK(facts.finished);
      }
    }
  }
}

TEST_CASE("bytes that nobody needs any more pass as others do, behind what is there already") {
  const std::string body = R"({"model":"m","usage":{"input_tokens":25,"output_tokens":17}})";
  Vault vault;
  vault.placeholder_for("EMAIL", "a@b.c");
  for (const Vault* given : {&kNothing, static_cast<const Vault*>(&vault)})
    for (const std::size_t first : {std::size_t{0}, std::size_t{7}, body.size()}) {
      ReplyPath path(body_options(DialectId::anthropic, *given));
      std::string out;
      for (std::string piece : {body.substr(0, first), body.substr(first)}) REQUIRE(path.pass(piece, out));
      REQUIRE(path.finish(false, "", out));
      CHECK(out == body);
      CHECK(path.facts().usage.input_tokens == 25);
      CHECK(path.facts().model == "m");
    }
}

TEST_CASE("without originals a cut stream still ends in an error event and without half an event") {
  for (DialectId dialect : test::kModelDialects) {
    const std::vector<std::string> events = test::say_stream(dialect, {text_block({"a", "b", "c"})});
    const std::string kept = test::join({events.begin(), events.end() - 2});
    const ReplyRun run = run_reply(stream_options(dialect, kNothing), kept + "event: x\ndata: {\"ty", true);
    REQUIRE(run.bytes.starts_with(kept));
    const Heard heard = test::hear_stream(dialect, run.bytes);
    CHECK_FALSE(heard.error_message.empty());
    CHECK(heard.faults.empty());
  }
}

TEST_CASE("a whole reply is held only when it must be rewritten") {
  Vault vault;
  vault.placeholder_for("EMAIL", "a@b.c");
  CHECK(ReplyPath(body_options(DialectId::anthropic, vault)).holds_whole_body());
  CHECK_FALSE(ReplyPath(body_options(DialectId::anthropic, kNothing)).holds_whole_body());
  CHECK_FALSE(ReplyPath(body_options(DialectId::embeddings, vault)).holds_whole_body());
  CHECK(ReplyPath(body_options(DialectId::embeddings, vault, 400)).holds_whole_body());
  CHECK_FALSE(ReplyPath(stream_options(DialectId::anthropic, vault)).holds_whole_body());
  CHECK(ReplyPath(stream_options(DialectId::anthropic, kNothing)).rewrites());
  CHECK_FALSE(ReplyPath(body_options(DialectId::anthropic, kNothing)).rewrites());
}

TEST_CASE("a held reply beyond its bound, and one that was cut, are refused") {
  Vault vault;
  vault.placeholder_for("EMAIL", "a@b.c");
  ReplyOptions options = body_options(DialectId::anthropic, vault);
  options.max_whole_reply = 10;
  ReplyPath path(options);
  std::string out;
  CHECK(path.push("{\"a\":", out).has_value());
  CHECK_FALSE(path.push("\"12345\"}", out).has_value());
  CHECK_FALSE(run_reply(body_options(DialectId::anthropic, vault), "{\"content\":[", true).ok);
  options.event_stream = true;
  ReplyPath stream(options);
  CHECK_FALSE(stream.push("data: 0123456789", out).has_value());
}

TEST_CASE("bodies of errors: tokens in every string; what is not JSON passes") {
  Vault vault;
  vault.placeholder_for("EMAIL", "a\"b");
  const ReplyRun error = run_reply(
      body_options(DialectId::anthropic, vault, 400),
      R"({"type":"error","error":{"type":"invalid_request_error","message":"bad: [[EMAIL_001]]","x":["[[EMAIL_001]]"]}})");
  CHECK(error.bytes == R"({"type":"error","error":{"type":"invalid_request_error","message":"bad: a\"b","x":["a\"b"]}})");
  CHECK(error.facts.error_type == "invalid_request_error");
  const std::string page = "<html>[[EMAIL_001]]</html>";
  CHECK(run_reply(body_options(DialectId::openai_chat, vault, 502), page).bytes == page);
}

TEST_CASE("a reply that is not JSON: events under another name are restored, what wants restoring and cannot be is refused") {
  Vault vault;
  vault.placeholder_for("EMAIL", "jane@example.com");
  for (const DialectId dialect : test::kModelDialects) {
    CAPTURE(dialect);
    const std::string events = test::join(test::say_stream(dialect, {test::text_block({"to [[EMA", "IL_001]]"})}));
    const ReplyRun run = run_reply(body_options(dialect, vault), events);
    CHECK(run.ok);
    const Heard heard = test::hear_stream(dialect, run.bytes);
    CHECK(heard.faults.empty());
    CHECK(heard.text() == "to jane@example.com");
    CHECK(heard.finished);
    CHECK(run.facts.restored == 1);
    const std::string whole = test::say_whole(dialect, {test::text_block({"to [[EMAIL_001]] and more"})});
    CHECK_FALSE(run_reply(body_options(dialect, vault), whole.substr(0, whole.size() - 2)).ok);
    CHECK_FALSE(run_reply(body_options(dialect, vault), "<p>[[EMAIL_001]]</p>").ok);
    CHECK(run_reply(body_options(dialect, vault), "<p>[[EMAIL_999]]</p>").bytes == "<p>[[EMAIL_999]]</p>");
    CHECK(run_reply(body_options(dialect, vault), "{\"a\":").bytes == "{\"a\":");
  }
}

TEST_CASE("embeddings pass untouched, their usage is read, large ones from their ends") {
  Vault vault;
  vault.placeholder_for("EMAIL", "a@b.c");
  const std::string tail = R"(],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}})";
  const std::string large = R"({"object":"list","note":"[[EMAIL_001]]","data":[)" + std::string(400'000, ' ') + tail;
  for (const std::string& body : {R"({"object":"list","note":"[[EMAIL_001]]","data":[)" + tail, large}) {
    const ReplyRun run = run_reply(body_options(DialectId::embeddings, vault), test::in_pieces(body, 1000));
    CHECK(run.bytes == body);
    CHECK(run.facts.usage.input_tokens == 8);
    CHECK(run.facts.model == "text-embedding-3-small");
  }
}

TEST_CASE("a 5 MB event passes whole") {
  Vault vault;
  vault.placeholder_for("EMAIL", "a@b.c");
  std::vector<std::string> events = test::say_stream(DialectId::anthropic, {text_block({"x"})});
  events.insert(events.begin() + 2, "data: {\"type\":\"image\",\"b64\":\"" + std::string(5 << 20, 'A') + "\"}\n\n");
  const std::string upstream = test::join(events);
  for (const Vault* given : {&kNothing, static_cast<const Vault*>(&vault)}) {
    CHECK(run_reply(stream_options(DialectId::anthropic, *given), test::in_pieces(upstream, 16384)).bytes == upstream);
  }
}

TEST_CASE("a ping may go out between events only") {
  ReplyPath path(stream_options(DialectId::openai_chat, kNothing));
  std::string out;
  CHECK(path.at_event_boundary());
  CHECK(path.push("data: {}\n", out).has_value());
  CHECK_FALSE(path.at_event_boundary());
  CHECK(path.push("\n", out).has_value());
  CHECK(path.at_event_boundary());
  CHECK_FALSE(ReplyPath(body_options(DialectId::openai_chat, kNothing)).at_event_boundary());
}

}  // namespace
}  // namespace pg
