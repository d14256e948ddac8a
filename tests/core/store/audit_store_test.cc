#include "core/store/audit_store.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct AuditFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  AuditStore audit{db};

  void append(int count) {
    for (int i = 1; i <= count; ++i) REQUIRE(audit.append({0, 1000 + i, "cli:a", "key.add", "k" + std::to_string(i), ""}));
  }
  // As somebody with the file in hand would: without the triggers.
  void tamper(std::string_view sql) {
    REQUIRE(db.execute("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete"));
    REQUIRE(db.execute(sql));
  }
};

}  // namespace

TEST_CASE("an untouched chain verifies, empty or not, and lists its newest entries in order") {
  AuditFixture f;
  CHECK(f.audit.verify().value().intact);
  f.append(5);
  const AuditVerdict verdict = f.audit.verify().value();
  CHECK(verdict.intact);
  CHECK(verdict.rows == 5);
  std::string targets;
  REQUIRE(f.audit.select(2, [&](const AuditEntry& entry) {
    targets += std::to_string(entry.seq) + entry.target + " ";
    return true;
  }));
  CHECK(targets == "4k4 5k5 ");
  int seen = 0;
  REQUIRE(f.audit.select(0, [&](const AuditEntry&) { return ++seen < 3; }));
  CHECK(seen == 3);
}

TEST_CASE("rows cannot be changed or deleted through SQL") {
  AuditFixture f;
  f.append(1);
  CHECK_FALSE(f.db.execute("UPDATE audit SET target = 'x'"));
  CHECK_FALSE(f.db.execute("DELETE FROM audit"));
}

TEST_CASE("every edit, gap, cut and reordering shows") {
  AuditFixture f;
  f.append(5);
  SUBCASE("edit") {
    f.tamper("UPDATE audit SET actor = 'cli:b' WHERE seq = 3");
    CHECK(f.audit.verify().value().broken_at == 3);
  }
  SUBCASE("a character moved between fields") {
    f.tamper("UPDATE audit SET act = 'key.addk', target = '2' WHERE seq = 2");
    CHECK(f.audit.verify().value().broken_at == 2);
  }
  SUBCASE("gap") {
    f.tamper("DELETE FROM audit WHERE seq = 2");
    CHECK(f.audit.verify().value().broken_at == 2);
  }
  SUBCASE("cut tail") {
    f.tamper("DELETE FROM audit WHERE seq > 3");
    CHECK(f.audit.verify().value().broken_at == 4);
    CHECK(f.audit.verify().value().problem == "the log should have 5 rows and has 3");
  }
  SUBCASE("cut to nothing") {
    f.tamper("DELETE FROM audit");
    CHECK_FALSE(f.audit.verify().value().intact);
  }
  SUBCASE("swapped") {
    f.tamper(
        "UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = "
        "100");
    CHECK(f.audit.verify().value().broken_at == 2);
  }
  SUBCASE("time") {
    f.tamper("UPDATE audit SET time = time + 1 WHERE seq = 5");
    CHECK(f.audit.verify().value().broken_at == 5);
  }
  CHECK_FALSE(f.audit.verify().value().intact);
}

TEST_CASE("an act and its row are lost together") {
  AuditFixture f;
  {
    auto transaction = Transaction::begin(f.db);
    f.append(1);
  }
  CHECK(f.audit.verify().value().rows == 0);
  CHECK(f.audit.verify().value().intact);
}
