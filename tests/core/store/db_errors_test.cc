#include <doctest/doctest.h>

#include "core/store/db.h"

using namespace pg;

TEST_CASE("what a refusal of the database was about stands in its detail") {
  const auto error = [](const char* detail) { return make_error(Code::io_failed, "x", detail); };
  CHECK(is_locked(error("sqlite 5: database is locked")));
  CHECK(is_locked(error("sqlite 261: SQLITE_BUSY_RECOVERY")));
  CHECK(is_locked(error("sqlite 6: table is locked")));
  CHECK_FALSE(is_locked(error("sqlite 13: full")));
  CHECK_FALSE(is_locked(error("")));
  CHECK_FALSE(is_locked(error("somebody else: 5")));
  CHECK(is_of_surroundings(error("sqlite 13: full")));
  CHECK(is_of_surroundings(error("sqlite 5: database is locked")));
  CHECK_FALSE(is_of_surroundings(error("sqlite 11: malformed")));
}
