#include "config/init.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "config/load.h"
#include "core/base/ids.h"
#include "core/store/audit_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct InitFixture {
  SettingsHome home;
  test::FakeClock clock;
  InitReport run() {
    auto report = init_files(home.options, clock);
    REQUIRE(report);
    return std::move(report).value();
  }
  std::string config(const char* name) const { return home.dir.file(std::string(".config/promptgate/") + name); }
  std::string data(const char* name) const { return home.dir.file(std::string(".local/share/promptgate/") + name); }
};

}  // namespace

TEST_CASE("a first start makes everything, private, and a key that works") {
  InitFixture f;
  f.home.set("USER", "ada");
  const InitReport report = f.run();
  CHECK(report.created ==
        std::vector<std::string>{f.config("pg.toml"), f.data("app.key"), f.data("pg.db"), f.config("projects/default.toml")});
  CHECK(report.kept.empty());
  for (const std::string& path : report.created) CHECK_MESSAGE(test::mode_of(path) == 0600, path);
  CHECK(test::mode_of(f.config("projects")) == 0700);
  CHECK(report.project == "default");
  CHECK(is_uuid(report.project_id));
  CHECK(report.settings.projects.at("default").providers == std::vector<std::string>{"echo"});
  CHECK(report.settings.projects.at("default").guards.secrets == Action::redact);
  REQUIRE(report.key);
  CHECK(report.key->key.name == "first");
  CHECK(report.key->key.owner == "ada");
  CHECK(is_key_text(report.key->text.reveal()));
  Db db = Db::open(f.data("pg.db")).value();
  CHECK(KeyRing(KeyStore(db, f.clock, "t").list().value()).authenticate(report.key->text.reveal(), 1));
  CHECK(AuditStore(db).verify().value().rows == 2);
}

TEST_CASE("a second start changes nothing and shows no key") {
  InitFixture f;
  const InitReport first = f.run();
  std::vector<FileStamp> stamps;
  for (const std::string& path : first.created) stamps.push_back(stamp_file(path));
  const InitReport second = f.run();
  CHECK(second.created.empty());
  CHECK(second.kept.size() == 4);
  CHECK_FALSE(second.key);
  CHECK(second.project_id == first.project_id);
  for (std::size_t i = 0; i < 2; ++i) CHECK(stamp_file(first.created[i]) == stamps[i]);
}

TEST_CASE("providers whose key is in the environment join the first project") {
  InitFixture f;
  f.home.set("OPENAI_API_KEY", "made-up");
  f.home.set("GROQ_API_KEY", "made-up");
  CHECK(f.run().settings.projects.at("default").providers == std::vector<std::string>{"echo", "groq", "openai"});
}

TEST_CASE("what is there is kept: own settings, own project, a key in the environment") {
  InitFixture f;
  f.home.config("[serve]\nport = 1234\n");
  f.home.simple_project("mine");
  f.home.set("PG_APP_KEY", std::string(64, 'a'));
  const InitReport report = f.run();
  CHECK(report.created == std::vector<std::string>{f.data("pg.db")});
  CHECK(report.project == "mine");
  CHECK(report.settings.serve.port == 1234);
  CHECK_FALSE(std::filesystem::exists(f.data("app.key")));
}

TEST_CASE("--config makes the file it names, and the projects beside it") {
  InitFixture f;
  f.home.options.config = f.home.dir.file("there/pg.toml");
  const InitReport report = f.run();
  CHECK(report.created[0] == f.home.dir.file("there/pg.toml"));
  CHECK(std::filesystem::exists(f.home.dir.file("there/projects/default.toml")));
}

TEST_CASE("what is broken is told and left alone") {
  InitFixture f;
  SUBCASE("settings") {
    f.home.config("[serve]\nprot = 1\n");
    CHECK(init_files(f.home.options, f.clock).error().code == Code::invalid_config);
    CHECK_FALSE(std::filesystem::exists(f.data("pg.db")));
  }
  SUBCASE("app key") {
    f.home.dir.write(".local/share/promptgate/app.key", "nonsense");
    CHECK(init_files(f.home.options, f.clock).error().message.find("app.key") != std::string::npos);
    CHECK(test::slurp(f.data("app.key")) == "nonsense");
  }
  SUBCASE("variable") {
    f.home.set("PG_APP_KEY", "nonsense");
    CHECK(init_files(f.home.options, f.clock).error().message.find("PG_APP_KEY") == 0);
  }
  SUBCASE("a planted link where the app key goes") {
    f.home.dir.write("victim", "v");
    std::filesystem::create_directories(f.home.dir.file(".local/share/promptgate"));
    REQUIRE(::symlink(f.home.dir.file("victim").c_str(), f.data("app.key").c_str()) == 0);
    CHECK_FALSE(init_files(f.home.options, f.clock));
    CHECK(test::slurp(f.home.dir.file("victim")) == "v");
  }
  SUBCASE("database") {
    f.home.dir.write(".local/share/promptgate/pg.db", "nonsense");
    CHECK(init_files(f.home.options, f.clock).error().code == Code::io_failed);
    CHECK(test::slurp(f.data("pg.db")) == "nonsense");
  }
}
