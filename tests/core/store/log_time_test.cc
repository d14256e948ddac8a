#include "core/store/log_time.h"

#include <doctest/doctest.h>

#include "core/store/log_store.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

constexpr UnixMillis kNow = 1'800'000'000'000;

struct Fixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();

  void add_row(UnixMillis time) {
    LogRow row;
    row.id = "U" + std::to_string(time);
    row.time = time;
    REQUIRE(LogStore(db).insert({&row, 1}));
  }
};

}  // namespace

TEST_CASE("log time: a new database believes the clock; one with rows goes on from the newest of them") {
  Fixture f;
  LogTime fresh;
  CHECK(fresh.look(f.db, kNow + 366 * kDay, 0).value() == kNow + 366 * kDay);
  Fixture old;
  old.add_row(kNow - kDay);
  old.add_row(kNow);
  LogTime time;
  CHECK(time.look(old.db, kNow + 366 * kDay, 500).value() == kNow);
  CHECK(time.take_doubt() == 366 * kDay);
  CHECK_FALSE(time.take_doubt());
  CHECK(time.look(old.db, kNow + 366 * kDay + 5, 505).value() == kNow + 5);
  CHECK_FALSE(time.take_doubt());
  CHECK(time.look(old.db, kNow + 10, 510).value() == kNow + 10);
  CHECK(time.look(old.db, kNow + 366 * kDay, 520).value() == kNow + 20);
  CHECK(time.take_doubt() == 366 * kDay - 20);
}

TEST_CASE("log time: what one run believed the next one does, whatever rows the wrong clock left, and doubts add up to a day") {
  Fixture f;
  f.add_row(kNow);
  const UnixMillis ahead = kNow + 366 * kDay;
  {
    LogTime time;
    CHECK(time.look(f.db, ahead, 0).value() == kNow);
    f.add_row(ahead);
  }
  {
    LogTime killed;  // not later than an hour ago it wrote down what it knew
    CHECK(killed.look(f.db, ahead, 0).value() == kNow);
    CHECK(killed.look(f.db, ahead + kHour - 1, kHour - 1).value() == kNow + kHour - 1);
    CHECK(killed.look(f.db, ahead + kHour, kHour).value() == kNow + kHour);
    CHECK(killed.look(f.db, ahead + 2 * kHour - 1, 2 * kHour - 1).value() == kNow + 2 * kHour - 1);
  }
  {
    LogTime stopped;
    CHECK(stopped.look(f.db, ahead, 7).value() == kNow + kHour);
    CHECK(stopped.keep(f.db, 7 + 20 * kHour));
  }
  LogTime last;
  CHECK(last.look(f.db, ahead, 9).value() == kNow + 21 * kHour);
  CHECK(last.look(f.db, ahead + 3 * kHour - 1, 8 + 3 * kHour).value() == kNow + kDay - 1);
  CHECK(last.look(f.db, ahead + 3 * kHour, 9 + 3 * kHour).value() == ahead + 3 * kHour);
  // A run that never looked leaves what is known alone.
  LogTime idle;
  CHECK(idle.keep(f.db, 0));
  REQUIRE(last.keep(f.db, 9 + 3 * kHour));
  LogTime next;
  CHECK(next.look(f.db, ahead + 4 * kHour, 0).value() == ahead + 4 * kHour);
}
