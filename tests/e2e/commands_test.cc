// What commands answer beyond their tables: --json that is JSON wherever it is asked for, hints that can be followed, and keys
// that nobody has seen.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

}  // namespace

TEST_CASE("commands: --json is JSON for plans, previews and settings, and a usage error has one code") {
  World w;
  w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
  CHECK(w.post("v1/messages", R"({"model":"claude-x","max_tokens":10,"messages":[{"role":"user","content":"hi"}]})").status ==
        200);
  CHECK(soon([&] { return !w.home.rows().empty(); }));
  const auto json_of = [&](const std::vector<std::string>& words) {
    const CommandResult said = w.home.run(words);
    CAPTURE(words);
    CAPTURE(said.out);
    CHECK(said.status == 0);
    CHECK(Json::accept(said.out));
    return Json::parse(said.out, nullptr, false);
  };
  CHECK(json_of({"logs", "search", "status:200", "--explain", "--json"}).at("plan").is_array());
  CHECK(json_of({"logs", "stats", "--explain", "--json"}).contains("sql"));
  CHECK(json_of({"usage", "--explain", "--json"}).at("sums").size() == 1);
  const Json dry = json_of({"--json", "logs", "prune", "--dry-run", "--keep", "1d"});
  CHECK(dry.at("dry_run") == true);
  CHECK(dry.at("too_old") == 0);
  bool numbers = false, texts = false;
  for (const Json& row : json_of({"config", "show", "serve", "--json"})) {
    numbers = numbers || row.at("value").is_number() || row.at("value").is_boolean();
    texts = texts || (row.at("key") == "serve.host" && row.at("value") == "127.0.0.1");
  }
  CHECK(numbers);
  CHECK(texts);
  const Json rule = json_of({"rules", "show", "aws-access-key-id", "--json"});
  CHECK(rule.at("expression").get<std::string>().size() > 4);
  CHECK(rule.at("examples").is_array());
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"logs", "search", "--nonsense", "--json"}, {"logs", "search", "nonsense:1", "--json"}})
    CHECK(Json::parse(w.home.run(words).err).at("error").at("code") == "usage");
  const CommandResult pruned = w.home.run({"logs", "prune", "--keep", "0s", "--yes"});
  CHECK(says(pruned.err, "older row stays"));
}

TEST_CASE("commands: keys of any project are listed with a project's, a taken name is no advice, an unseen key is revoked") {
  World w;
  REQUIRE(w.home.run({"keys", "add", "everywhere"}).status == 0);
  CHECK(says(w.home.run({"keys", "list", "-p", "test"}).out, "everywhere"));
  REQUIRE(w.home.run({"keys", "revoke", "everywhere"}).status == 0);
  const CommandResult again = w.home.run({"keys", "add", "everywhere"});
  CHECK(again.status == 6);
  CHECK_FALSE(says(again.err, "rotate"));
  const CommandResult vague = w.home.run({"keys", "show", "pg_live_"});
  CHECK(vague.status == 2);
  CHECK(says(vague.err, "every key begins with that"));
  std::string line = "env -i";
  for (const std::string& variable : w.home.environment()) line += " '" + variable + "'";
  CHECK(std::system((line + " '" + pg_binary() + "' keys add unseen > /dev/full 2>/dev/null").c_str()) != 0);
  CHECK(says(w.home.run({"keys", "show", "unseen"}).out, "state\trevoked"));
}

TEST_CASE("commands: two backups within a second have two names, and init names the settings it was given") {
  World w;
  const CommandResult one = w.home.run({"db", "backup"}), two = w.home.run({"db", "backup"});
  CHECK(one.status == 0);
  CHECK(two.status == 0);
  CHECK(one.out != two.out);
  Home home;
  const std::string config = (home.root() / "my settings/pg.toml").string();
  std::filesystem::create_directories(home.root() / "my settings");
  std::filesystem::permissions(home.root() / "my settings", std::filesystem::perms::owner_all);
  const CommandResult made = home.run({"init", "--config", config});
  CAPTURE(made.err);
  CHECK(says(made.err, "pg serve --config '" + config + "'"));
  CHECK(says(made.err, "pg setup claude-code --config '" + config + "'"));
}

TEST_CASE("commands: colours that are asked for are in tables that go through a pipe") {
  World w;
  CHECK(says(w.home.run({"keys", "list", "--color=always"}).out, "\x1b[32mactive\x1b[0m"));
  CHECK_FALSE(says(w.home.run({"keys", "list"}).out, "\x1b["));
}

}  // namespace pg::test
