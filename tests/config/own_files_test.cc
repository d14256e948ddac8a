#include "config/own_files.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "config/load.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

std::string said_of(const SettingsHome& home, const std::string& file) {
  home.config("[logs]\nfile = \"" + file + "\"\n");
  return problems_text(read_settings(home.options).problems);
}

}  // namespace

TEST_CASE("requests are not logged into a file of pg's own, however it is spelled") {
  const SettingsHome home;
  const std::string data = home.dir.path() + "/.local/share/promptgate";
  home.dir.write(".local/share/promptgate/pg.db", "x");
  home.dir.write(".local/share/promptgate/app.key", "x");
  home.project("p", "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"echo\"]\n");
  std::filesystem::create_hard_link(data + "/pg.db", data + "/other.log");
  std::filesystem::create_directory_symlink(data, home.dir.path() + "/link");
  for (const std::string& file :
       {data + "/pg.db", data + "/../promptgate/pg.db", data + "/other.log", home.dir.path() + "/link/pg.db",
        home.dir.path() + "/link/pg.db-wal", data + "/pg.db.lock", data + "/pg.db.seal", data + "/pg.db.20261127T070000Z.bak",
        data + "/app.key", std::string("pg.toml"), std::string("./pg.toml"), std::string("projects/p.toml"),
        std::string("projects/new.toml")}) {
    CAPTURE(file);
    CHECK(said_of(home, file).find("pg.toml:2:8: logs.file: pg keeps something else in this file") != std::string::npos);
  }
  for (const std::string& file : {std::string("requests.log"), data + "/pg.log", data + "/pg.db.log", std::string("new.toml")}) {
    CAPTURE(file);
    CHECK(said_of(home, file) == "");
  }
}
