#include "core/route/agent.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/encode.h"
#include "tests/support/fixtures.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

Agent agent_of(const Lines& lines) {
  RequestHead head;
  for (const auto& [name, value] : lines) head.fields.push_back({name, value});
  return identify_agent(head);
}
std::string named(const std::string& user_agent) {
  const Agent agent = agent_of({{"Host", "localhost"}, {"User-Agent", user_agent}});
  return std::string(agent.name) + "|" + agent.version;
}

TEST_CASE("agents by the User-Agents they really send") {
  CHECK(named("claude-cli/2.1.329 (external, sdk-cli)") == "claude-code|2.1.329");
  CHECK(named("claude-cli/2.1.197 (external, cli)") == "claude-code|2.1.197");
  CHECK(named("claude-code/2.1.329") == "claude-code|2.1.329");
  CHECK(named("codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)") == "codex|0.169.0");
  CHECK(named("codex_exec/0.80.0 (Debian 12.0.0; x86_64) xterm") == "codex|0.80.0");
  CHECK(named("codex_cli_rs/0.80.0 (Debian 12.0.0; x86_64) xterm") == "codex|0.80.0");
  CHECK(named("opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14") == "opencode|1.18.33");
  CHECK(named("GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview (linux; x64; terminal)").find("gemini") == 0);
  CHECK(named("Anthropic/JS 1.11.0") == "anthropic-sdk|1.11.0");
  CHECK(named("OpenAI/JS 6.49.0") == "openai-sdk|6.49.0");
  CHECK(named("OpenAI/Python 2.8.0") == "openai-sdk|2.8.0");
  CHECK(named("curl/7.88.1") == "curl|7.88.1");
}

TEST_CASE("plain SDKs under an agent are not taken for another agent") {
  for (const char* plain : {"ai-sdk/openai-compatible/3.0.37 ai-sdk/provider-utils/5.0.30 runtime/bun/1.3.13", "ls/JS 5.23.2",
                            "node-fetch", "ai/7.0.173 ai-sdk-provider-utils/5.0.81 node.js/22", "Mozilla/5.0", "",
                            "my claude-cli/1.0", "not-codex_exec/1.0", "/1.0", "opencodex/1.0"}) {
    CAPTURE(plain);
    const std::string name(agent_of({{"User-Agent", plain}}).name);
    CHECK(name != "claude-code");
    CHECK(name != "codex");
    CHECK(name != "opencode");
  }
  CHECK(agent_of({}).name.empty());
}

TEST_CASE("a User-Agent is kept in 200 bytes, without half a word and without bytes that a terminal would act on") {
  CHECK(shown_user_agent("claude-cli/2.1.329 (external, sdk-cli)") == "claude-cli/2.1.329 (external, sdk-cli)");
  CHECK(shown_user_agent("").empty());
  CHECK(shown_user_agent("a\tb\x1b[31m\xc3\xa9\x7f") == "a b?[31m???");
  const std::string full = "tool/1.0 " + std::string(191, 'x');
  CHECK(shown_user_agent(full) == full);
  CHECK(shown_user_agent(full + " more") == full);
  CHECK(shown_user_agent(full + "y") == "tool/1.0");  // half of a secret would not be known for one
  CHECK(shown_user_agent(full + "y and more") == "tool/1.0");
  CHECK(shown_user_agent(std::string(201, 'x')).empty());
  CHECK(agent_of({{"User-Agent", full + "y"}}).user_agent == "tool/1.0");
  CHECK(agent_of({}).user_agent.empty());
}

TEST_CASE("the conversation's own id") {
  const std::string id = "00000000-0000-4000-8000-000000000001";
  CHECK(agent_of({{"User-Agent", "claude-cli/2.1.329 (external, sdk-cli)"}, {"X-Claude-Code-Session-Id", id}}).session == id);
  CHECK(agent_of({{"user-agent", "codex_exec/0.169.0 (x) dumb"}, {"session-id", id}}).session == id);
  CHECK(agent_of({{"user-agent", "codex_exec/0.80.0 (x) dumb"}, {"session_id", id}, {"conversation_id", id}}).session == id);
  CHECK(agent_of({{"User-Agent", "opencode/1.18.33 x"}, {"x-session-id", "ses_e04119722ffeThN7oPFVdgb78O"}}).session ==
        "ses_e04119722ffeThN7oPFVdgb78O");
  CHECK(agent_of({{"User-Agent", "claude-cli/2.1.329"}}).session.empty());
}

TEST_CASE("what a client says of itself is bounded and printable") {
  const Agent agent = agent_of(
      {{"User-Agent", "claude-cli/" + std::string(500, '9') + "\x1b[31m"}, {"X-Claude-Code-Session-Id", std::string(500, 'a')}});
  CHECK(agent.session.empty());
  const std::string longest(160, 's');
  CHECK(agent_of({{"User-Agent", "claude-cli/2.1.329"}, {"X-Claude-Code-Session-Id", longest}}).session == longest);
  CHECK(agent_of({{"User-Agent", "claude-cli/2.1.329"}, {"X-Claude-Code-Session-Id", "a b\tc"}}).session == "a?b?c");
  CHECK(agent_of({{"User-Agent", "claude-cli/2.1.329"}, {"X-Claude-Code-Session-Id", "s"}, {"x-claude-code-agent-id", longest}})
            .session == "s");
  CHECK(agent.version.size() <= 64);
  const Agent odd = agent_of({{"User-Agent", "claude-cli/2\x1b[31m\x80 x"}, {"X-Claude-Code-Session-Id", "a\x1b[31mb\tc\xFF"}});
  for (const std::string& text : {odd.session, odd.version, agent.version}) {
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
  }
}

std::string by_text(const std::string& body, DialectId dialect) {
  RequestView view;
  REQUIRE(read_spans(body, dialect, view));
  return std::string(identify_agent_by_text(body, view));
}

TEST_CASE("agents behind a plain SDK by how their system text begins") {
  const auto chat = [](const std::string& system) {
    return by_text(
        R"({"model":"m","messages":[{"role":"system","content":)" + json_quoted(system) + R"(},{"role":"user","content":"hi"}]})",
        DialectId::openai_chat);
  };
  const auto anthropic = [](const std::string& system) {
    return by_text(
        R"({"messages":[{"role":"user","content":"hi"}],"system":[{"type":"text","text":)" + json_quoted(system) + "}]}",
        DialectId::anthropic);
  };
  const auto responses = [](const std::string& system) {
    return by_text(R"({"model":"m","input":[{"type":"message","role":"developer","content":[{"text":)" + json_quoted(system) +
                       R"(,"type":"input_text"}]}]})",
                   DialectId::openai_responses);
  };
  const std::string cline = "You are Cline, an AI coding agent. Your primary goal is",
                    go_on = "You are an agent in the Continue CLI. Given the user's";
  CHECK(chat(cline) == "cline");
  CHECK(anthropic(cline) == "cline");
  CHECK(chat(go_on) == "continue");
  CHECK(anthropic(go_on) == "continue");
  CHECK(responses(go_on) == "continue");
  CHECK(chat("Act as an expert software developer.\nAlways use best practices when coding.") == "aider");
  CHECK(chat("You are a helpful assistant.").empty());
}

TEST_CASE("what the user says does not make an agent") {
  CHECK(by_text(R"({"messages":[{"role":"user","content":"Please explain: You are Cline, an AI coding agent."}]})",
                DialectId::openai_chat)
            .empty());
  CHECK(by_text("{}", DialectId::anthropic).empty());
  CHECK(by_text(R"({"messages":[{"role":"user","content":"hi"}]})", DialectId::anthropic).empty());
}

}  // namespace
}  // namespace pg
