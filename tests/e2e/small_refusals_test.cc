// What commands refuse, and with which of the statuses of 'pg help exit-codes'.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/store/db.h"
#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/on_terminal.h"
#include "tests/support/result.h"
#include "tests/support/run_pg.h"
#include "tests/support/temp_dir.h"

namespace pg::test {

TEST_CASE("refusals: a database that somebody keeps locked is a conflict, after no longer than --timeout") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  Db other = Db::open(home.database()).value();
  const Transaction held = Transaction::begin(other).value();
  const CommandResult late = home.run({"keys", "add", "late", "--timeout", "300ms"});
  CHECK(late.status == 6);
  CHECK(late.took < Ms{2500});
  CHECK_MESSAGE(says(late.err, "has kept it locked for 300ms"), late.err);
  const CommandResult json = home.run({"keys", "add", "late", "--timeout", "300ms", "--json", "--if-missing"});
  CHECK(json.status == 6);
  CHECK(says(json.err, "\"code\":\"conflict\""));
  CHECK(home.run({"keys", "list", "--timeout", "300ms"}).status == 0);  // reading needs no lock
}

TEST_CASE("refusals: a new project with a wrong provider, twice the same, or an id that is taken") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  const auto add = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"projects", "add", "work"});
    return home.run(more);
  };
  const CommandResult unknown = add({"--provider", "anthropik"});
  CHECK(unknown.status == 5);
  CHECK_MESSAGE(says(unknown.err, "did you mean \"anthropic\"?"), unknown.err);
  CHECK(add({"--provider", "No Such"}).status == 2);
  const CommandResult twice = add({"--provider", "openai", "--provider", "anthropic", "--provider", "openai"});
  CHECK(twice.status == 2);
  CHECK(says(twice.err, "\"openai\" is named twice"));
  CHECK(add({"--id", "no-uuid"}).status == 2);
  const std::string id = "7b1f0c53-0000-4000-8000-000000000009";
  CHECK(add({"--id", id}).status == 0);
  CHECK(add({}).status == 6);
  CHECK(home.run({"projects", "add", "other", "--id", id}).status == 6);
  CHECK_FALSE(std::filesystem::exists(home.project_file("other")));
  CHECK(home.run({"setup", "cursor"}).status == 2);
}

TEST_CASE("refusals: a backup takes no empty name, and the place of no link and no pipe") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  const CommandResult unnamed = home.run({"db", "backup", ""});
  CHECK(unnamed.status == 2);
  CHECK(unnamed.out.empty());
  const TempDir dir;
  const std::string mine = dir.file("mine"), link = dir.file("link"), dangling = dir.file("dangling"), pipe = dir.file("pipe");
  home.write(mine, "precious");
  REQUIRE(::symlink(mine.c_str(), link.c_str()) == 0);
  REQUIRE(::symlink(dir.file("nowhere").c_str(), dangling.c_str()) == 0);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& name : {link, dangling, pipe})
    for (const bool force : {false, true}) {
      CAPTURE(name);
      std::vector<std::string> words{"db", "backup", name};
      if (force) words.emplace_back("--force");
      CHECK(home.run(words).status == 6);
    }
  CHECK(Home::read(mine) == "precious");
  CHECK(std::filesystem::is_symlink(dangling));
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("refusals: logs tail cannot both follow and not") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  const CommandResult both = home.run({"logs", "tail", "-f", "--no-follow"}, {}, Ms{5000});
  CHECK(both.status == 2);
  CHECK(says(both.err, "opposite"));
}

TEST_CASE("refusals: keys revoke asks on a terminal, and only there") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  home.add_key("laptop");
  const auto works = [&] { return says(home.run({"keys", "list"}).out, "laptop"); };
  {
    OnTerminal no(home, {"keys", "revoke", "laptop"});
    REQUIRE(no.shows("[y/N]"));
    CHECK(says(no.seen(), "laptop"));
    no.type("\n");
    CHECK(no.wait_status() == 256);
    CHECK(works());
  }
  {
    OnTerminal yes(home, {"keys", "revoke", "laptop"});
    REQUIRE(yes.shows("[y/N]"));
    yes.type("y\n");
    CHECK(yes.wait_status() == 0);
    CHECK_FALSE(works());
  }
  home.add_key("second");
  OnTerminal unasked(home, {"keys", "revoke", "second", "-y"});
  CHECK(unasked.wait_status() == 0);
  CHECK_FALSE(says(unasked.seen(), "[y/N]"));
}

TEST_CASE("start page: that the log cannot be written is said for as long as it is so") {
  for (const char* on_failure : {"serve", "refuse"}) {
    CAPTURE(on_failure);
    World w(kDetectAll, "[logs]\non_failure = \"" + std::string(on_failure) + "\"\n");
    const auto tells = [&w] { return says(w.home.run({}).out, "cannot be written"); };
    CHECK_FALSE(tells());
    {
      Db other = Db::open(w.home.database()).value();
      const Transaction held = Transaction::begin(other).value();
      (void)w.post("v1/messages", ask(DialectId::anthropic, false, "hi"));
      CHECK(soon(tells, Ms{20'000}));
      CHECK(w.home.run({"--json"}).status == 0);
    }
    CHECK(soon([&] { return !tells(); }, Ms{20'000}));
  }
}

TEST_CASE("logs: --project counts for one row, too, and a kind is found in what was blocked for it") {
  World w(kBlockSecrets);
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"hello"})})));
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "use " + make_aws_key_id(3))).status == 422);
  wait_for_rows(w, 1);
  const auto id = nlohmann::json::parse(w.home.rows(1).back()).at("id").get<std::string>();
  for (const std::string kind : {"AWS_ACCESS_KEY", "aws-access-key-id", "*"}) {
    CAPTURE(kind);
    CHECK(says(w.home.run({"logs", "search", "finding:" + kind, "--json"}).out, id));
  }
  CHECK_FALSE(says(w.home.run({"logs", "search", "kind:EMAIL", "--json"}).out, id));
  w.home.write(w.home.project_file("other"), "id = \"7b1f0c53-0000-4000-8000-000000000008\"\nproviders = [\"echo\"]\n");
  for (const std::string& which : {id, std::string("last")})
    for (const std::string command : {"show", "explain"}) {
      CAPTURE(which + " " + command);
      const auto ask_for = [&](const char* project) {
        std::vector<std::string> words{"logs", "show", which, "-p", project};
        if (command == "explain") words = {"explain", which, "-p", project};
        return w.home.run(words);
      };
      CHECK(ask_for("test").status == 0);
      CHECK(ask_for("other").status == 5);
      CHECK_FALSE(says(ask_for("other").out, id));
    }
}

}  // namespace pg::test
