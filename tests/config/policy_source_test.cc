// What a running server sees: files and database change under it, and each poll answers at once.
#include "config/policy_source.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "config/app_key.h"
#include "config/load.h"
#include "core/base/aws_sign.h"
#include "core/base/service_account.h"
#include "core/store/credential_store.h"
#include "core/store/files.h"
#include "core/store/key_store.h"
#include "core/store/log_store.h"
#include "tests/support/cloud.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct SourceFixture {
  SettingsHome home;
  std::vector<std::string> problems;
  test::FakeClock clock;

  PolicySource open() {
    auto settings = load_settings(home.options);
    REQUIRE(settings);
    auto source = PolicySource::open(settings.value());
    REQUIRE(source);
    return std::move(source).value();
  }
  // Through a rename, as editors and pg itself do: another inode, whatever the clock's grain.
  void replace(const std::string& path, const std::string& text) { REQUIRE(write_file(path, text)); }
  std::string project_path() const { return home.dir.file(".config/promptgate/projects/default.toml"); }
  std::string project_text(const std::string& rest) const {
    return "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"echo\"]\n" + rest;
  }
  Db database() { return Db::open(home.dir.file(".local/share/promptgate/pg.db")).value(); }
};

}  // namespace

TEST_CASE("nothing changed, nothing new") {
  SourceFixture f;
  f.home.simple_project();
  PolicySource source = f.open();
  CHECK(source.current()->version == 1);
  CHECK(source.current()->find_project("default") != nullptr);
  for (int i = 0; i < 3; ++i) CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.empty());
}

TEST_CASE("a key that another process adds, disables or revokes acts with the next poll") {
  SourceFixture f;
  PolicySource source = f.open();
  Db other = f.database();
  KeyStore keys(other, f.clock, "cli");
  NewKey wanted;
  wanted.name = "laptop";
  const IssuedKey issued = keys.add(wanted).value();
  const auto added = source.poll(f.problems);
  REQUIRE(added != nullptr);
  CHECK(added == source.current());
  CHECK(added->keys->authenticate(issued.text.reveal(), 1));
  CHECK(source.poll(f.problems) == nullptr);
  REQUIRE(keys.revoke("laptop"));
  CHECK_FALSE(source.poll(f.problems)->keys->authenticate(issued.text.reveal(), 1));
  // An exchange that began before keeps the policy it began with.
  CHECK(added->keys->authenticate(issued.text.reveal(), 1));
  CHECK(f.problems.empty());
}

TEST_CASE("log rows do not rebuild the policy") {
  SourceFixture f;
  PolicySource source = f.open();
  Db other = f.database();
  LogRow row;
  row.id = "A";
  REQUIRE(LogStore(other).insert({&row, 1}));
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(source.current()->version == 1);
}

TEST_CASE("a changed, new or removed project file swaps the whole policy") {
  SourceFixture f;
  f.home.simple_project();
  PolicySource source = f.open();
  const auto before = source.current();
  f.replace(f.project_path(), f.project_text("require_key = false\n"));
  const auto changed = source.poll(f.problems);
  REQUIRE(changed != nullptr);
  CHECK(changed->version == 2);
  CHECK_FALSE(changed->find_project("default")->require_key);
  CHECK(before->find_project("default")->require_key);
  f.home.project("second", "id = \"11111111-2222-4333-8444-555555555555\"\nproviders = [\"echo\"]\n");
  CHECK(source.poll(f.problems)->find_project("second") != nullptr);
  ::unlink(f.project_path().c_str());
  CHECK(source.poll(f.problems)->find_project("default") == nullptr);
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.empty());
}

TEST_CASE("a bad file keeps the old policy and is told once per change, with its line") {
  SourceFixture f;
  f.home.simple_project();
  PolicySource source = f.open();
  const auto before = source.current();
  f.replace(f.project_path(), f.project_text("requier_key = false\n"));
  CHECK(source.poll(f.problems) == nullptr);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].find(f.project_path() + ":3:1: unknown key \"requier_key\"") == 0);
  CHECK(f.problems[0].find("did you mean \"require_key\"?") != std::string::npos);
  CHECK(f.problems[0].find("the settings that were in force stay") != std::string::npos);
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.size() == 1);
  CHECK(source.current() == before);
  f.replace(f.project_path(), f.project_text("still = wrong\n"));
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.size() == 2);
  f.replace(f.project_path(), f.project_text(""));
  CHECK(source.poll(f.problems) != nullptr);
  CHECK(f.problems.size() == 2);
}

TEST_CASE("a pg.toml that is gone is a wrong one: what it said stays in force until it is back") {
  SourceFixture f;
  const std::string file = f.home.config("[guards]\nemail = \"block\"\n");
  f.home.simple_project();
  PolicySource source = f.open();
  const auto before = source.current();
  ::unlink(file.c_str());
  CHECK(source.poll(f.problems) == nullptr);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].find(file + ": the file that was read is gone") == 0);
  CHECK(f.problems[0].find("the settings that were in force stay") != std::string::npos);
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.size() == 1);
  CHECK(source.current() == before);
  (void)source.reload(f.problems);
  CHECK(source.settings().projects.at("default").guards.email == Action::block);
  CHECK(f.problems.size() == 2);
  f.replace(file, "[guards]\nemail = \"detect\"\n");
  REQUIRE(source.poll(f.problems) != nullptr);
  CHECK(source.settings().projects.at("default").guards.email == Action::detect);
  CHECK(f.problems.size() == 2);
}

TEST_CASE("what a restart alone can change is said when it changes, and not when it is what runs") {
  SourceFixture f;
  const std::string file = f.home.config("[serve]\nport = 1001\n");
  PolicySource source = f.open();
  f.replace(file, "[serve]\nport = 1002\nthreads = 2\n");
  (void)source.poll(f.problems);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0] == "changes with a restart only: port, threads; everything else is in force now");
  f.replace(file, "[serve]\nport = 1002\nthreads = 2\nlog_requests = false\n");
  (void)source.poll(f.problems);
  CHECK(f.problems.size() == 1);
  f.replace(file, "[serve]\nport = 1001\n");
  (void)source.poll(f.problems);
  CHECK(f.problems.size() == 1);
}

TEST_CASE("a revoked key stops although a file is bad, be it TOML or a regular expression") {
  for (const char* rest : {"nonsense", "[[guards.custom]]\nname = \"x\"\nregex = '('\n"}) {
    SourceFixture f;
    f.home.simple_project();
    PolicySource source = f.open();
    Db other = f.database();
    KeyStore keys(other, f.clock, "cli");
    NewKey wanted;
    wanted.name = "laptop";
    const IssuedKey issued = keys.add(wanted).value();
    REQUIRE(source.poll(f.problems) != nullptr);
    f.replace(f.project_path(), f.project_text(rest));
    (void)source.poll(f.problems);
    CHECK(f.problems.size() == 1);
    CHECK(source.current()->find_project("default") != nullptr);
    REQUIRE(keys.revoke("laptop"));
    const auto after = source.poll(f.problems);
    REQUIRE(after != nullptr);
    CHECK_FALSE(after->keys->authenticate(issued.text.reveal(), 1));
    CHECK(after->find_project("default") != nullptr);
    CHECK(f.problems.size() == 1);
  }
}

TEST_CASE("pg.toml may appear, change limits, and say what waits for a restart") {
  SourceFixture f;
  PolicySource source = f.open();
  const std::string path = f.home.config("[limits]\nmax_body = 4096\n");
  CHECK(source.poll(f.problems)->limits.max_body == 4096);
  CHECK(f.problems.empty());
  f.replace(path, "[serve]\nport = 1\n");
  CHECK(source.poll(f.problems)->limits.max_body == Limits().max_body);
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].find("restart") != std::string::npos);
  f.replace(path, "[serve]\nport = 1\n[limits]\nmax_body = 4096\n");
  CHECK(source.poll(f.problems) != nullptr);
  CHECK(f.problems.size() == 1);
}

TEST_CASE("rotated credentials: files with the next poll, variables with a reload") {
  SourceFixture f;
  f.home.config("[providers.openai]\ncredential = \"file:key\"\n");
  const std::string key = f.home.dir.write(".config/promptgate/key", "one");
  f.home.project("default", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"openai\"]\n");
  PolicySource source = f.open();
  const auto credential = [&] {
    return std::string(source.current()->find_project("default")->providers[0]->credential.reveal());
  };
  CHECK(credential() == "one");
  f.replace(key, "two");
  REQUIRE(source.poll(f.problems) != nullptr);
  CHECK(credential() == "two");
  CHECK(source.reload(f.problems) != nullptr);
  CHECK(source.current()->version == 3);
  for (const std::string& problem : f.problems) CHECK(problem.find("two") == std::string::npos);
}

TEST_CASE("rotated credentials: an AWS session token is read again when its file changes, the first of several and the second") {
  for (const char* row : {"credential = \"file:aws\"\n", "credentials = [\"env:NOT_SET\", \"file:aws\"]\n"}) {
    CAPTURE(row);
    SourceFixture f;
    f.home.config("[providers.cloud]\nbedrock_base_url = \"http://127.0.0.1:1\"\nregion = \"us-east-1\"\n" + std::string(row));
    const std::string key = f.home.dir.write(".config/promptgate/aws", "AKIDFAKE:se/cret:morning");
    f.home.project("default", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"cloud\"]\n");
    PolicySource source = f.open();
    const auto token = [&] {
      const auto& provider = source.current()->find_project("default")->providers[0];
      const Provider& target = provider->aws != nullptr || provider->spares.empty() ? *provider : *provider->spares.front();
      return target.aws == nullptr ? std::string() : std::string(target.aws->session_token.reveal());
    };
    CHECK(token() == "morning");
    f.replace(key, "AKIDFAKE:se/cret:evening");
    REQUIRE(source.poll(f.problems) != nullptr);
    CHECK(token() == "evening");
  }
}

TEST_CASE("rotated credentials: a Google key file that a variable names is read again when it changes") {
  SourceFixture f;
  f.home.config("[providers.vertex]\nvertex_base_url = \"https://v.example/v1/projects/p/locations/l\"\n");
  f.home.project("default", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"vertex\"]\n");
  const std::string key = f.home.dir.write("sa.json", "{}");
  f.home.set("GOOGLE_APPLICATION_CREDENTIALS", key);
  PolicySource source = f.open();
  const auto usable = [&] { return source.current()->find_project("default")->providers[0]->google != nullptr; };
  CHECK_FALSE(usable());
  CHECK(source.poll(f.problems) == nullptr);
  f.replace(key, test::service_account_json("https://oauth2.example/token"));
  REQUIRE(source.poll(f.problems) != nullptr);
  CHECK(usable());
}

TEST_CASE("pg providers login acts on a running server") {
  SourceFixture f;
  f.home.config("[providers.openai]\ncredential = \"sealed\"\n");
  f.home.project("default", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"openai\"]\n");
  const std::string key_file = f.home.dir.file(".local/share/promptgate/app.key");
  REQUIRE(create_app_key(key_file));
  PolicySource source = f.open();
  const auto provider = [&] { return source.current()->find_project("default")->providers[0]; };
  CHECK(provider()->credential_problem.find("pg providers login openai") != std::string::npos);
  Db other = f.database();
  const SecretString app_key = load_app_key({}, key_file).value();
  REQUIRE(CredentialStore(other, f.clock, "cli").put("openai", SecretString("made-up"), app_key));
  REQUIRE(source.poll(f.problems) != nullptr);
  CHECK(provider()->credential.reveal() == "made-up");
}

TEST_CASE("settings made by hand are taken as they are") {
  SourceFixture f;
  Settings settings;
  settings.database = f.home.dir.file("d/pg.db");
  ProjectSettings project;
  project.id = test::kProjectId;
  project.name = "p";
  project.providers = {"echo"};
  settings.projects["p"] = project;
  PolicySource source = PolicySource::open(settings).value();
  CHECK(source.current()->find_project("p") != nullptr);
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(source.reload(f.problems) != nullptr);
}

TEST_CASE("what cannot be opened says why") {
  SourceFixture f;
  f.home.simple_project("default", "[[guards.custom]]\nname = \"x\"\nregex = '('\n");
  const auto bad = PolicySource::open(load_settings(f.home.options).value());
  CHECK(bad.error().code == Code::invalid_config);
  CHECK(bad.error().message.find("default.toml:5:9") != std::string::npos);
  Settings settings;
  settings.database = f.home.dir.write("broken.db", "not a database");
  CHECK(PolicySource::open(settings).error().code == Code::io_failed);
}

TEST_CASE("a database that fails under a running server is told once and keeps the policy") {
  SourceFixture f;
  PolicySource source = f.open();
  Db other = f.database();
  REQUIRE(other.execute("DROP TABLE facts"));
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(source.poll(f.problems) == nullptr);
  CHECK(f.problems.size() == 1);
  CHECK(source.current() != nullptr);
}
