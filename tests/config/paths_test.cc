#include "config/paths.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::TempDir;

TEST_CASE("XDG directories, and what stands for them") {
  Paths paths = find_paths({{"HOME", "/h"}});
  CHECK(paths.config_file == "/h/.config/promptgate/pg.toml");
  CHECK(paths.projects_dir == "/h/.config/promptgate/projects");
  CHECK(paths.database == "/h/.local/share/promptgate/pg.db");
  CHECK(paths.app_key_file == "/h/.local/share/promptgate/app.key");
  paths = find_paths({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/c"}, {"XDG_DATA_HOME", "/d"}});
  CHECK(paths.config_file == "/c/promptgate/pg.toml");
  CHECK(paths.database == "/d/promptgate/pg.db");
  CHECK(find_paths({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "rel"}}).config_file == "/h/.config/promptgate/pg.toml");
  CHECK(find_paths({{"HOME", "/h"}, {"XDG_DATA_HOME", ""}}).data_dir == "/h/.local/share/promptgate");
  CHECK(find_paths({}).home.front() == '/');
}

TEST_CASE("a repository's file is found upward, not beyond the git root or home") {
  const TempDir dir;
  dir.write("repo/.git/HEAD", "");
  dir.write("repo/a/b/x", "");
  CHECK_FALSE(find_repo_file(dir.file("repo/a/b"), "/nowhere"));
  dir.write(".promptgate.toml", "");
  CHECK_FALSE(find_repo_file(dir.file("repo/a/b"), "/nowhere"));
  const std::string own = dir.write("repo/.promptgate.toml", "");
  CHECK(find_repo_file(dir.file("repo/a/b"), "/nowhere") == own);
  const std::string nearer = dir.write("repo/a/.promptgate.toml", "");
  CHECK(find_repo_file(dir.file("repo/a/b"), "/nowhere") == nearer);
  dir.write("home/p/x", "");
  CHECK_FALSE(find_repo_file(dir.file("home/p"), dir.file("home")));
  CHECK_FALSE(find_repo_file("relative", "/nowhere"));
}

TEST_CASE("paths resolve against home and the file they stand in") {
  CHECK(resolve_path("~/x", "/b", "/h") == "/h/x");
  CHECK(resolve_path("~", "/b", "/h") == "/h");
  CHECK(resolve_path("/x", "/b", "/h") == "/x");
  CHECK(resolve_path("x", "/b", "/h") == "/b/x");
}
