#include "core/store/alert_store.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/base/shipped.h"
#include "core/store/log_store.h"
#include "tests/support/ask_db.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::ask;

namespace {

AlertFiring firing(std::string name, UnixMillis time) {
  return {std::move(name), time, 5, "ID" + std::to_string(time)};
}

}  // namespace

TEST_CASE("what fired is summed up by name, and the last of each is the one that was written last") {
  const test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  AlertStore store(db);
  CHECK(store.sums().value().empty());
  CHECK_FALSE(store.newest().value());
  const std::vector<AlertFiring> fired{firing("a", 9'000), firing("b", 2'000), firing("a", 1'000)};  // the clock went back
  REQUIRE(store.add(fired));
  const auto sums = store.sums().value();
  REQUIRE(sums.size() == 2);
  CHECK(sums.at("a").times == 2);
  CHECK(sums.at("a").last.time == 1'000);
  CHECK(sums.at("a").last.request == "ID1000");
  CHECK(sums.at("b").times == 1);
  CHECK(sums.at("b").last.count == 5);
  CHECK(store.newest().value()->request == "ID1000");
}

TEST_CASE("the newest thousand stay, and the last of each alert with them") {
  const test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  AlertStore store(db);
  REQUIRE(store.add(std::vector{firing("rare", 1), firing("rare", 2)}));
  std::vector<AlertFiring> many;
  for (UnixMillis time = 10; time < 710; ++time) many.push_back(firing("often", time));
  REQUIRE(store.add(many));
  CHECK(ask(db, "SELECT count(*) FROM alerts_fired") == 702);
  REQUIRE(store.add(many));
  CHECK(ask(db, "SELECT count(*) FROM alerts_fired") == AlertStore::kKept + 1);
  const auto sums = store.sums().value();
  CHECK(sums.at("rare").times == 1);
  CHECK(sums.at("rare").last.time == 2);
  CHECK(sums.at("often").times == AlertStore::kKept);
}

TEST_CASE("a database of before there were alerts gets their table, and keeps its rows") {
  const test::TempDir dir;
  const std::string script(shipped("schema.sql"));
  LogRow row;
  row.id = "OLD";
  row.time = 1'000;
  {
    Db db = Db::open(dir.file("pg.db"), DbMode::read_write, script.substr(0, script.find("-- migration 9"))).value();
    CHECK_FALSE(AlertStore(db).sums());
    REQUIRE(LogStore(db).insert({&row, 1}));
  }
  Db db = Db::open(dir.file("pg.db")).value();
  CHECK(LogStore(db).find("OLD").value().time == 1'000);
  REQUIRE(AlertStore(db).add(std::vector{firing("a", 1)}));
  CHECK(AlertStore(db).sums().value().at("a").times == 1);
  CHECK(ask(db, "PRAGMA user_version") == 10);
}
