#include "core/wire/prompt_digest.h"

#include <doctest/doctest.h>

#include <atomic>

#include "tests/support/guarded.h"
#include "tests/support/result.h"

using namespace pg;
using pg::test::guard_body;

namespace {

PromptDigest digest_of(std::string_view body, DialectId dialect = DialectId::anthropic, VerdictCache* cache = nullptr) {
  static const std::shared_ptr<const Guards> guards = test::make_guards();
  return guard_body(body, dialect, *guards, cache).call.prompt;
}

std::string claude(std::string_view messages, std::string_view head = "") {
  return R"({"model":"claude-x",)" + std::string(head) + R"("messages":[)" + std::string(messages) + "]}";
}

constexpr std::string_view kTwoTurns = R"({"role":"user","content":"first"},{"role":"assistant","content":"second"})";

}  // namespace

TEST_CASE("a conversation that grew is no drift, a word changed in its midst is one at that message") {
  const PromptDigest before = digest_of(claude(kTwoTurns));
  CHECK(before.messages.size() == 2);
  CHECK(find_drift(before, digest_of(claude(std::string(kTwoTurns) + R"(,{"role":"user","content":"third"})"))) == "");
  CHECK(find_drift(before, digest_of(claude(R"({"role":"user","content":"first"},{"role":"assistant","content":"other"})"))) ==
        "messages[1]");
  CHECK(find_drift(before, digest_of(claude(R"({"role":"user","content":"fir"},{"role":"assistant","content":"stsecond"})"))) ==
        "messages[0]");
}

TEST_CASE("what providers leave out of the prompt is no drift: cache marks, ids, Claude Code's bookkeeping") {
  const PromptDigest before = digest_of(
      claude(R"({"role":"user","content":[{"type":"text","text":"first","cache_control":{"type":"ephemeral"}}]})",
             R"("system":[{"type":"text","text":"x-anthropic-billing-header: cch=1"},{"type":"text","text":"Be brief."}],)"));
  const PromptDigest now = digest_of(
      claude(R"({"role":"user","content":[{"type":"text","text":"first"}]})",
             R"("system":[{"type":"text","text":"x-anthropic-billing-header: cch=2"},{"type":"text","text":"Be brief."}],)"
             R"("metadata":{"user_id":"u2"},)"));
  CHECK(find_drift(before, now) == "");
}

TEST_CASE("tools, system and settings are told apart in every dialect") {
  const auto drift = [](std::string_view a, std::string_view b) {
    return find_drift(digest_of(claude(kTwoTurns, a)), digest_of(claude(kTwoTurns, b)));
  };
  CHECK(drift(R"("system":"It is 10:00.",)", R"("system":"It is 10:01.",)") == "system");
  CHECK(drift(R"("tools":[{"name":"a","input_schema":{}}],"system":"x",)",
              R"("tools":[{"name":"b","input_schema":{}}],"system":"y",)") == "tools");
  CHECK(drift(R"("thinking":{"type":"enabled","budget_tokens":1024},)",
              R"("thinking":{"type":"enabled","budget_tokens":2048},)") == "settings");
  CHECK(drift(R"("tool_choice":{"type":"auto"},)", R"("tool_choice":{"type":"any"},)") == "settings");
  CHECK(drift(R"("max_tokens":1,"temperature":0,)", R"("max_tokens":2,"temperature":1,)") == "");

  const auto chat = [](std::string_view head) { return digest_of(claude(kTwoTurns, head), DialectId::openai_chat); };
  CHECK(find_drift(chat(R"("functions":[{"name":"a"}],)"), chat(R"("functions":[{"name":"b"}],)")) == "tools");
  CHECK(find_drift(chat(R"("response_format":{"type":"text"},)"), chat(R"("response_format":{"type":"json_object"},)")) ==
        "settings");
  const auto responses = [](std::string_view rest) {
    return digest_of(R"({"model":"m",)" + std::string(rest) + "}", DialectId::openai_responses);
  };
  CHECK(find_drift(responses(R"("instructions":"a","input":"x")"), responses(R"("instructions":"b","input":"x")")) == "system");
  CHECK(find_drift(responses(R"("input":"x")"), responses(R"("input":"y")")) == "messages[0]");
  CHECK(find_drift(responses(R"("input":[{"role":"user","content":"x"}],"tools":[{"name":"a"}])"),
                   responses(R"("input":[{"role":"user","content":"x"}],"tools":[{"name":"b"}])")) == "tools");
}

TEST_CASE("the opening is the first message of the user's, wherever it stands") {
  const auto opening = [](std::string_view system, std::string_view user) {
    return digest_of(R"({"model":"m","messages":[{"role":"system","content":")" + std::string(system) + R"("},{"content":")" +
                         std::string(user) + R"(","role":"user"},{"role":"user","content":"more"}]})",
                     DialectId::openai_chat)
        .opening;
  };
  CHECK(opening("a", "x") == opening("b", "x"));
  CHECK(opening("a", "x") != opening("a", "y"));
}

TEST_CASE("a digest is the same with and without the cache of verdicts, read at once or in three steps") {
  const std::string body =
      claude(R"({"role":"user","content":"a text that is long enough to be remembered by the cache of verdicts"},)"
             R"({"role":"user","content":"mail me at ada@example.org"})");
  const auto guards = test::make_guards();
  VerdictCache cache;
  const PromptDigest whole = digest_of(body);
  for (int i = 0; i < 2; ++i) CHECK(find_drift(whole, digest_of(body, DialectId::anthropic, &cache)) == "");
  RequestView view;
  REQUIRE(read_spans(body, DialectId::anthropic, view));
  SlowGuardCall slow(body, view, *guards, &cache);
  const std::atomic<bool> never{false};
  slow.read(never);
  Vault vault;
  CHECK(find_drift(whole, slow.decide(vault).prompt) == "");
}

TEST_CASE("what replaces a text counts: other rules send another prompt") {
  const std::string body = claude(R"({"role":"user","content":"mail me at ada@example.org"})");
  const auto of = [&body](Action action) {
    GuardSettings settings;
    settings.email = action;
    return guard_body(body, DialectId::anthropic, *test::make_guards(settings)).call.prompt;
  };
  CHECK(find_drift(of(Action::redact), of(Action::redact)) == "");
  CHECK(find_drift(of(Action::redact), of(Action::detect)) == "messages[0]");
}

TEST_CASE("a very long conversation keeps its first messages only") {
  std::string messages = R"({"role":"user","content":"x"})";
  for (int i = 0; i < 3'000; ++i) messages += R"(,{"role":"user","content":"x"})";
  CHECK(digest_of(claude(messages)).messages.size() == PromptDigest::kMostMessages);
  CHECK(digest_of(claude("")).empty());
}
