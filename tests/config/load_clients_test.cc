#include "config/load_clients.h"

#include <doctest/doctest.h>

#include "core/wire/dialect.h"

using namespace pg;

TEST_CASE("the shipped clients: known dialects, something to do or a reason, whole variables") {
  for (const auto& tool : shipped_clients()) {
    CAPTURE(tool.name);
    CHECK(find_dialect(tool.dialect) != nullptr);
    CHECK((!tool.unsupported.empty() || !tool.env.empty() || !tool.lines.empty() || !tool.file.empty()));
    CHECK(tool.file.empty() == tool.file_text.empty());
    for (const auto& line : tool.env) CHECK(line.find('=') != std::string::npos);
    for (const auto& line : tool.own_login_env) CHECK(line.find('=') != std::string::npos);
    for (const auto& group : tool.args) CHECK_FALSE(group.empty());
    CHECK(tool.settings_kind.empty() == tool.settings_file.empty());
    CHECK(tool.settings_file.empty() == tool.settings_home.empty());
    CHECK((tool.settings_kind == "json" || tool.settings_kind == "toml") == !tool.settings_text.empty());
  }
}

TEST_CASE("every client that was promised is there") {
  for (const char* name :
       {"claude-code", "codex", "opencode", "continue", "cline", "aider", "cursor", "anthropic-sdk", "openai-sdk", "curl"}) {
    bool found = false;
    for (const auto& tool : shipped_clients()) found = found || tool.name == name;
    CHECK_MESSAGE(found, name);
  }
}

TEST_CASE("mistakes are refused with their place") {
  auto message = [](std::string_view text) {
    auto tools = read_clients(text, "x.toml");
    return tools ? std::string("accepted") : tools.error().message;
  };
  CHECK(message("[[client]]\nname = \"a\"\n").find("x.toml:1: name, title and dialect") == 0);
  CHECK(message("[[client]]\nname = \"a\"\ntitle = \"A\"\ndialect = \"d\"\nenvv = []\n") == "x.toml:1: unknown key \"envv\"");
  CHECK(message("[[client]\n").find("x.toml:1") == 0);
  CHECK(message("client = 3\n") == "x.toml: there is no [[client]]");
  CHECK(message("[[client]]\nname = \"a\"\ntitle = \"A\"\ndialect = \"d\"\n") == "accepted");
}
