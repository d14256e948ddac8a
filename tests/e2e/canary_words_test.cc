// Canaries where a person would put a secret by mistake: arguments, names, queries, settings, names of files. Whatever is said
// back may end in a build's log.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "tests/support/canaries.h"
#include "tests/support/git_tree.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Words = std::vector<std::string>;

/// Runs the command with @ in its words as the canary of that command; no answer may hold one.
CommandResult say(const Home& home, Canaries& c, Words words, std::string_view input = {}) {
  std::string place;
  for (const std::string& word : words) place += word + " ";
  CAPTURE(place);
  for (std::string& word : words)
    for (std::size_t at = word.find('@'); at != std::string::npos; at = word.find('@')) word.replace(at, 1, c[place]);
  words.insert(words.begin() + 1, {"--config", home.config_file()});
  const CommandResult said = home.run(words, input);
  CHECK(said.status >= 0);
  CHECK(said.status < 70);
  CHECK(c.seen_in(said.out + said.err) == std::set<std::string>{});
  return said;
}

/// What the home holds without the files that the test itself wrote.
std::string facts_of(const Home& home) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home.root()))
    if (entry.is_regular_file() && entry.path().extension() != ".toml") all += Home::read(entry.path());
  return all;
}

/// Every command that reads settings, on this one. A canary's place is the setting's text.
void read_settings_with(const Home& home, Canaries& c, const std::string& file, std::string text) {
  CAPTURE(text);
  const std::string canary = c[text];
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) text.replace(at, 1, canary);
  home.write(file, text);
  const std::vector<Words> commands = {{"config", "check"},
                                       {"config", "check", "--json"},
                                       {"config", "show", "--origin"},
                                       {"config", "show", "--json"},
                                       {"providers", "list"},
                                       {"providers", "list", "--json"},
                                       {"providers", "show", "openai"},
                                       {"providers", "show", "openai", "--json"},
                                       {"projects", "list"},
                                       {"models", "list"},
                                       {"routes", "list", "--json"},
                                       {"logs", "tail"},
                                       {"serve", "--listen", "127.0.0.1:99999"}};
  for (const Words& words : commands) say(home, c, words);
}

}  // namespace

TEST_CASE("canaries: no command says a secret back that came as an argument, and none keeps it as a name") {
  const Home home;
  home.write(home.config_file(), "");
  REQUIRE(home.run({"init", "--config", home.config_file()}).status == 0);
  Canaries c;
  const auto refused = [&](const Words& words) { CHECK(say(home, c, words).status == 2); };
  refused({"keys", "add", "laptop of @"});
  refused({"keys", "add", "k", "--owner", "@"});
  refused({"keys", "edit", "first", "--owner", "@"});
  const CommandResult named = say(home, c, {"keys", "add", "@"});
  CHECK(named.err.find("looks like a credential") != std::string::npos);
  for (const char* flag : {"--scopes", "--budget", "--rpm", "--expires", "--project", "--concurrency"})
    say(home, c, {"keys", "add", "k", flag, "@"});
  for (const char* act : {"show", "edit", "disable", "enable", "rotate", "revoke"}) say(home, c, {"keys", act, "@"});
  for (const char* act : {"show", "test", "login", "logout"}) say(home, c, {"providers", act, "@"}, "value");
  for (const char* act : {"show", "add", "edit", "remove"}) say(home, c, {"projects", act, "@", "--yes"});
  for (const Words& words : std::vector<Words>{{"@"},
                                               {"keys", "@"},
                                               {"serve", "--@"},
                                               {"serve", "--listne=@"},
                                               {"providers", "login", "openai", "--key", "@"},
                                               {"providers", "login", "openai", "@"},
                                               {"serve", "--listen", "@"},
                                               {"explain", "-", "-p", "@"},
                                               {"config", "show", "@"},
                                               {"help", "@"},
                                               {"completions", "@"},
                                               {"setup", "@"},
                                               {"run", "@"},
                                               {"rules", "show", "@"},
                                               {"rules", "check", "@"},
                                               {"keys", "list", "--color", "@"},
                                               {"logs", "tail", "--timeout", "@"},
                                               {"usage", "--by", "@"},
                                               {"usage", "--since", "@"},
                                               {"agents", "@"},
                                               {"audit", "tail", "@"}})
    say(home, c, words);
  for (const char* query : {"@", "model:@", "@:x", "-@", "status:@", "cost:>@", "model:/@(/", "\"@", "(@ OR", "mdoel:@"}) {
    for (const char* act : {"search", "stats", "export"}) say(home, c, {"logs", act, query});
    say(home, c, {"logs", "search", "--explain", query});
  }
  for (const char* flag : {"--since", "--until", "--fields", "--template", "-n"}) say(home, c, {"logs", "tail", flag, "@"});
  say(home, c, {"logs", "show", "@"});
  say(home, c, {"logs", "stats", "--by", "@"});
  for (const char* flag : {"--model", "--path", "--host", "--dialect", "--key", "--agent"}) {
    say(home, c, {"routes", "explain", flag, "@"});
    say(home, c, {"routes", "explain", "--model", "m", flag, "@", "--json"});
    if (std::string_view(flag) != "--model" && std::string_view(flag) != "--host")
      say(home, c, {"explain", "-", flag, "@"}, R"({"model":"m","messages":[]})");
  }
  const std::string request =
      R"({"model":")" + c["model"] + R"(","messages":[{"role":"user","content":"x"}],")" + c["name"] + "\":1}";
  for (const char* format : {"--json", "--no-color"}) {
    say(home, c, {"explain", "-", format}, request);
    say(home, c, {"routes", "explain", "-", format}, request);
    say(home, c, {"explain", "-", format}, request.substr(0, request.size() - 1));
  }
  say(home, c, {"keys", "list", "--all", "--json"});
  say(home, c, {"audit", "export"});
  CHECK(c.size() >= 100);
  CHECK(c.seen_in(facts_of(home)) == std::set<std::string>{});
}

TEST_CASE("canaries: a credential anywhere in the settings is shown by no command, and by no error about its line") {
  Home home;
  REQUIRE(home.run({"init", "--config", home.config_file()}).status == 0);
  Canaries c;
  const std::string openai = "[providers.openai]\n";
  for (const char* line :
       {"credential = \"@\"", "credentail = \"@\"", "credential = \"@", "credential = @", "credentials = [\"env:X\", \"@\"]",
        "credential = \"env:@\"", "credential = \"file:/x/@\"", "credential = \"sealed:@\"",
        "openai_base_url = \"http://u:@@127.0.0.1:1/v1\"", "openai_base_url = \"http://127.0.0.1:1/v1?key=@\"",
        "openai_base_url = \"http://127.0.0.1:1/@\"", "openai_base_url = \"htp://@\"", "headers = { \"x-api-key\" = \"@\" }",
        "guards = \"@\"", "guards = { secrets = \"@\" }", "models = [\"@\"]", "rpm = \"@\"", "# @\nbogus = 1", "bogus = 1 # @"}) {
    // A user's password stands before a sign that is ours.
    std::string text = openai + line + "\n";
    if (const std::size_t at = text.find("@@"); at != std::string::npos)
      text = text.substr(0, at) + c["password"] + "%40" + text.substr(at + 2);
    read_settings_with(home, c, home.config_file(), text);
  }
  for (const char* text :
       {"[providers.@]\ncredential = \"none\"\nopenai_base_url = \"http://127.0.0.1:1/v1\"\n",
        "[budgets]\nunknown_prices = \"@\"\n", "[budgets]\ntime_zone = \"@\"\n", "listen = \"@\"\n", "[@]\nx = 1\n", "@ = 1\n",
        "x = \"@\"\nx = \"@\"\n", "[limits]\nqueue = \"@\"\n", "[logs]\nfile = \"/nowhere/@\"\n",
        "[prices.\"@\"]\ninput = \"x\"\n", "[prices.\"openai/m\"]\ninput = \"@\"\n", "[prompt_policies.house]\ntext = \"@\"\n",
        "[prompt_policies.@]\ntext = \"x\"\n", "[alerts.a]\nwhen = \"@\"\n", "[alerts.a]\nwhen = \"@:1\"\n",
        "[alerts.a]\nwhen = \"status:@\"\n", "[alerts.@]\nwhen = \"status:*\"\n", "[alerts]\nwhen = \"@\"\n",
        "x = \"@\" y = 2\n"})
    read_settings_with(home, c, home.config_file(), text);
  home.write(home.config_file(), "");
  const std::string id = "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11\"\n";
  for (const char* text :
       {"providers = [\"@\"]\n", "providers = [\"echo\"]\n[aliases]\n\"@\" = \"echo:echo\"\n",
        "providers = [\"echo\"]\n[aliases]\n\"x\" = \"echo:@\"\n", "providers = [\"echo\"]\n[aliases]\n\"x\" = \"@\"\n",
        "providers = [\"echo\"]\n[[route]]\nname = \"@\"\nmatch = { model = \"@\" }\nprovider = \"echo\"\n",
        "providers = [\"echo\"]\n[[route]]\nname = \"r\"\nmatch = { model = \"x\" }\nprovider = \"@\"\n",
        "providers = [\"echo\"]\n[guards]\nsecrets = \"@\"\n", "providers = [\"echo\"]\nfallback = \"@\"\n",
        "providers = [\"echo\"]\nlog_bodies = \"@\"\n", "providers = [\"echo\"]\n[limits]\nbudget = \"@\"\n"})
    read_settings_with(home, c, home.project_file("work"), id + text);
  std::filesystem::remove(home.project_file("work"));
  home.write(home.project_file(c["file name"]), id + "providers = [\"echo\"]\n");
  for (const Words& words : std::vector<Words>{{"config", "check"}, {"config", "check", "--json"}, {"projects", "list"}})
    say(home, c, words);
  std::filesystem::remove(home.project_file(c["file name"]));
  home.set_env("PG_" + c["name of a variable"], "1");
  home.set_env("PG_SERVE_HOST", c["variable"]);
  home.set_env("PG_LIMITS_QUEUE", c["number"]);
  for (const Words& words : std::vector<Words>{{"config", "check"}, {"config", "check", "--json"}, {"config", "show"}})
    say(home, c, words);
  CHECK(c.seen_in(facts_of(home)) == std::set<std::string>{});
}

TEST_CASE("canaries: no report of a scan holds a secret, wherever it stands: in a file, its name, a directory's, a commit") {
  const GitTree tree;
  const Home home;
  home.write(home.config_file(), "");
  Canaries c;
  tree.write("plain.txt", "token = \"" + c["file"] + "\"\n");
  tree.write("url.txt", "https://user:" + c["userinfo"] + "@host.example/x\n");
  tree.commit(1);
  tree.git({"checkout", "-q", "-b", "of-" + c["branch"]});
  std::filesystem::create_directory(tree.file(c["directory"]));
  tree.write(c["file name"] + ".txt", "token = \"" + c["second file"] + "\"\n");
  tree.write(c["directory"] + "/x.txt", "token = \"" + c["third file"] + "\"\n");
  tree.write("broken.zip", "PK\x03\x04" + c["archive"]);
  tree.commit(2);
  tree.git({"commit", "-q", "--amend", "-m", "message " + c["commit message"], "--author", c["author"] + " <a@example.com>"});
  const std::string baseline = home.root() / "known";
  std::size_t reports = 0;
  for (const char* format : {"text", "json", "ndjson", "sarif", "github", "junit", "csv"}) {
    for (const Words& more : std::vector<Words>{{tree.path(), "--archives"},
                                                {tree.path(), "--show-suppressed", "--generic"},
                                                {"--git", tree.path()},
                                                {"--diff", "main", tree.path()}}) {
      Words words = {"scan", "--format", format, "--keep-going"};
      words.insert(words.end(), more.begin(), more.end());
      const CommandResult told = say(home, c, words);
      CHECK(told.status == 1);
      const bool has_stars = told.out.find("*****.txt") != std::string::npos || told.out.find("%2A%2A.txt") != std::string::npos;
      CHECK(has_stars);  // the finding is there all the same
      ++reports;
    }
    say(home, c, {"scan", "-", "--stdin-name", "@", "--format", format}, "token = \"" + c["standard input"] + "\"\n");
  }
  CHECK(reports == 28);
  const Words update = {"scan", tree.path(), "--baseline", baseline, "--update-baseline"};
  CHECK(say(home, c, update).status == 0);
  CHECK(c.seen_in(Home::read(baseline)) == std::set<std::string>{});
  CHECK(say(home, c, {"scan", tree.path(), "--baseline", baseline}).status == 0);  // known by the same names
  for (const Words& words : std::vector<Words>{{"scan", "@"},
                                               {"scan", "--format", "@"},
                                               {"scan", ".", "--baseline", "@"},
                                               {"scan", "--git", "@..main", tree.path()},
                                               {"scan", "--git", "--branch", "@", tree.path()},
                                               {"scan", "--diff", "@", tree.path()}})
    CHECK(say(home, c, words).status == 2);
  for (const char* text :
       {"[scan]\nexclud = [\"@\"]\n", "[scan]\nexclude = [\"@\"\n", "[[scan.rule]]\nid = \"x\"\nregex = \"(@\"\n",
        "[[scan.rule]]\nid = \"x\"\nregex = \"abcdefgh\"\nkeywords = [\"abc\"]\nexamples = [\"@\"]\n",
        "[[scan.rule]]\nid = \"@\"\nregex = \"abc\"\n", "[[scan.allow]]\nhash = \"@\"\nreason = \"x\"\n"}) {
    std::string settings = text;
    settings.replace(settings.find('@'), 1, c[text]);
    home.write(home.config_file(), settings);
    say(home, c, {"scan", tree.path()});
    say(home, c, {"rules", "check"});
  }
}

}  // namespace pg::test
