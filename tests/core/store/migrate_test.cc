#include "core/store/migrate.h"

#include <doctest/doctest.h>

#include "core/base/shipped.h"
#include "tests/support/ask_db.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::ask;
using pg::test::TempDir;

namespace {

const std::string kOneMigration = "-- commentary\n-- migration 1: first\nCREATE TABLE a(x INTEGER) STRICT;\n";
const std::string kTwoMigrations =
    kOneMigration + "-- migration 2: second\nCREATE TABLE b(x INTEGER) STRICT;\nINSERT INTO a VALUES(2);\n";

}  // namespace

TEST_CASE("the script splits into numbered sections") {
  const auto sections = split_migrations(kTwoMigrations);
  REQUIRE(sections);
  REQUIRE(sections.value().size() == 2);
  CHECK(sections.value()[0].number == 1);
  CHECK(sections.value()[0].sql == "CREATE TABLE a(x INTEGER) STRICT;\n");
  CHECK(sections.value()[1].sql == "CREATE TABLE b(x INTEGER) STRICT;\nINSERT INTO a VALUES(2);\n");
  CHECK_FALSE(split_migrations("-- migration 0: none\nSELECT 1;\n"));
  CHECK_FALSE(split_migrations("-- migration 2: a\n-- migration 1: b\n"));
  CHECK(split_migrations("-- migration 1: a\n-- migration 3: b\n").value().back().number == 3);
  CHECK_FALSE(split_migrations("-- migration 1: a\n-- migration 1: b\n"));
  CHECK(split_migrations("").value().empty());
  CHECK(split_migrations(shipped("schema.sql")).value().back().number == 10);
}

TEST_CASE("an older database is backed up, then moved forward once") {
  const TempDir dir;
  const std::string path = dir.file("pg.db");
  {
    auto db = Db::open(path, DbMode::read_write, kOneMigration);
    REQUIRE(db);
    REQUIRE(db.value().execute("INSERT INTO a VALUES(1)"));
  }
  CHECK_FALSE(std::filesystem::exists(path + ".schema-1.bak"));
  for (int i = 0; i < 2; ++i) {
    auto db = Db::open(path, DbMode::read_write, kTwoMigrations);
    REQUIRE(db);
    CHECK(ask(db.value(), "SELECT sum(x) FROM a") == 3);
    CHECK(ask(db.value(), "PRAGMA user_version") == 2);
  }
  auto backup = Db::open(path + ".schema-1.bak", DbMode::read_only, kOneMigration);
  REQUIRE(backup);
  CHECK(ask(backup.value(), "SELECT sum(x) FROM a") == 1);
}

TEST_CASE("a migration that fails leaves the database as it was") {
  const TempDir dir;
  const std::string path = dir.file("pg.db");
  REQUIRE(Db::open(path, DbMode::read_write, kOneMigration));
  const std::string broken = kOneMigration + "-- migration 2: broken\nINSERT INTO a VALUES(9);\nCREATE TABLE a(x);\n";
  auto refused = Db::open(path, DbMode::read_write, broken);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("(migration 2)") != std::string::npos);
  auto db = Db::open(path, DbMode::read_write, kOneMigration);
  REQUIRE(db);
  CHECK(ask(db.value(), "SELECT count(*) FROM a") == 0);
}

TEST_CASE("a reader refuses an older schema instead of misreading it") {
  const TempDir dir;
  REQUIRE(Db::open(dir.file("pg.db"), DbMode::read_write, kOneMigration));
  auto reader = Db::open(dir.file("pg.db"), DbMode::read_only, kTwoMigrations);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().message.find("has schema 1, this program needs 2") != std::string::npos);
}
