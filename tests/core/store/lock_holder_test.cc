#include "core/store/lock_holder.h"

#include <doctest/doctest.h>

#include "core/store/db.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

TEST_CASE("the holder of a byte is read from the text of /proc/locks") {
  const std::string_view locks =
      "1: POSIX  ADVISORY  READ  100 08:01:131 120 120\n"
      "2: FLOCK  ADVISORY  WRITE 200 08:01:131 0 EOF\n"
      "2: -> POSIX  ADVISORY  WRITE 250 08:01:131 120 120\n"
      "3: POSIX  ADVISORY  WRITE 300 08:01:132 120 120\n"
      "4: POSIX  ADVISORY  WRITE 400 08:01:131 123 127\n"
      "garbage\n"
      "5: POSIX  ADVISORY  WRITE 500 08:01:131 100 EOF\n";
  CHECK(find_lock_holder_in(locks, "08:01:131", 120) == 500);
  CHECK(find_lock_holder_in(locks, "08:01:132", 120) == 300);
  CHECK(find_lock_holder_in(locks, "08:01:131", 125) == 400);
  CHECK_FALSE(find_lock_holder_in(locks, "08:01:131", 99));
  CHECK_FALSE(find_lock_holder_in("", "08:01:131", 120));
}

TEST_CASE("nobody holds a database that is at rest or missing") {
  const test::TempDir dir;
  auto db = Db::open(dir.file("pg.db"));
  REQUIRE(db);
  CHECK_FALSE(find_lock_holder(dir.file("pg.db")));
  CHECK_FALSE(find_lock_holder(dir.file("missing")));
}
