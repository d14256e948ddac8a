// Discovery, precedence and layering.
#include "config/load.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/show.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

std::string reason(const SettingsHome& home) {
  return problems_text(read_settings(home.options).problems);
}

}  // namespace

TEST_CASE("without any file the defaults hold and every key says so") {
  const SettingsHome home;
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.config_file.empty());
  CHECK(settings.serve.port == 8787);
  CHECK(settings.serve.host == "127.0.0.1");
  CHECK(settings.database == home.dir.file(".local/share/promptgate/pg.db"));
  CHECK(settings.app_key_file == home.dir.file(".local/share/promptgate/app.key"));
  CHECK(settings.projects_dir == home.dir.file(".config/promptgate/projects"));
  CHECK(settings.origins.at("serve.port") == "default");
  CHECK(settings.origins.at("guards.email") == "default");
}

TEST_CASE("flags stand above the environment, that above the file, that above defaults") {
  SettingsHome home;
  const std::string file = home.config("[serve]\nport = 1001\nhost = \"::1\"\nthreads = 2\n");
  home.set("PG_SERVE_PORT", "1002");
  home.set("PG_SERVE_THREADS", "3");
  home.options.flags = {{"serve.port", "1003"}};
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.serve.port == 1003);
  CHECK(settings.serve.threads == 3);
  CHECK(settings.serve.host == "::1");
  CHECK(settings.origins.at("serve.port") == "flag");
  CHECK(settings.origins.at("serve.threads") == "env PG_SERVE_THREADS");
  CHECK(settings.origins.at("serve.host") == file + ":3");
  CHECK(settings.origins.at("serve.require_key") == "default");
}

TEST_CASE("--config stands above PG_CONFIG, that above the user's own file") {
  SettingsHome home;
  home.config("[serve]\nport = 1\n");
  const std::string by_variable = home.dir.write("v/pg.toml", "[serve]\nport = 2\n");
  const std::string by_flag = home.dir.write("f/pg.toml", "[serve]\nport = 3\n");
  CHECK(load_settings(home.options).value().serve.port == 1);
  home.set("PG_CONFIG", by_variable);
  CHECK(load_settings(home.options).value().serve.port == 2);
  home.options.config = by_flag;
  const Settings settings = load_settings(home.options).value();
  CHECK(settings.serve.port == 3);
  CHECK(settings.projects_dir == home.dir.file("f/projects"));
  home.options.config = home.dir.file("none.toml");
  const auto missing = load_settings(home.options);
  CHECK(missing.error().code == Code::invalid_config);
  CHECK(missing.error().message == home.dir.file("none.toml") + ": no such file");
}

TEST_CASE("a checkout's file sets scan options, for those who ask, and nothing else") {
  SettingsHome home;
  home.config("[scan]\nexclude = [\"mine\"]\nmax_file_size = \"1MiB\"\n");
  home.options.directory = home.dir.file("repo/sub");
  home.dir.write("repo/sub/x", "");
  const std::string repo = home.dir.write("repo/.promptgate.toml", "[scan]\nexclude = [\"theirs\"]\n");
  CHECK(load_settings(home.options).value().scan.exclude == std::vector<std::string>{"mine"});
  home.options.repo_file = true;
  Settings settings = load_settings(home.options).value();
  CHECK(settings.scan.exclude == std::vector<std::string>{"theirs"});
  CHECK(settings.scan.max_file_size == 1u << 20);
  CHECK(settings.repo_file == repo);
  home.options.config = home.dir.write("x/pg.toml", "[scan]\nexclude = [\"named\"]\n");
  CHECK(load_settings(home.options).value().scan.exclude == std::vector<std::string>{"named"});
}

TEST_CASE("a checkout cannot redirect, weaken or open anything, and is told why") {
  SettingsHome home;
  home.options.directory = home.dir.file("repo");
  home.options.repo_file = true;
  for (const char* text : {"[providers.openai]\nopenai_base_url = \"https://evil.example\"\n", "[guards]\nsecrets = \"off\"\n",
                           "[serve]\nrequire_key = false\n", "[limits]\nmax_body = 1024\n", "database = \"/tmp/x\"\n",
                           "app_key_file = \"/tmp/x\"\n"}) {
    const std::string repo = home.dir.write("repo/.promptgate.toml", text);
    const Loaded loaded = read_settings(home.options);
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].message.find("must not stand in a checkout's .promptgate.toml") != std::string::npos);
    CHECK(loaded.problems[0].hint.find("weaken guards") != std::string::npos);
    CHECK(loaded.settings.providers.empty());
    CHECK(loaded.settings.guards.secrets == Action::redact);
    CHECK(loaded.settings.serve.require_key);
  }
  home.dir.write("repo/.promptgate.toml", "scna = 1\n");
  CHECK(reason(home).find("unknown key \"scna\"") != std::string::npos);
}

TEST_CASE("projects start from pg.toml's guards and say otherwise for themselves") {
  const SettingsHome home;
  home.config(
      "[guards]\nphone = \"detect\"\nemail = \"block\"\n[guards.rules]\n\"a-rule\" = \"off\"\n[[guards.custom]]\nname = "
      "\"x\"\nregex = "
      "\"a\"\n");
  home.simple_project("one", "[guards]\nemail = \"off\"\n[[guards.custom]]\nname = \"x\"\nregex = \"b\"\naction = \"block\"\n");
  home.project(
      "two",
      "id = \"11111111-2222-4333-8444-555555555555\"\nproviders = [\"openai\", \"echo\"]\nrequire_key = false\nkeep_vaults "
      "= false\nkeep_vaults_for = \"5m\"\n[guards.allow]\nemail = [\"@example.com\"]\n");
  const Settings settings = load_settings(home.options).value();
  REQUIRE(settings.projects.size() == 2);
  const ProjectSettings& one = settings.projects.at("one");
  CHECK(one.id == test::kProjectId);
  CHECK(one.guards.phone == Action::detect);
  CHECK(one.guards.email == Action::off);
  CHECK(one.guards.actions.at("a-rule") == Action::off);
  REQUIRE(one.guards.custom.size() == 1);
  CHECK(one.guards.custom[0].regex == "b");
  CHECK(one.guards.custom[0].action == Action::block);
  CHECK_FALSE(one.require_key.has_value());
  const ProjectSettings& two = settings.projects.at("two");
  CHECK(two.providers == std::vector<std::string>{"openai", "echo"});
  CHECK(two.require_key == false);
  CHECK_FALSE(two.keep_vaults);
  CHECK(two.keep_vaults_for == Millis(300'000));
  CHECK(two.guards.email == Action::block);
  CHECK(two.guards.allow.at("email") == std::vector<std::string>{"@example.com"});
  CHECK(settings.origins.at("projects.one.guards.email") == home.dir.file(".config/promptgate/projects/one.toml:4"));
  CHECK(settings.origins.at("projects.two.guards.email") == home.dir.file(".config/promptgate/pg.toml:3"));
}

TEST_CASE("project files: names, copies, and what is no project file") {
  const SettingsHome home;
  home.simple_project("default");
  home.project(".hidden", "nonsense");
  home.dir.write(".config/promptgate/projects/default.toml~", "nonsense");
  home.dir.write(".config/promptgate/projects/notes.txt", "nonsense");
  CHECK(reason(home) == "");
  SUBCASE("a copy keeps its id") {
    home.simple_project("copy");
    CHECK(reason(home).find("default.toml:1:6: project \"copy\" has this id too") != std::string::npos);
  }
  SUBCASE("a name that does not fit a path") {
    home.simple_project("My Project");
    CHECK(reason(home).find("a project's file name is lower-case") != std::string::npos);
  }
  SUBCASE("a name that is a UUID") {
    home.simple_project("11111111-2222-4333-8444-555555555555");
    CHECK(reason(home).find("no UUID") != std::string::npos);
  }
  SUBCASE("no key needed beyond this machine") {
    home.config("[serve]\nhost = \"0.0.0.0\"\n");
    home.simple_project("default", "require_key = false\n");
    CHECK(reason(home).find("default.toml:3:15: without keys, everybody who reaches 0.0.0.0") != std::string::npos);
  }
}

TEST_CASE("mistakes of several files are told together") {
  const SettingsHome home;
  home.config("[serve]\nprot = 1\n");
  home.simple_project("a", "typ = 1\n");
  home.simple_project("b", "=\n");
  const std::string text = reason(home);
  CHECK(text.find("pg.toml:2:1: unknown key \"prot\"") != std::string::npos);
  CHECK(text.find("a.toml:3:1: unknown key \"typ\"") != std::string::npos);
  CHECK(text.find("b.toml:3:1: ") != std::string::npos);
}

TEST_CASE("settings that are no plain file of ours are refused") {
  const SettingsHome home;
  home.simple_project("default");
  const std::string path = home.dir.file(".config/promptgate/pg.toml");
  SUBCASE("pipe") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(reason(home) == path + ": is not a regular file");
  }
  SUBCASE("directory") {
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
    CHECK(reason(home) == path + ": is a directory");
  }
  SUBCASE("too large") {
    home.config(std::string((1 << 20) + 1, '#'));
    CHECK(reason(home) == path + ": larger than 1048576 bytes");
  }
  SUBCASE("everybody may write it") {
    home.config("");
    ::chmod(path.c_str(), 0666);
    CHECK(reason(home).find("everybody may write it") != std::string::npos);
  }
}

TEST_CASE("paths in pg.toml are taken from its directory or from home") {
  SettingsHome home;
  home.config("database = \"state/pg.db\"\napp_key_file = \"~/keys/app.key\"\n");
  Settings settings = load_settings(home.options).value();
  CHECK(settings.database == home.dir.file(".config/promptgate/state/pg.db"));
  CHECK(settings.app_key_file == home.dir.file("keys/app.key"));
  home.set("PG_DATABASE", "/elsewhere/pg.db");
  CHECK(load_settings(home.options).value().database == "/elsewhere/pg.db");
}

TEST_CASE("show lists every key with its value and origin, and no credential") {
  SettingsHome home;
  home.config(
      "[serve]\nport = 1001\n[providers.openai]\nopenai_base_url = \"https://eu.example/v1\"\n[guards.rules]\n\"some-rule\" = "
      "\"block\"\n");
  home.simple_project("default", "[guards]\nemail = \"off\"\n");
  home.set("OPENAI_API_KEY", "made-up-value");
  home.set("PG_GUARDS_PHONE", "redact");
  std::map<std::string, std::string> shown;
  for (const ShownSetting& row : show_settings(load_settings(home.options).value())) {
    CHECK(shown.emplace(row.key, row.value + " <- " + row.origin).second);
    CHECK(row.value.find("made-up-value") == std::string::npos);
  }
  const std::string file = home.dir.file(".config/promptgate/pg.toml");
  CHECK(shown.at("serve.port") == "1001 <- " + file + ":2");
  CHECK(shown.at("limits.max_body") == "\"64MiB\" <- default");
  CHECK(shown.at("guards.phone") == "\"redact\" <- env PG_GUARDS_PHONE");
  CHECK(shown.at("guards.rules.some-rule") == "\"block\" <- " + file + ":6");
  CHECK(shown.at("providers.openai.openai_base_url") == "\"https://eu.example/v1\" <- " + file + ":4");
  CHECK(shown.at("providers.openai.credential") == "\"env:OPENAI_API_KEY\" <- shipped");
  CHECK(shown.at("projects.default.guards.email") == "\"off\" <- " + home.dir.file(".config/promptgate/projects/default.toml:4"));
  CHECK(shown.at("projects.default.guards.phone") == "\"redact\" <- env PG_GUARDS_PHONE");
}
