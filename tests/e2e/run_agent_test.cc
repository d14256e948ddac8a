// pg run: its key ends with the agent, and signals, exit status and the terminal are as if the agent ran alone.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/on_terminal.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

/// A World with a `codex` on PATH that is this shell script.
struct AgentWorld : World {
  explicit AgentWorld(const std::string& script) {
    install("#!/bin/sh\n" + script);
    home.set_env("PATH", (home.root() / "bin").string() + ":/usr/bin:/bin");
  }
  void install(const std::string& text) const {
    const auto file = home.root() / "bin" / "codex";
    home.write(file, text);
    ::chmod(file.c_str(), 0755);
  }
  std::string run_key() const {
    return run_key_with("revoked", false) ? "works" : run_key_with("revoked", true) ? "revoked" : "";
  }

 private:
  bool run_key_with(const char* field, bool set) const {
    for (const Json& one : Json::parse(home.run({"keys", "list", "--all", "--json"}).out))
      if (one.at("name").get<std::string>().starts_with("run-codex") && one.at(field).is_null() != set) return true;
    return false;
  }
};

}  // namespace

TEST_CASE("run: the agent's key works while it runs and is revoked when it ends; its exit status is pg's") {
  AgentWorld w("printf '%s\\n' \"$@\"; echo \"key $OPENAI_API_KEY$PG_KEY\"; exit 7\n");
  const CommandResult done = w.home.run({"run", "codex", "--", "exec", "a b"});
  CAPTURE(done.err);
  CHECK(done.status == 7);
  CHECK(says(done.out, "\nexec\na b\n"));
  CHECK(w.run_key() == "revoked");
  CHECK(says(w.home.run({"audit", "verify"}).out, "intact"));
  CHECK(says(w.home.run({"audit", "tail"}).out, "key.revoke"));
}

TEST_CASE("run: a key that was given is left alone, and an agent that cannot be started leaves none behind") {
  AgentWorld w("exit 3\n");
  CHECK(w.home.run({"run", "codex", "--key", w.key}).status == 3);
  CHECK(w.run_key().empty());
  w.install("#!/nowhere/at/all\n");
  const CommandResult failed = w.home.run({"run", "codex"});
  CHECK(failed.status == 8);
  CHECK(says(failed.err, "cannot start"));
  CHECK(w.run_key() == "revoked");
}

TEST_CASE("run: an agent that a signal ends, ends pg by the same one, with its key revoked") {
  AgentWorld w("kill -TERM $$\nsleep 5\n");
  CHECK(w.home.run({"run", "codex"}).status == 128 + SIGTERM);
  CHECK(w.run_key() == "revoked");
}

TEST_CASE("run: what is sent to pg alone reaches the agent, whose answer to it counts") {
  AgentWorld w("trap 'echo got-term; exit 9' TERM\necho ready\nwhile :; do sleep 0.05; done\n");
  OnTerminal run(w.home, {"run", "codex"});
  REQUIRE(run.shows("ready"));
  CHECK(w.run_key() == "works");
  run.signal(SIGTERM);
  CHECK(run.shows("got-term"));
  const int status = run.wait_status();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 9);
  CHECK(w.run_key() == "revoked");
}

TEST_CASE("run: Ctrl-C is the agent's, once; pg outlives it and revokes the key") {
  AgentWorld w(
      "trap 'echo got-int' INT\necho ready\nwhile :; do sleep 0.05; read -r line && [ \"$line\" = end ] && exit 4; done\n");
  OnTerminal run(w.home, {"run", "codex"});
  REQUIRE(run.shows("ready"));
  run.type("\x03");
  REQUIRE(run.shows("got-int"));
  CHECK(w.run_key() == "works");
  run.type("end\n");  // it has the terminal: what is typed is its own
  const int status = run.wait_status();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 4);
  CHECK(run.seen().find("got-int") == run.seen().rfind("got-int"));
  CHECK(w.run_key() == "revoked");
}

TEST_CASE("run: an agent that stops itself stops pg, too, and both go on") {
  AgentWorld w("echo ready\nkill -TSTP $$\necho went-on\nexit 5\n");
  OnTerminal run(w.home, {"run", "codex"});
  REQUIRE(run.shows("ready"));
  std::this_thread::sleep_for(Ms{300});
  run.continue_group();
  CHECK(run.shows("went-on"));
  const int status = run.wait_status();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 5);
}

}  // namespace pg::test
