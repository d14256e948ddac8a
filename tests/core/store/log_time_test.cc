#include "core/store/log_time.h"

#include <doctest/doctest.h>

#include "core/store/log_store.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

constexpr UnixMillis kRowsNow = 1'800'000'000'000;

struct LogTimeFixture {
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
  LogTimeFixture f;
  LogTime fresh;
  CHECK(fresh.look(f.db, kRowsNow + 366 * kDay, 0).value() == kRowsNow + 366 * kDay);
  LogTimeFixture old;
  old.add_row(kRowsNow - kDay);
  old.add_row(kRowsNow);
  LogTime time;
  CHECK(time.look(old.db, kRowsNow + 366 * kDay, 500).value() == kRowsNow);
  CHECK(time.take_doubt() == 366 * kDay);
  CHECK_FALSE(time.take_doubt());
  CHECK(time.look(old.db, kRowsNow + 366 * kDay + 5, 505).value() == kRowsNow + 5);
  CHECK_FALSE(time.take_doubt());
  CHECK(time.look(old.db, kRowsNow + 10, 510).value() == kRowsNow + 10);
  CHECK(time.look(old.db, kRowsNow + 366 * kDay, 520).value() == kRowsNow + 20);
  CHECK(time.take_doubt() == 366 * kDay - 20);
}

TEST_CASE("log time: what one run believed the next one does, whatever rows the wrong clock left, and doubts add up to a day") {
  LogTimeFixture f;
  f.add_row(kRowsNow);
  const UnixMillis ahead = kRowsNow + 366 * kDay;
  {
    LogTime time;
    CHECK(time.look(f.db, ahead, 0).value() == kRowsNow);
    f.add_row(ahead);
  }
  {
    LogTime killed;  // not later than an hour ago it wrote down what it knew
    CHECK(killed.look(f.db, ahead, 0).value() == kRowsNow);
    CHECK(killed.look(f.db, ahead + kHour - 1, kHour - 1).value() == kRowsNow + kHour - 1);
    CHECK(killed.look(f.db, ahead + kHour, kHour).value() == kRowsNow + kHour);
    CHECK(killed.look(f.db, ahead + 2 * kHour - 1, 2 * kHour - 1).value() == kRowsNow + 2 * kHour - 1);
  }
  {
    LogTime stopped;
    CHECK(stopped.look(f.db, ahead, 7).value() == kRowsNow + kHour);
    CHECK(stopped.keep(f.db, 7 + 20 * kHour));
  }
  LogTime last;
  CHECK(last.look(f.db, ahead, 9).value() == kRowsNow + 21 * kHour);
  CHECK(last.look(f.db, ahead + 3 * kHour - 1, 8 + 3 * kHour).value() == kRowsNow + kDay - 1);
  CHECK(last.look(f.db, ahead + 3 * kHour, 9 + 3 * kHour).value() == ahead + 3 * kHour);
  // A run that never looked leaves what is known alone.
  LogTime idle;
  CHECK(idle.keep(f.db, 0));
  REQUIRE(last.keep(f.db, 9 + 3 * kHour));
  LogTime next;
  CHECK(next.look(f.db, ahead + 4 * kHour, 0).value() == ahead + 4 * kHour);
}
