#include "core/base/patient_time.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

constexpr UnixMillis kNow = 1'800'000'000'000;

}  // namespace

TEST_CASE("patient time: runs with the clock, and believes small steps and steps back") {
  PatientTime time;
  CHECK(time.look(kNow, 1'000) == kNow);
  CHECK(time.look(kNow + 10, 1'010) == kNow + 10);
  CHECK(time.look(kNow + 5'000, 1'020) == kNow + 5'000);
  CHECK(time.look(kNow + kHour, 1'030) == kNow + kHour);
  CHECK(time.look(kNow - 400 * kDay, 1'040) == kNow - 400 * kDay);
  CHECK(time.look(kNow - 400 * kDay + 1, 1'041) == kNow - 400 * kDay + 1);
}

TEST_CASE("patient time: a jump ahead is believed after a day, and forgotten when it is taken back") {
  PatientTime time;
  CHECK(time.look(kNow, 0) == kNow);
  CHECK(time.look(kNow + 366 * kDay, 10) == kNow + 10);
  CHECK(time.look(kNow + 366 * kDay + 23 * kHour, 23 * kHour) == kNow + 23 * kHour);
  CHECK(time.look(kNow + 23 * kHour + 10, 23 * kHour + 10) == kNow + 23 * kHour + 10);
  // The next one has its own day.
  const std::int64_t again = 30 * kHour;
  CHECK(time.look(kNow + 366 * kDay + again, again) == kNow + again);
  CHECK(time.look(kNow + 366 * kDay + again + kDay - 1, again + kDay - 1) == kNow + again + kDay - 1);
  CHECK(time.look(kNow + 366 * kDay + again + kDay, again + kDay) == kNow + 366 * kDay + again + kDay);
}

TEST_CASE("patient time: what was believed before a start is, too, and a day of doubt may be of several runs") {
  PatientTime time;
  time.resume(kNow, 0, 500);
  CHECK(time.look(kNow + 6 * kDay, 500) == kNow + 6 * kDay);  // nothing ran meanwhile
  CHECK_FALSE(time.doubted(600));
  CHECK(time.look(kNow + 6 * kDay + 2 * kHour, 600) == kNow + 6 * kDay + 100);  // from here on as ever
  PatientTime ahead;
  ahead.resume(kNow, 0, 500);
  CHECK(ahead.look(kNow + 366 * kDay, 500) == kNow);
  CHECK(ahead.look(kNow + 366 * kDay + 9 * kHour, 500 + 9 * kHour) == kNow + 9 * kHour);
  CHECK(ahead.doubted(500 + 9 * kHour) == 9 * kHour);
  PatientTime next;  // the machine was started anew
  next.resume(kNow + 9 * kHour, 9 * kHour, 20);
  CHECK(next.look(kNow + 367 * kDay, 20) == kNow + 9 * kHour);
  CHECK(next.doubted(20) == 9 * kHour);
  CHECK(next.look(kNow + 367 * kDay + 15 * kHour - 1, 19 + 15 * kHour) == kNow + kDay - 1);
  CHECK(next.look(kNow + 367 * kDay + 15 * kHour, 20 + 15 * kHour) == kNow + 367 * kDay + 15 * kHour);
  CHECK_FALSE(next.doubted(20 + 15 * kHour));
  PatientTime corrected;
  corrected.resume(kNow, 20 * kHour, 0);
  CHECK(corrected.look(kNow + 366 * kDay, 10) == kNow + 10);
  CHECK(corrected.look(kNow + 3 * kDay, 20) == kNow + 3 * kDay);
  CHECK(corrected.look(kNow + 366 * kDay, 30) == kNow + 3 * kDay + 10);  // its own day again
  CHECK(corrected.doubted(30) == 0);
}

TEST_CASE("patient time: the machine's own time goes on") {
  const std::int64_t first = since_boot();
  CHECK(first > 0);
  CHECK(since_boot() >= first);
}
