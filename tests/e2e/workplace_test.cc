// What commands make of settings and of a server that runs: which one they talk of, what they say of a project's guards, and who
// may go on when a file is wrong.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kWorkSettings = "[providers.other]\nopenai_base_url = \"@UP\"\ncredential = \"env:FAKE_KEY\"\n";

std::string origin_of(const World& w) {
  return "http://127.0.0.1:" + std::to_string(w.port());
}

}  // namespace

TEST_CASE("workplace: a project that pg made follows [guards] of pg.toml, and show says who decides") {
  Home home;
  home.write(home.config_file(), "[guards]\nemail = \"block\"\nsecrets = \"detect\"\n");
  REQUIRE(home.run({"init"}).status == 0);
  REQUIRE(home.run({"projects", "add", "work"}).status == 0);
  for (const char* name : {"default", "work"}) {
    const CommandResult shown = home.run({"projects", "show", name});
    CHECK(says(shown.out, "guards\tblock email; redact iban card ssn; detect secrets\n"));
    CHECK(says(shown.out, "set in\tsecrets: " + home.config_file() + ":3; email: " + home.config_file() +
                              ":2; iban card ssn phone ipv4: default\n"));
    const Json json = Json::parse(home.run({"projects", "show", name, "--json"}).out);
    CHECK(json.at("guards").at("email") == "block");
    CHECK(json.at("guard_origins").at("email") == home.config_file() + ":2");
    CHECK(json.at("guard_origins").at("iban") == "default");
  }
}

TEST_CASE("workplace: commands find the server where it listens, and know it from another") {
  World w;
  const std::string origin = origin_of(w);
  CHECK(says(w.home.run({}).out, "running at " + origin));
  CHECK(says(w.home.run({"setup", "curl"}).out, origin + "/api/test"));
  CHECK(says(w.home.run({"projects", "show"}).out, origin + "/api/test"));
  CHECK(says(w.home.run({"setup", "curl", "--check"}).out, "answers at " + origin));
  // The same port in settings of another database: that is somebody else's server.
  Home other;
  other.write(other.config_file(), "[serve]\nport = " + std::to_string(w.port()) + "\n");
  REQUIRE(other.run({"init"}).status == 0);
  const CommandResult start = other.run({});
  CHECK(says(start.out, "not running"));
  CHECK_FALSE(says(start.out, "running at"));
  const CommandResult check = other.run({"setup", "curl", "--check"});
  CHECK(check.status == 7);
  CHECK(says(check.out, "no pg serve runs on " + other.database()));
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  CHECK(says(w.home.run({}).out, "not running"));
  CHECK(says(w.home.run({"setup", "curl"}).out, "http://127.0.0.1:8787/api/test"));
  CHECK(says(w.home.run({"setup", "curl"}).err, "nobody listens at http://127.0.0.1:8787/api/test yet"));
  w.home.write(w.home.project_file("plain"), "id = \"7b1f0c53-0000-4000-8000-000000000003\"\nproviders = [\"echo\"]\n");
  const CommandResult plain = w.home.run({"setup", "curl", "-p", "plain"});
  CHECK(says(plain.err, "will talk to the built-in echo"));
}

TEST_CASE("workplace: an agent whose dialect nobody speaks is translated, and said to be") {
  World w(kRedactAll, kWorkSettings);
  w.home.write(w.home.project_file("work"), "id = \"7b1f0c53-0000-4000-8000-000000000001\"\nproviders = [\"other\"]\n");
  const CommandResult snippet = w.home.run({"setup", "claude-code", "-p", "work"});
  CHECK(snippet.status == 0);
  CHECK(says(snippet.err, "translated"));
  CHECK_FALSE(says(snippet.err, "refused"));
  w.upstream.respond(Answer::json(
      R"({"id":"r","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}]})"));
  const CommandResult check = w.home.run({"setup", "claude-code", "-p", "work", "--check", "--model", "some-model"});
  CHECK_MESSAGE(check.status == 0, check.out);
  CHECK(says(check.out, "translated"));
  // The caller's own credential is for the vendor whose dialect it speaks: that one is refused.
  w.home.write(w.home.config_file(),
               Home::read(w.home.config_file()) +
                   "[providers.own]\nopenai_base_url = \"https://own.example/v1\"\ncredential = \"client\"\nvendor = \"own\"\n");
  w.home.write(w.home.project_file("own"), "id = \"7b1f0c53-0000-4000-8000-000000000002\"\nproviders = [\"own\"]\n");
  CHECK(says(w.home.run({"setup", "claude-code", "-p", "own"}).err, "will be refused"));
}

TEST_CASE("workplace: a server that all the network can reach says so, and a URL that works here") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  Server server(home);
  REQUIRE(server.start({}, "0.0.0.0:0"));
  const std::string port = std::to_string(server.port());
  CHECK(says(server.err(), "listens on 0.0.0.0:" + port));
  CHECK(says(server.err(), "others on the network can reach it"));
  CHECK(says(server.err(), "http://127.0.0.1:" + port));
  CHECK(says(home.run({}).out, "running at http://127.0.0.1:" + port));
}

TEST_CASE("workplace: a server says that settings were reloaded when they were, and that they stay when they cannot be") {
  World w;
  const auto err_has = [&](std::string_view text) {
    for (int i = 0; i < 100 && !says(w.server.err(), text); ++i) std::this_thread::sleep_for(Ms{20});
    return says(w.server.err(), text);
  };
  const std::string good = Home::read(w.home.config_file());
  w.home.write(w.home.config_file(), good);  // a new file with the same words
  (void)w.home.add_key("another");
  std::this_thread::sleep_for(Ms{600});
  CHECK_FALSE(says(w.server.err(), "reloaded"));
  std::filesystem::remove(w.home.config_file());
  CHECK(err_has("pg.toml: no such file"));
  CHECK(err_has("the settings that were in force stay"));
  w.upstream.respond(Answer::json("{}"));
  CHECK(w.post("v1/chat/completions", R"({"model":"m","messages":[]})").status == 200);
  w.home.write(w.home.config_file(), good + "[guards]\nphone = \"detect\"\n");
  CHECK(err_has("settings reloaded"));
  CHECK_FALSE(says(w.server.err(), "restart only"));
}

TEST_CASE("workplace: a key works, and a revoked one no longer, when the command returns") {
  World w;
  w.upstream.respond(Answer::json("{}"));
  const auto status = [&](const std::string& key) {
    return w.post("v1/chat/completions", R"({"model":"m","messages":[]})", {{"x-pg-key", key}}).status;
  };
  for (int i = 0; i < 4; ++i) {
    const std::string name = "k" + std::to_string(i);
    const std::string key = w.home.add_key(name);
    CHECK(status(key) == 200);
    const CommandResult rotated = w.home.run({"keys", "rotate", name});
    REQUIRE(rotated.status == 0);
    CHECK(status(key) == 401);
    const std::string fresh = rotated.out.substr(0, rotated.out.find('\n'));
    CHECK(status(fresh) == 200);
    REQUIRE(w.home.run({"keys", "revoke", name}).status == 0);
    CHECK(status(fresh) == 401);
  }
}

TEST_CASE("workplace: a project file that is wrong stops nobody but that project, and can be put right") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  REQUIRE(home.run({"projects", "add", "work"}).status == 0);
  const std::string good = (home.root() / "good.toml").string();
  home.write(good, Home::read(home.project_file("work")));
  for (const std::string bad :
       {"this is [not toml", "id = \"7b1f0c53-0000-4000-8000-000000000001\"\nproviders = [\"nobody\"]\n"}) {
    CAPTURE(bad);
    home.write(home.project_file("work"), bad);
    home.write(home.root() / "clean.txt", "nothing\n");
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"scan", (home.root() / "clean.txt").string()},
                                               {"db", "check"},
                                               {"db", "path"},
                                               {"db", "backup", "--force", (home.root() / "b.bak").string()},
                                               {"logs", "tail"},
                                               {"audit", "tail"},
                                               {"rules", "list"},
                                               {"projects", "list"},
                                               {"keys", "add", "k", "--if-missing"},
                                               {"setup", "curl", "-p", "default"},
                                               {"setup", "curl"}}) {
      CAPTURE(words.front() + " " + words.back());
      const CommandResult result = home.run(words);
      CHECK_MESSAGE(result.status == 0, result.err);
      CHECK(says(result.err, "work.toml"));
    }
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"setup", "curl", "-p", "work"}, {"projects", "show", "work"}, {"config", "reload"}}) {
      CAPTURE(words.front() + " " + words.back());
      CHECK(home.run(words).status == 3);
    }
    const CommandResult still_bad = home.run({"projects", "edit", "work", "--from-file", "-"}, "providers = 5\n");
    CHECK(still_bad.status == 3);
    CHECK(Home::read(home.project_file("work")) == bad);
    CHECK(home.run({"projects", "edit", "work", "--from-file", good}).status == 0);
    CHECK(home.run({"config", "check"}).status == 0);
  }
  home.write(home.project_file("work"), "this is [not toml");
  CHECK(home.run({"projects", "remove", "work", "--yes"}).status == 0);
  CHECK(home.run({"config", "check"}).status == 0);
  CHECK(says(home.run({"audit", "tail"}).out, "project.remove"));
}

TEST_CASE("workplace: where things are is not guessed when pg.toml cannot be read") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  home.write(home.config_file(), "database = \"/elsewhere/pg.db\"\n[serve\n");
  for (const char* what : {"db", "config"}) {
    CAPTURE(std::string(what));
    const CommandResult path = home.run({what, "path"});
    CHECK(path.status == 3);
    CHECK(path.out.empty());
    CHECK(says(path.err, "pg.toml:2"));
  }
}

TEST_CASE("workplace: config check finds the mistakes of every kind and file at once") {
  Home home;
  home.write(home.config_file(),
             "[serve]\nprot = 1\n"
             "[providers.nowhere]\ncredential = \"none\"\n"
             "[providers.flawed]\nopenai_base_url = 5\n"
             "[[guards.custom]]\nname = \"one\"\nregex = '('\n"
             "[[guards.custom]]\nname = \"two\"\nregex = '[z-a]'\n"
             "[hosts]\n\"llm.example.com\" = \"work\"\n\"other.example.com\" = \"nobody\"\n");
  home.write(home.project_file("a"), "providers = [\"nobody\"]\n");
  home.write(home.project_file("b"), "id = 5\nproviders = 5\n");
  home.write(home.project_file("work"), "this is [not toml");
  const CommandResult check = home.run({"config", "check"});
  CHECK(check.status == 1);
  for (const char* wanted : {"unknown key \"prot\"", "provider \"nowhere\" leads nowhere", "openai_base_url",
                             "pg.toml:9:", "pg.toml:12:", "unknown project \"nobody\"", "a.toml: the project has no id",
                             "unknown provider \"nobody\"", "b.toml:1", "b.toml:2", "work.toml:1"}) {
    CAPTURE(std::string(wanted));
    CHECK_MESSAGE(says(check.out, wanted), check.out);
  }
  // What only follows from another mistake is none.
  CHECK_FALSE(says(check.out, "unknown project \"work\""));
  CHECK_FALSE(says(check.out, "provider \"flawed\" leads nowhere"));
  CHECK_FALSE(says(check.out, "b.toml: the project has no id"));
  CHECK_FALSE(says(check.out, "the project has no providers"));
}

TEST_CASE("workplace: exit statuses are those of 'pg help exit-codes'") {
  Home home;
  REQUIRE(home.run({"init"}).status == 0);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"serve", "--listen", "foo"},
                                                                                     {"serve", "--listen", "127.0.0.1:99999"},
                                                                                     {"serve", "--listen", "example.com:80"},
                                                                                     {"keys", "list", "--timeout=abc"},
                                                                                     {"--timeout", "0s", "keys", "list"},
                                                                                     {"--", "logs"},
                                                                                     {"--", "logs", "tail"},
                                                                                     {"-q", "--", "keys"},
                                                                                     {"--"},
                                                                                     {""},
                                                                                     {"", "logs"},
                                                                                     {"run", "curl"},
                                                                                     {"run", "cline"},
                                                                                     {"run", "cursor"},
                                                                                     {"run", "anthropic-sdk"}}) {
    CAPTURE(words.front() + " " + words.back());
    const CommandResult result = home.run(words, {}, Ms{3000});
    CHECK(result.status == 2);
    CHECK(says(result.err, "error: "));
    CHECK_FALSE(says(result.err, "serve.port"));
  }
  CHECK(home.run({"-p", "nope", "logs", "tail"}).status == 5);
  CHECK(home.run({"-p", "nope", "logs", "stats"}).status == 5);
  CHECK(home.run({"-p", "nope", "usage"}).status == 5);
  CHECK(home.run({"-p", "default", "logs", "tail"}).status == 0);
  ::chmod(home.database().c_str(), 0644);
  CHECK(home.run({"keys", "list"}).status == 4);
}

TEST_CASE("workplace: a scan's answer stays when its reader leaves early") {
  Home home;
  const auto file = home.root() / "leaks.txt";
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "token " + make_github_token(static_cast<unsigned>(i)) + "\n";
  home.write(file, text);
  const auto piped = [&](const std::string& words) {
    home.write(home.root() / "script", "'" + pg_binary() + "' " + words + " '" + file.string() +
                                           "' 2>/dev/null | head -1 >/dev/null\necho ${PIPESTATUS[0]}\n");
    std::FILE* out = ::popen(("HOME=" + home.root().string() + " bash " + (home.root() / "script").string()).c_str(), "r");
    char line[16] = {};
    if (std::fgets(line, sizeof line, out) == nullptr) line[0] = '?';
    ::pclose(out);
    return std::string(line);
  };
  CHECK(piped("scan") == "1\n");
  CHECK(piped("scan --exit-zero") == "0\n");
}

TEST_CASE("workplace: a rule of one's own finds what it says, also what looks like a stand-in") {
  Home home;
  const auto tree = home.root() / "tree";
  const std::string rule =
      "[[scan.rule]]\nid = \"acme-token\"\nkeywords = [\"acme_\"]\nregex = 'acme_[A-Za-z0-9]{32}'\nexamples = "
      "[\"acme_{alnum:32}\"]\n";
  home.write(tree / "code.txt", "token = acme_0123456789abcdef0123456789abcdef\n");
  const auto scan = [&] { return home.run({"scan", "--json", "--config", home.config_file(), tree.string()}); };
  home.write(home.config_file(), rule);
  CHECK(says(scan().out, "acme-token"));
  home.write(home.config_file(), rule + "placeholders = true\n");
  CHECK_FALSE(says(scan().out, "acme-token"));
}

}  // namespace pg::test
