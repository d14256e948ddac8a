// pg setup --write and --undo: into the agent's own settings, and out of them again.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/model_wire.h"
#include "tests/support/on_terminal.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

/// A home with settings of pg, and nothing of an agent's.
struct SetupHome : Home {
  SetupHome() {
    REQUIRE(run({"init"}).status == 0);
    set_env("HOME", (root() / "me").string());
  }
  std::filesystem::path claude() const { return root() / "me/.claude/settings.json"; }
  std::filesystem::path codex() const { return root() / "me/.codex/config.toml"; }
  bool has_key(const std::string& name) const { return says(run({"keys", "list"}).out, name); }
  void put(const std::filesystem::path& file, const std::string& text, unsigned mode) const {
    std::filesystem::create_directories(file.parent_path());
    ::chmod(file.parent_path().c_str(), 0700);
    write(file, text);
    ::chmod(file.c_str(), mode);
  }
};

unsigned permissions_of(const std::filesystem::path& file) {
  struct stat at {};
  return ::stat(file.c_str(), &at) == 0 ? at.st_mode & 0777u : 0;
}

}  // namespace

TEST_CASE("setup --write: Claude Code's settings get pg's variables, and back comes what was there, byte for byte") {
  SetupHome home;
  const std::string before =
      "{\n    \"model\": \"opus\",\n    \"permissions\": {\"allow\": [\"Bash(ls)\", \"Read\"]},\n"
      "    \"env\": {\n        \"ANTHROPIC_BASE_URL\": \"https://else.example\",\n        \"OWN\": \"1\"\n    }\n}";
  home.put(home.claude(), before, 0644);
  const CommandResult done = home.run({"setup", "claude-code", "--write", "--yes"});
  CAPTURE(done.err);
  REQUIRE(done.status == 0);
  CHECK(says(done.out, "-        \"ANTHROPIC_BASE_URL\": \"https://else.example\""));
  const Json now = Json::parse(Home::read(home.claude()));
  const std::string key = now.at("env").at("ANTHROPIC_AUTH_TOKEN");
  CHECK(key.starts_with("pg_live_"));
  CHECK_FALSE(says(done.out + done.err, key));  // it stands in the file, and nowhere else
  CHECK(now.at("env").at("ANTHROPIC_BASE_URL") == "http://127.0.0.1:8787/api/default");
  CHECK(now.at("env").at("OWN") == "1");
  CHECK(now.at("permissions").at("allow").size() == 2);
  CHECK(permissions_of(home.claude()) == 0600);
  CHECK(home.has_key("claude-code"));

  const CommandResult again = home.run({"setup", "claude-code", "--write", "--yes"});
  CHECK(again.status == 0);
  CHECK(says(again.err, "already"));
  CHECK_FALSE(home.has_key("claude-code-2"));
  CHECK(home.run({"setup", "claude-code", "--write", "--yes", "--model", "other"}).status == 6);

  CHECK(home.run({"setup", "claude-code", "--undo", "--yes"}).status == 0);
  CHECK(Home::read(home.claude()) == before);
  CHECK(permissions_of(home.claude()) == 0644);
  CHECK_FALSE(home.has_key("claude-code"));
  CHECK(home.run({"setup", "claude-code", "--undo", "--yes"}).status == 5);
}

TEST_CASE("setup --undo: what somebody wrote there since stays") {
  SetupHome home;
  home.put(home.claude(), "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://else.example\"\n  }\n}\n", 0600);
  REQUIRE(home.run({"setup", "claude-code", "--write", "--yes"}).status == 0);
  Json now = Json::parse(Home::read(home.claude()));
  now["theme"] = "dark";
  now["env"]["ANTHROPIC_AUTH_TOKEN"] = "mine";
  home.write(home.claude(), now.dump(2));
  REQUIRE(home.run({"setup", "claude-code", "--undo", "--yes"}).status == 0);
  const Json after = Json::parse(Home::read(home.claude()));
  CHECK(after ==
        Json{{"theme", "dark"}, {"env", {{"ANTHROPIC_BASE_URL", "https://else.example"}, {"ANTHROPIC_AUTH_TOKEN", "mine"}}}});
}

TEST_CASE("setup --write: a file that was not there goes with --undo") {
  SetupHome home;
  for (const char* agent : {"claude-code", "codex", "opencode"}) {
    CAPTURE(agent);
    const auto file = std::string(agent) == "claude-code" ? home.claude()
                      : std::string(agent) == "codex"     ? home.codex()
                                                          : home.root() / "config/opencode/opencode.json";
    std::vector<std::string> words{"setup", agent, "--write", "--yes", "--json"};
    const CommandResult done = home.run(words);
    CAPTURE(done.err);
    REQUIRE(done.status == 0);
    const Json said = Json::parse(done.out);
    const std::string written = said.at("file");
    CHECK(said.at("changed") == true);
    CHECK(said.at("backup").is_null());
    CHECK(said.at("key") == agent);
    CHECK(says(Home::read(written), "pg_live_"));
    CHECK(written == file.string());
    CHECK(home.run({"setup", agent, "--undo", "--yes"}).status == 0);
    CHECK_FALSE(std::filesystem::exists(written));
  }
}

TEST_CASE("setup --write: Codex's settings get a marked block above all else, that goes without a trace") {
  SetupHome home;
  const std::string before =
      "approval_policy = \"never\"\n\n[model_providers.other]\nname = \"Other\"\n\n[tui]\nnotifications = false\n";
  home.put(home.codex(), before, 0600);
  REQUIRE(home.run({"setup", "codex", "--write", "--yes"}).status == 0);
  const std::string now = Home::read(home.codex());
  CHECK(now.starts_with("# >>> promptgate\nmodel_provider = \"pg\"\nmodel_providers.pg = { name = \"PromptGate\""));
  CHECK(now.ends_with("# <<< promptgate\n\n" + before));
  home.write(home.codex(), now + "more = 1\n");
  REQUIRE(home.run({"setup", "codex", "--undo", "--yes"}).status == 0);
  CHECK(Home::read(home.codex()) == before + "more = 1\n");

  home.put(home.codex(), "model_provider = \"azure\"\n", 0600);
  const CommandResult own = home.run({"setup", "codex", "--write", "--yes"});
  CHECK(own.status == 6);
  CHECK(says(own.err, "model_provider"));
  CHECK(Home::read(home.codex()) == "model_provider = \"azure\"\n");
  CHECK_FALSE(home.has_key("codex"));
}

TEST_CASE("setup --write: nothing is written unasked, through a link, or where it could not be put back") {
  SetupHome home;
  const std::string plain = "{\n  \"a\": 1\n}\n";
  home.put(home.claude(), plain, 0600);
  CHECK(home.run({"setup", "claude-code", "--write"}).status == 2);  // nobody can be asked
  {
    OnTerminal no(home, {"setup", "claude-code", "--write"});
    REQUIRE(no.shows("[y/N]"));
    CHECK(says(no.seen(), "+    \"ANTHROPIC_AUTH_TOKEN\": "));
    no.type("n\n");
    CHECK(no.wait_status() == 256);
  }
  CHECK(Home::read(home.claude()) == plain);
  CHECK_FALSE(home.has_key("claude-code"));
  for (const std::string& text :
       {std::string("{\n  // mine\n  \"a\": 1\n}\n"), std::string("{\"a\": 1.50}"), std::string("[1]")}) {
    CAPTURE(text);
    home.write(home.claude(), text);
    const CommandResult refused = home.run({"setup", "claude-code", "--write", "--yes"});
    CHECK(refused.status == 2);
    CHECK(says(refused.err, "nothing was written"));
    CHECK(Home::read(home.claude()) == text);
  }
  std::filesystem::remove(home.claude());
  home.write(home.root() / "dotfiles.json", plain);
  REQUIRE(::symlink((home.root() / "dotfiles.json").c_str(), home.claude().c_str()) == 0);
  const CommandResult linked = home.run({"setup", "claude-code", "--write", "--yes"});
  CHECK(linked.status == 6);
  CHECK(says(linked.err, "dotfiles.json"));
  CHECK(Home::read(home.root() / "dotfiles.json") == plain);
  CHECK(home.run({"setup", "aider", "--write", "--yes"}).status == 2);
  CHECK(home.run({"setup", "claude-code", "--write", "--undo"}).status == 2);
  CHECK_FALSE(home.has_key("claude-code"));
}

}  // namespace pg::test
