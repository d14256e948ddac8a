#include "core/store/alert.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/store/log_store.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

constexpr UnixMillis kAlertStart = 1'700'000'000'000;

AlertRule rule_of(std::string text, std::uint32_t count = 1, UnixMillis within = 10 * kMinute, UnixMillis quiet = 60 * kMinute) {
  auto when = std::make_shared<const LogExpr>(parse_alert_filter(text).value());
  return {"failing", std::move(text), std::move(when), count, Millis(within), Millis(quiet)};
}

LogRow row_at(UnixMillis time, int status = 500) {
  LogRow row;
  row.id = std::to_string(time);
  row.time = time;
  row.status = status;
  return row;
}

/// The times at which rows at these times, all of which fit, make it fire, as minutes after the start.
std::vector<std::int64_t> fired_at(AlertCounter& counter, const std::vector<std::int64_t>& minutes) {
  std::vector<std::int64_t> fired;
  for (const std::int64_t minute : minutes)
    if (counter.note(row_at(kAlertStart + minute * kMinute))) fired.push_back(minute);
  return fired;
}

using Minutes = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("an alert fires with the row that makes it so many within the time, and names that row") {
  AlertCounter counter(rule_of("status:>=500 -status:529", 3));
  CHECK_FALSE(counter.note(row_at(kAlertStart)));
  CHECK_FALSE(counter.note(row_at(kAlertStart + 1, 200)));
  CHECK_FALSE(counter.note(row_at(kAlertStart + 2, 529)));
  CHECK_FALSE(counter.note(row_at(kAlertStart + 11 * kMinute)));
  CHECK_FALSE(counter.note(row_at(kAlertStart + 12 * kMinute)));
  const auto fired = counter.note(row_at(kAlertStart + 21 * kMinute));
  REQUIRE(fired);
  CHECK(fired->name == "failing");
  CHECK(fired->count == 3);
  CHECK(fired->time == kAlertStart + 21 * kMinute);
  CHECK(fired->request == std::to_string(kAlertStart + 21 * kMinute));
  CHECK(counter.fits() == 4);
}

TEST_CASE("a request counts when it ended, however long ago it came") {
  AlertCounter counter(rule_of("status:500", 2));
  LogRow slow = row_at(kAlertStart);
  slow.latency_ms = 15 * kMinute;
  CHECK_FALSE(counter.note(slow));
  const auto fired = counter.note(row_at(kAlertStart + 16 * kMinute));
  REQUIRE(fired);
  LogRow never_ended = row_at(kAlertStart);
  never_ended.latency_ms = -1;
  AlertCounter one(rule_of("status:500"));
  CHECK(one.note(never_ended)->time == kAlertStart);
}

TEST_CASE("after firing it says nothing for the quiet time, and counts on in it") {
  AlertCounter counter(rule_of("status:500", 2, 10 * kMinute, 60 * kMinute));
  CHECK(fired_at(counter, {0, 1, 2, 3, 30, 31, 55, 60, 61, 62, 119, 120, 122}) == Minutes{1, 61, 122});
  AlertCounter each(rule_of("status:500", 2, 10 * kMinute, 1'000));
  CHECK(fired_at(each, {0, 1, 2, 3, 4}) == Minutes{1, 3});  // a row counts for one firing
}

TEST_CASE("a quiet time that began before the counter holds") {
  AlertCounter counter(rule_of("status:500"), kAlertStart - 59 * kMinute);
  CHECK(fired_at(counter, {0, 1}) == Minutes{1});
}

TEST_CASE("a clock that goes back or ahead neither fires nor silences an alert for longer than its times") {
  constexpr std::int64_t kYear = 365 * 24 * 60;
  AlertCounter ahead(rule_of("status:500", 2));
  CHECK(fired_at(ahead, {0, kYear}).empty());                          // a jump is no nearness
  CHECK(fired_at(ahead, {kYear + 1, 1, 2}) == Minutes{kYear + 1, 2});  // put right: the quiet time of next year is none now
  AlertCounter back(rule_of("status:500", 3));
  CHECK(fired_at(back, {0, 1, -kYear, -kYear + 1}).empty());
  CHECK(fired_at(back, {-kYear + 2}) == Minutes{-kYear + 2});
  // Requests end in another order than their times say: by a little it does no harm.
  AlertCounter mixed(rule_of("status:500", 3));
  CHECK(fired_at(mixed, {5, 3, 4}) == Minutes{4});
}

TEST_CASE("what stays alike keeps its count over new settings; what is counted otherwise begins anew, and stays quiet") {
  AlertCounter counter(rule_of("status:500", 2));
  CHECK(fired_at(counter, {0}).empty());
  counter.use(rule_of("status:500", 2, 10 * kMinute, 5 * kMinute));
  CHECK(fired_at(counter, {1}) == Minutes{1});
  CHECK(fired_at(counter, {2}).empty());
  counter.use(rule_of("status:500", 3, 10 * kMinute, 5 * kMinute));
  CHECK(fired_at(counter, {3, 4}).empty());
  CHECK(fired_at(counter, {5}).empty());  // still quiet
  CHECK(fired_at(counter, {6}) == Minutes{6});
  CHECK(counter.last() == kAlertStart + 6 * kMinute);
}

TEST_CASE("what fitted another filter, or was counted to another number, is forgotten") {
  AlertCounter other(rule_of("status:500", 2));
  CHECK(fired_at(other, {0}).empty());
  other.use(rule_of("status:404", 2));
  CHECK_FALSE(other.note(row_at(kAlertStart, 404)));
  CHECK(other.note(row_at(kAlertStart, 404)));
  AlertCounter fewer(rule_of("status:500", 5));
  CHECK(fired_at(fewer, {0, 1, 2, 3}).empty());
  fewer.use(rule_of("status:500", 2));
  CHECK(fewer.remembered() == 0);
  CHECK(fired_at(fewer, {4, 5}) == Minutes{5});
  AlertCounter longer(rule_of("status:500", 2, kMinute));
  CHECK(fired_at(longer, {0}).empty());
  longer.use(rule_of("status:500", 2, 10 * kMinute));
  CHECK(fired_at(longer, {2, 3}) == Minutes{3});
}

TEST_CASE("however many rows fit, so many times are remembered as it counts") {
  AlertCounter counter(rule_of("status:500", 100, 1'000, 1'000));
  for (std::int64_t i = 0; i < 100'000; ++i) CHECK_FALSE(counter.note(row_at(kAlertStart + i * 11)));
  CHECK(counter.remembered() == 100);
  CHECK(counter.fits() == 100'000);
}

TEST_CASE("an alert's filter asks for something, and not for a time") {
  CHECK(parse_alert_filter("status:*"));
  CHECK(parse_alert_filter("cost:>$1 OR (latency:>30s -agent:codex)"));
  CHECK(parse_alert_filter("").error().message.find("status:* says so") != std::string::npos);
  CHECK(parse_alert_filter(" ").error().message.find("status:* says so") != std::string::npos);
  for (const char* text : {"time:>2h", "time:*", "status:500 -(model:x OR time:today)"})
    CHECK(parse_alert_filter(text).error().message.find("leave out time") != std::string::npos);
  CHECK(parse_alert_filter("staus:500").error().message == "unknown field \"staus\", did you mean \"status\"?");
}
