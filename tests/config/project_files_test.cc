#include "config/project_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/base/ids.h"
#include "core/store/audit_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

struct ProjectFilesFixture {
  SettingsHome home;
  test::FakeClock clock;
  Db db = Db::open(home.dir.file("d/pg.db")).value();
  ProjectAct act{&db, &clock, "cli:test"};

  Settings load() {
    auto settings = load_settings(home.options);
    REQUIRE(settings);
    return std::move(settings).value();
  }
  std::string path(const std::string& name) const { return home.dir.file(".config/promptgate/projects/" + name + ".toml"); }
  std::string acts() {
    std::string out;
    REQUIRE(AuditStore(db).select(0, [&](const AuditEntry& entry) {
      out += entry.act + " " + entry.target + ";";
      return true;
    }));
    return out;
  }
};

}  // namespace

TEST_CASE("names that fit a file, a path and a filter") {
  for (const char* good : {"a", "default", "team-1_x", "0"}) CHECK_MESSAGE(is_project_name(good), good);
  for (const char* bad : {"", "-a", "A", "a.b", "a/b", "..", "a b", "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0"})
    CHECK_MESSAGE(!is_project_name(bad), bad);
}

TEST_CASE("an added project is a private, valid, commented file with an audit row") {
  ProjectFilesFixture f;
  REQUIRE(add_project(f.load(), {"team", "", {"echo", "openai"}}, f.act).value() == f.path("team"));
  CHECK(test::mode_of(f.path("team")) == 0600);
  const ProjectSettings project = f.load().projects.at("team");
  CHECK(is_uuid(project.id));
  CHECK(project.providers == std::vector<std::string>{"echo", "openai"});
  CHECK(project.guards.email == Action::redact);
  CHECK(project.guards.phone == Action::off);
  CHECK(f.acts() == "project.add team;");
}

TEST_CASE("an added project leaves its guards to pg.toml, until one is set") {
  ProjectFilesFixture f;
  f.home.config("[guards]\nemail = \"block\"\nphone = \"redact\"\n");
  REQUIRE(add_project(f.load(), {"team", "", {}}, f.act));
  const Settings settings = f.load();
  CHECK(settings.projects.at("team").guards.email == Action::block);
  CHECK(settings.projects.at("team").guards.phone == Action::redact);
  CHECK(settings.projects.at("team").guards.secrets == Action::redact);
  CHECK(settings.origins.at("projects.team.guards.email") == settings.origins.at("guards.email"));
  CHECK(settings.origins.at("projects.team.guards.secrets") == "default");
  // Every line of the template is right once its "#" is gone.
  std::string text = test::slurp(f.path("team"));
  const std::string line = "#email = \"redact\"\n";
  text.replace(text.find(line), line.size(), line.substr(1));
  REQUIRE(edit_project(settings, "team", text, f.act));
  CHECK(f.load().projects.at("team").guards.email == Action::redact);
  CHECK(f.load().origins.at("projects.team.guards.email").find("team.toml:") != std::string::npos);
}

TEST_CASE("a project that cannot be is not added") {
  ProjectFilesFixture f;
  REQUIRE(add_project(f.load(), {"team", std::string(test::kProjectId), {}}, f.act));
  const Settings settings = f.load();
  CHECK(add_project(settings, {"team", "", {}}, f.act).error().code == Code::conflict);
  CHECK(add_project(Settings(settings), {"Team", "", {}}, f.act).error().code == Code::bad_request);
  CHECK(add_project(settings, {"../x", "", {}}, f.act).error().code == Code::bad_request);
  CHECK(add_project(settings, {"two", "no-uuid", {}}, f.act).error().code == Code::bad_request);
  CHECK(add_project(settings, {"two", "", {"opnai"}}, f.act).error().message.find("did you mean \"openai\"?") !=
        std::string::npos);
  CHECK(add_project(settings, {"two", "", {"opnai"}}, f.act).error().code == Code::not_found);
  CHECK(add_project(settings, {"two", "", {"echo", "openai", "echo"}}, f.act).error().code == Code::bad_request);
  CHECK(add_project(settings, {"two", std::string(test::kProjectId), {}}, f.act).error().code == Code::conflict);
  CHECK_FALSE(std::filesystem::exists(f.path("two")));
  CHECK(f.acts() == "project.add team;");
}

TEST_CASE("an act whose audit row cannot be written does not happen") {
  ProjectFilesFixture f;
  REQUIRE(add_project(f.load(), {"team", "", {}}, f.act));
  const Settings settings = f.load();
  REQUIRE(f.db.execute("DELETE FROM audit_head"));
  CHECK_FALSE(add_project(settings, {"two", "", {}}, f.act));
  CHECK_FALSE(remove_project(settings, "team", f.act));
  CHECK_FALSE(std::filesystem::exists(f.path("two")));
  CHECK(std::filesystem::exists(f.path("team")));
}

TEST_CASE("an edit is taken when it is valid, else the file stays") {
  ProjectFilesFixture f;
  REQUIRE(add_project(f.load(), {"team", std::string(test::kProjectId), {}}, f.act));
  const std::string text = "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"echo\"]\n";
  REQUIRE(edit_project(f.load(), "team", text + "require_key = false\n", f.act));
  CHECK(f.load().projects.at("team").require_key == false);
  const std::string before = test::slurp(f.path("team"));
  CHECK(edit_project(f.load(), "team", text + "requier_key = 1\n", f.act).error().message.find("team.toml:3:1: unknown key") !=
        std::string::npos);
  CHECK(edit_project(f.load(), "team", text + "[[guards.custom]]\nname = \"x\"\nregex = '('\n", f.act).error().code ==
        Code::invalid_config);
  CHECK(edit_project(f.load(), "taem", text, f.act).error().message == "no project named \"taem\", did you mean \"team\"?");
  CHECK(test::slurp(f.path("team")) == before);
  CHECK(f.acts() == "project.add team;project.edit team;");
}

TEST_CASE("a removed project is gone; a missing one is named") {
  ProjectFilesFixture f;
  REQUIRE(add_project(f.load(), {"team", "", {}}, {}));
  REQUIRE(remove_project(f.load(), "team", f.act));
  CHECK(f.load().projects.empty());
  CHECK(remove_project(f.load(), "team", f.act).error().code == Code::not_found);
  CHECK(f.acts() == "project.remove team;");
}

TEST_CASE("a planted link is not written through") {
  ProjectFilesFixture f;
  f.home.dir.write("victim", "v");
  std::filesystem::create_directories(f.home.dir.file(".config/promptgate/projects"));
  REQUIRE(::symlink(f.home.dir.file("victim").c_str(), f.path("team").c_str()) == 0);
  Settings settings;
  settings.projects_dir = f.home.dir.file(".config/promptgate/projects");
  CHECK_FALSE(add_project(settings, {"team", "", {}}, f.act));
  CHECK(test::slurp(f.home.dir.file("victim")) == "v");
}
