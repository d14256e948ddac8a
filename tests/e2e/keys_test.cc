// Keys by command: which key a word means, what a script is told of a key that no longer works, and what becomes of keys when
// their project goes or what they were made for ends.
#include <doctest/doctest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

}  // namespace

TEST_CASE("keys: a name that could be taken for an id or a key is refused") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  REQUIRE(home.run({"keys", "add", "second"}).status == 0);
  for (const char* name : {"2", "pg_live_5zQf"}) {
    const CommandResult refused = home.run({"keys", "add", name});
    CHECK(refused.status == 2);
    CHECK(says(refused.err, "taken for"));
    CHECK_FALSE(says(refused.err, "revoked"));
  }
  CHECK(says(home.run({"keys", "show", "2"}).out, "state\tactive"));
}

TEST_CASE("keys: --if-missing is no success when the key of that name does not work") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  for (const char* name : {"ended", "off", "over", "good"}) REQUIRE(home.run({"keys", "add", name}).status == 0);
  REQUIRE(home.run({"keys", "revoke", "ended"}).status == 0);
  REQUIRE(home.run({"keys", "disable", "off"}).status == 0);
  REQUIRE(home.run({"keys", "add", "brief", "--expires", "1s"}).status == 0);
  CHECK(home.run({"keys", "add", "good", "--if-missing"}).status == 0);
  const CommandResult ended = home.run({"keys", "add", "ended", "--if-missing"});
  CHECK(ended.status == 6);
  CHECK(says(ended.err, "revoked"));
  const CommandResult off = home.run({"keys", "add", "off", "--if-missing"});
  CHECK(off.status == 6);
  CHECK(says(off.err, "pg keys enable off"));
  std::this_thread::sleep_for(Ms{1100});
  const CommandResult over = home.run({"keys", "add", "brief", "--if-missing"});
  CHECK(over.status == 6);
  CHECK(says(over.err, "expired"));
  CHECK(says(over.err, "pg keys edit brief --expires"));
}

TEST_CASE("keys: --if-missing --json says the same of what is there as of what is new, but no secret") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  const auto twice = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--if-missing", "--json"});
    const CommandResult first = home.run(words), second = home.run(words);
    CHECK(first.status == 0);
    CHECK(second.status == 0);
    return std::pair{Json::parse(first.out, nullptr, false), Json::parse(second.out, nullptr, false)};
  };
  auto [key, same_key] = twice({"keys", "add", "ci"});
  REQUIRE(key.is_object());
  CHECK(key.erase("key") == 1);
  CHECK(key == same_key);
  const auto [project, same_project] = twice({"projects", "add", "work"});
  REQUIRE(project.is_object());
  CHECK(project == same_project);
}

TEST_CASE("keys: removing a project revokes its keys and says so, and a list names it") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  REQUIRE(home.run({"projects", "add", "work"}).status == 0);
  for (const char* name : {"a", "b"}) REQUIRE(home.run({"keys", "add", name, "-p", "work"}).status == 0);
  REQUIRE(home.run({"keys", "add", "everywhere"}).status == 0);
  REQUIRE(home.run({"keys", "add", "ended", "-p", "work"}).status == 0);
  REQUIRE(home.run({"keys", "revoke", "ended"}).status == 0);
  const CommandResult removed = home.run({"projects", "remove", "work", "-y"});
  CHECK(removed.status == 0);
  CHECK(says(removed.err, "revoked its 2 keys: a, b"));
  CHECK(says(home.run({"keys", "show", "a"}).out, "state\trevoked"));
  CHECK(says(home.run({"keys", "show", "everywhere"}).out, "state\tactive"));
  // One of the same name is another project.
  REQUIRE(home.run({"projects", "add", "work"}).status == 0);
  CHECK(says(home.run({"keys", "list", "--all"}).out, "work (removed)"));
  CHECK(says(home.run({"keys", "show", "a"}).out, "project\twork (removed)"));
}

TEST_CASE("keys: agents set up at once each get a key") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  std::vector<std::future<CommandResult>> runs;
  for (int i = 0; i < 8; ++i)
    runs.push_back(std::async(std::launch::async, [&home] { return home.run({"setup", "curl", "--json"}); }));
  std::set<std::string> keys;
  for (auto& run : runs) {
    const CommandResult made = run.get();
    CHECK_MESSAGE(made.status == 0, made.err);
    if (made.status == 0) keys.insert(Json::parse(made.out).at("key").get<std::string>());
  }
  CHECK(keys.size() == 8);
}

TEST_CASE("keys: what setup says as JSON is whole") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  const auto json_of = [&](const char* agent) {
    const CommandResult said = home.run({"setup", agent, "--json"});
    CAPTURE(said.err);
    REQUIRE(said.status == 0);
    CHECK_FALSE(says(said.out, "{base"));
    return Json::parse(said.out);
  };
  const Json sdk = json_of("anthropic-sdk");
  CHECK(says(sdk.at("notes").dump(), "/api/default/v1"));
  CHECK(sdk.at("command").is_null());
  const Json continues = json_of("continue");
  CHECK(continues.at("file").at("path") == "pg-continue.yaml");
  CHECK(says(continues.at("file").at("text"), continues.at("key").get<std::string>()));
  const Json cline = json_of("cline");
  CHECK(cline.at("commands").size() == 2);
  CHECK(cline.at("command").at(0) == "cline");
  CHECK(cline.at("command") == cline.at("commands").at(1));
  CHECK(json_of("codex").at("file").is_null());
}

TEST_CASE("keys: a check's key ends with the check, also when the provider refuses") {
  World w;
  for (const int status : {200, 500}) {
    w.upstream.respond(status == 200 ? Answer::json("{}") : Answer::reply(status, R"({"error":{"message":"no"}})"));
    (void)w.home.run({"setup", "claude-code", "--check"});
  }
  int checks = 0;
  for (const Json& key : Json::parse(w.home.run({"keys", "list", "--json"}).out)) {
    if (!key.at("name").get<std::string>().starts_with("setup-check")) continue;
    ++checks;
    CHECK(key.at("state") == "revoked");
  }
  CHECK(checks == 2);
}

}  // namespace pg::test
