// While pg.toml is wrong or gone, a running serve goes on; so do the commands that stop a key and show what happens.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {

TEST_CASE("broken settings: a key is revoked, and rows are read, with a warning, whatever is wrong with pg.toml") {
  enum class Fault { unknown_key, no_toml, gone };
  for (const Fault fault : {Fault::unknown_key, Fault::no_toml, Fault::gone}) {
    CAPTURE(static_cast<int>(fault));
    World w;
    w.upstream.respond([](const SeenRequest&) { return Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})})); });
    const std::string good = ask(DialectId::anthropic, false, "hi");
    CHECK(w.post("v1/messages", good).status == 200);
    const std::string text = Home::read(w.home.config_file());
    if (fault == Fault::gone)
      std::filesystem::remove(w.home.config_file());
    else
      w.home.write(w.home.config_file(), (fault == Fault::no_toml ? "x = [\n" : "bogus = 1\n") + text);
    const auto run = [&](std::vector<std::string> words) {
      words.insert(words.end(), {"--config", w.home.config_file()});
      const CommandResult said = w.home.run(words);
      CHECK(said.status == 0);
      CHECK(said.err.find("going on with the database") != std::string::npos);
      return said.out;
    };
    CHECK(run({"keys", "list"}).find("e2e") != std::string::npos);
    CHECK(soon([&] {
      return w.home.run({"logs", "tail", "--config", w.home.config_file()}).out.find("200") != std::string::npos;
    }));
    run({"budgets"});
    run({"keys", "revoke", "e2e"});
    CHECK(w.post("v1/messages", good).status == 401);
    CHECK(w.home.run({"keys", "add", "more", "--config", w.home.config_file()}).status == 3);
  }
}

TEST_CASE("broken settings: the database that a broken file names is the one that is meant") {
  World w;
  const std::string other = w.home.root() / "other" / "pg.db";
  w.home.write(w.home.config_file(), "database = \"" + other + "\"\nx = [\n");
  const CommandResult said = w.home.run({"keys", "revoke", "e2e"});
  CHECK(said.status == 3);
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status != 401);
}

}  // namespace pg::test
