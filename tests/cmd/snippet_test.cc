#include "cmd/snippet.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/text.h"

using namespace pg;

namespace {

const ClientTool& tool(std::string_view name, std::string_view dialect) {
  for (const auto& candidate : shipped_clients())
    if (candidate.name == name && candidate.dialect == dialect) return candidate;
  FAIL("no such tool");
  return shipped_clients().front();
}

SetupValues values(std::string model = {}) {
  return {.base = "http://127.0.0.1:8787/api/default", .key = "pg_live_KEY", .model = std::move(model)};
}

bool has_part(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("words are quoted for each shell") {
  CHECK(shell_word(ShellKind::sh, "http://127.0.0.1:8787/api/x") == "http://127.0.0.1:8787/api/x");
  CHECK(shell_word(ShellKind::sh, "it's $HOME") == "'it'\\''s $HOME'");
  CHECK(shell_word(ShellKind::fish, "it's \\ $HOME") == "'it\\'s \\\\ $HOME'");
  CHECK(shell_word(ShellKind::powershell, "it's $HOME") == "'it''s $HOME'");
  CHECK(shell_word(ShellKind::sh, "") == "''");
}

TEST_CASE("Claude Code and the Anthropic SDKs get a base without /v1, the others with it") {
  CHECK(has_part(setup_snippet(tool("claude-code", "anthropic"), values(), ShellKind::sh, "default"),
                 "export ANTHROPIC_BASE_URL=http://127.0.0.1:8787/api/default\n"));
  CHECK(has_part(setup_snippet(tool("anthropic-sdk", "anthropic"), values(), ShellKind::sh, "default"),
                 "export ANTHROPIC_BASE_URL=http://127.0.0.1:8787/api/default\n"));
  CHECK(has_part(setup_snippet(tool("openai-sdk", "openai-chat"), values(), ShellKind::sh, "default"),
                 "export OPENAI_BASE_URL=http://127.0.0.1:8787/api/default/v1\n"));
  CHECK(has_part(setup_snippet(tool("codex", "openai-responses"), values(), ShellKind::sh, "default"),
                 "base_url=\"http://127.0.0.1:8787/api/default/v1\""));
}

TEST_CASE("what keeps agents from asking again after a block is in their snippets") {
  CHECK(has_part(setup_snippet(tool("claude-code", "anthropic"), values(), ShellKind::sh, "default"),
                 "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1"));
  CHECK(has_part(setup_snippet(tool("codex", "openai-responses"), values(), ShellKind::sh, "default"), "stream_max_retries=0"));
}

TEST_CASE("the caller's own login leaves its credential alone") {
  auto own = values();
  own.own_login = true;
  auto text = setup_snippet(tool("claude-code", "anthropic"), own, ShellKind::sh, "default");
  CHECK(has_part(text, "ANTHROPIC_CUSTOM_HEADERS='x-pg-key: pg_live_KEY'"));
  CHECK_FALSE(has_part(text, "ANTHROPIC_AUTH_TOKEN"));
}

TEST_CASE("what names a model is left out when none is known") {
  auto without = setup_snippet(tool("codex", "openai-responses"), values(), ShellKind::sh, "default");
  auto with = setup_snippet(tool("codex", "openai-responses"), values("gpt-5.1"), ShellKind::sh, "default");
  CHECK_FALSE(has_part(without, " -m "));
  CHECK(has_part(with, " -m gpt-5.1"));
}

TEST_CASE("every snippet is filled in, holds the key once it needs one, and is only commands and comments") {
  for (const auto& candidate : shipped_clients()) {
    if (!candidate.unsupported.empty()) continue;
    for (auto kind : {ShellKind::sh, ShellKind::fish, ShellKind::powershell}) {
      CAPTURE(candidate.name);
      auto text = setup_snippet(candidate, values(candidate.default_model), kind, "default");
      for (const char* placeholder : {"{base}", "{base_v1}", "{key}", "{model}", "{file}", "{profile}", "{exports}"})
        CHECK_FALSE(has_part(text, placeholder));
      CHECK(has_part(text, "pg_live_KEY"));
      CHECK(has_part(text, "/api/default"));
      CHECK(text.back() == '\n');
    }
  }
}

TEST_CASE("what is meant to stay holds all that the next shell needs, and a model only when one is known") {
  const auto& codex = tool("codex", "openai-responses");
  const auto text = setup_snippet(codex, values("gpt-5.1"), ShellKind::sh, "default");
  CHECK(has_part(text, "#   model = \"gpt-5.1\"\n"));
  CHECK(has_part(text, "~/.profile"));
  CHECK(has_part(text, "#   export PG_API_KEY=pg_live_KEY\n"));
  const auto fish = setup_snippet(codex, values(), ShellKind::fish, "default");
  CHECK(has_part(fish, "~/.config/fish/config.fish"));
  CHECK(has_part(fish, "#   set -gx PG_API_KEY pg_live_KEY\n"));
  CHECK_FALSE(has_part(fish, "#   model ="));
  const auto powershell = setup_snippet(codex, values(), ShellKind::powershell, "default");
  CHECK(has_part(powershell, "$PROFILE"));
  CHECK(has_part(powershell, "#   $env:PG_API_KEY = 'pg_live_KEY'\n"));
  const auto& claude = tool("claude-code", "anthropic");
  CHECK(has_part(setup_snippet(claude, values("some/m"), ShellKind::sh, "default"), "\"ANTHROPIC_MODEL\": \"some/m\""));
  CHECK_FALSE(has_part(setup_snippet(claude, values(), ShellKind::sh, "default"), "\"ANTHROPIC_MODEL\""));
}

TEST_CASE("every command of a tool is there in its order, the one that starts it last") {
  const auto cline = tool_commands(tool("cline", "openai-chat"), values("m"), "");
  REQUIRE(cline.size() == 2);
  CHECK(cline[0][1] == "auth");
  CHECK(cline[1] == std::vector<std::string>{"cline", "-P", "openai-compatible", "-m", "m"});
  CHECK(tool_commands(tool("continue", "openai-chat"), values("m"), "f.yaml") ==
        std::vector<std::vector<std::string>>{{"cn", "--config", "f.yaml"}});
  CHECK(tool_commands(tool("anthropic-sdk", "anthropic"), values(), "").empty());
}

TEST_CASE("JSON handed to opencode is JSON") {
  for (const char* dialect : {"openai-chat", "anthropic"}) {
    auto environment = tool_environment(tool("opencode", dialect), values("some/model-1"));
    REQUIRE(environment.size() == 1);
    CHECK(environment[0].first == "OPENCODE_CONFIG_CONTENT");
    auto parsed = nlohmann::json::parse(environment[0].second, nullptr, false);
    REQUIRE(parsed.is_object());
    CHECK(parsed["model"] == "pg/some/model-1");
    CHECK(parsed["small_model"] == "pg/some/model-1");
    CHECK(parsed["provider"]["pg"]["options"]["baseURL"] == "http://127.0.0.1:8787/api/default/v1");
    CHECK(parsed["provider"]["pg"]["models"].contains("some/model-1"));
  }
}

TEST_CASE("a command for exec holds the same words as the snippet's start line") {
  auto words = tool_command(tool("continue", "openai-chat"), values("m"), "/proc/self/fd/9");
  CHECK(words == std::vector<std::string>{"cn", "--config", "/proc/self/fd/9"});
}
