#include "cmd/budget_lines.h"

#include <doctest/doctest.h>

#include "core/store/key_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

TEST_CASE("budgets are those of projects and of keys that live, with what the month has spent and what is set aside") {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  test::FakeClock clock;
  KeyStore keys(db, clock, "test");
  for (const char* name : {"ada", "bob", "free"}) {
    NewKey key;
    key.name = name;
    key.scopes = scope_chat;
    key.rules.budget = std::string_view(name) == "free" ? 0 : 10'000;
    REQUIRE(keys.add(key));
  }
  REQUIRE(keys.revoke("bob"));
  REQUIRE(
      db.execute("INSERT INTO spending VALUES(202611, 'key', 'ada', 3900), (202610, 'key', 'ada', 9999), "
                 "(202611, 'project', 'team', 500)"));
  REQUIRE(db.execute("INSERT INTO reserved VALUES('key', 'ada', 600)"));
  Settings settings;
  settings.projects["team"].limits.budget = 1'000;

  const auto lines = read_budget_lines(db, settings, 202611, true).value();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].name == "team");
  CHECK(lines[0].percent() == 50);
  CHECK(lines[1].name == "ada");
  CHECK(lines[1].spent == 3'900);
  CHECK(lines[1].reserved == 600);
  CHECK(lines[1].left() == 5'500);
  CHECK(read_budget_lines(db, settings, 202611, false).value()[1].reserved == 0);
  CHECK(fullest_budget(lines) == "budget 50%");
  CHECK(fullest_budget(read_budget_lines(db, settings, 202610, false).value()) == "budget 99%");
  CHECK(fullest_budget({}) == "");
}
