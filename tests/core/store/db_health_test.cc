#include "core/store/db_health.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/store/db.h"
#include "core/store/key_store.h"
#include "core/store/log_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::mode_of;
using pg::test::slurp;
using pg::test::TempDir;

namespace {

void add_key(Db& db, const char* name) {
  test::FakeClock clock;
  NewKey wanted;
  wanted.name = name;
  REQUIRE(KeyStore(db, clock, "test").add(wanted).has_value());
}

// A key and 300 rows, closed.
std::string make_filled_database(const std::string& path) {
  auto db = Db::open(path);
  REQUIRE(db.has_value());
  add_key(db.value(), "laptop");
  LogStore store(db.value());
  std::vector<LogRow> rows(300);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = "req_" + std::to_string(1000 + i);
    rows[i].time = 1'700'000'000'000 + static_cast<UnixMillis>(i);
    rows[i].model = "model-" + std::to_string(i % 7);
  }
  REQUIRE(store.insert(rows).has_value());
  return path;
}

void put_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("a sound database is told what is in it") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  const std::string before = slurp(path);
  for (const bool quick : {false, true}) {
    const auto health = examine_db(path, quick);
    REQUIRE(health.has_value());
    CHECK(health.value().is_sound());
    CHECK(health.value().schema == health.value().newest_schema);
    CHECK(health.value().schema >= 8);
    CHECK(health.value().log_rows == 300);
    CHECK(health.value().keys == 1);
    CHECK(health.value().acts == 1);
    CHECK(health.value().newest_row == 1'700'000'000'299);
    CHECK(health.value().bytes == before.size());
  }
  CHECK(slurp(path) == before);
  CHECK(examine_db(dir.file("none.db"), false).error().code == Code::not_found);
}

TEST_CASE("damage is an answer, in SQLite's words, and nothing is written") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  std::string bytes = slurp(path);
  SUBCASE("zeroed pages") {
    bytes.replace(8192, 8192, std::string(8192, '\0'));
  }
  SUBCASE("cut in half") {
    bytes.resize(bytes.size() / 2 / 4096 * 4096);
  }
  SUBCASE("not SQLite at all") {
    bytes = std::string(9000, 'x');
  }
  SUBCASE("empty") {
    bytes.clear();
  }
  put_file(path, bytes);
  const auto health = examine_db(path, false);
  REQUIRE(health.has_value());
  CHECK_FALSE(health.value().is_sound());
  if (health.value().is_ours) CHECK_FALSE(health.value().damage.empty());
  CHECK(health.value().damage.size() <= 20);
  CHECK(slurp(path) == bytes);
}

TEST_CASE("an index that does not fit its table is found by the whole look") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  {
    auto db = Db::open(path);
    REQUIRE(db.value().execute("CREATE TABLE t(x); CREATE INDEX t_x ON t(x); INSERT INTO t VALUES ('a needle')").has_value());
  }
  std::string bytes = slurp(path);
  const std::size_t at = bytes.find("a needle");
  REQUIRE(bytes.find("a needle", at + 1) != std::string::npos);
  bytes[at] = 'b';
  put_file(path, bytes);
  CHECK(examine_db(path, true).value().is_sound());
  const auto whole = examine_db(path, false);
  REQUIRE(whole.value().damage.size() == 1);
  CHECK(whole.value().damage.front() == "row 1 missing from index t_x");
}

TEST_CASE("tables that contradict each other are told, though every page is sound") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  const auto fault_after = [&](const char* sql) {
    {
      auto db = Db::open(path);
      REQUIRE(db.value().execute(sql).has_value());
    }
    const auto health = examine_db(path, false);
    CHECK(health.value().damage.empty());
    CHECK_FALSE(health.value().is_sound());
    REQUIRE(health.value().faults.size() == 1);
    return health.value().faults.front();
  };
  SUBCASE("names that are gone") {
    CHECK(fault_after("DELETE FROM log_names WHERE model = 'model-3'") == "43 rows of the log without their names");
  }
  SUBCASE("rows that no hour counts") {
    CHECK(fault_after("UPDATE log_hours SET requests = requests - 1 WHERE model = 'model-3'") ==
          "1 rows of the log more than 'pg usage' counts");
  }
  SUBCASE("prices that are gone") {
    CHECK(fault_after("UPDATE log_rows SET cost = 0, price = 8 WHERE seq = 5") ==
          "1 rows of the log whose prices are not known any more");
  }
}

TEST_CASE("a trigger that is gone or another one is told") {
  const TempDir dir;
  const std::string path = dir.file("pg.db");
  {
    Db db = Db::open(path).value();
    CHECK(examine_db(path, false).value().faults.empty());
    REQUIRE(db.execute("DROP TRIGGER audit_no_update"));
    REQUIRE(db.execute("DROP TRIGGER keys_changed"));
    REQUIRE(db.execute("CREATE TRIGGER keys_changed AFTER UPDATE ON keys BEGIN SELECT 1; END"));
  }
  const DbHealth health = examine_db(path, true).value();
  CHECK_FALSE(health.is_sound());
  CHECK(health.faults ==
        std::vector<std::string>{"the trigger keys_changed is not the one that pg made", "the trigger audit_no_update is gone"});
}

TEST_CASE("a random byte anywhere never crashes the look") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  const std::string good = slurp(path);
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 30; ++i) bytes[gen.number(0, bytes.size() - 1)] = static_cast<char>(gen.number(0, 255));
    put_file(path, bytes);
    const auto health = examine_db(path, round % 2 == 0);
    if (!health || !health.value().is_sound()) ++found;
  }
  CHECK(found > 30);
}

TEST_CASE("a copy takes the place of a database, and what was there is kept whole, its log too") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  {
    auto db = Db::open(path);
    REQUIRE(db.value().backup(dir.file("copy.bak")).has_value());
    add_key(db.value(), "later");
  }
  std::string kept;
  SUBCASE("closed") {
    kept = replace_db(path, dir.file("copy.bak"), 1'764'228'000'000).value();
  }
  SUBCASE("open in another process's hands, with a log that is not in the file yet") {
    auto other = Db::open(path);
    add_key(other.value(), "latest");
    kept = replace_db(path, dir.file("copy.bak"), 1'764'228'000'000).value();
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  }
  CHECK(kept == path + ".20251127T072000Z.replaced");
  CHECK(mode_of(path) == 0600);
  test::FakeClock clock;
  {
    auto db = Db::open(path);
    REQUIRE(db.has_value());
    CHECK(KeyStore(db.value(), clock, "test").list().value().size() == 1);
  }
  auto old = Db::open(kept);
  REQUIRE(old.has_value());
  const auto keys = KeyStore(old.value(), clock, "test").list().value();
  CHECK(keys.size() >= 2);
  CHECK(keys[1].name == "later");
  CHECK(examine_db(path, false).value().is_sound());
}

TEST_CASE("a damaged database is replaced and kept byte for byte") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  REQUIRE(Db::open(path).value().backup(dir.file("copy.bak")).has_value());
  std::string bytes = slurp(path);
  bytes.replace(4096, 8192, std::string(8192, '\0'));
  put_file(path, bytes);
  const std::string kept = replace_db(path, dir.file("copy.bak"), 1'764'228'000'000).value();
  CHECK(slurp(kept) == bytes);
  const std::string restored = slurp(path);
  const auto again = replace_db(path, dir.file("copy.bak"), 1'764'228'000'000);  // within the same second
  CHECK(again.error().code == Code::conflict);
  CHECK(slurp(kept) == bytes);
  CHECK(slurp(path) == restored);
  CHECK_FALSE(std::filesystem::exists(path + ".incoming"));
  CHECK(examine_db(path, false).value().log_rows == 300);
}

TEST_CASE("where nothing was, a copy is put and nothing is kept; what cannot be copied leaves all as it was") {
  const TempDir dir;
  const std::string copy = make_filled_database(dir.file("copy.bak"));
  CHECK(replace_db(dir.file("pg.db"), copy, 0).value().empty());
  CHECK(examine_db(dir.file("pg.db"), false).value().log_rows == 300);
  const std::string before = slurp(dir.file("pg.db"));
  put_file(copy, std::string(9000, 'x'));
  CHECK_FALSE(replace_db(dir.file("pg.db"), copy, 0).has_value());
  CHECK(slurp(dir.file("pg.db")) == before);
  CHECK_FALSE(std::filesystem::exists(dir.file("pg.db.incoming")));
}

TEST_CASE("backups are found, the newest first") {
  const TempDir dir;
  const std::string path = make_filled_database(dir.file("pg.db"));
  CHECK(list_backups(path).empty());
  for (const char* name : {"pg.db.20261127T070000Z.bak", "pg.db.schema-7.bak", "other.bak", "pg.db.lock"})
    put_file(dir.file(name), "x");
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(dir.file("pg.db.schema-7.bak"), now - std::chrono::hours(2));
  CHECK(list_backups(path) == std::vector<std::string>{dir.file("pg.db.20261127T070000Z.bak"), dir.file("pg.db.schema-7.bak")});
}
