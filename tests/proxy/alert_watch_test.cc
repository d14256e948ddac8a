#include "proxy/alert_watch.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/store/alert_store.h"
#include "proxy/journal.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

constexpr UnixMillis kWatchStart = 1'700'000'000'000;

AlertRule watched_rule(std::string name, std::uint32_t count = 1, std::string text = "status:500") {
  auto when = std::make_shared<const LogExpr>(parse_alert_filter(text).value());
  return {std::move(name), std::move(text), std::move(when), count, Millis(600'000), Millis(3'600'000)};
}

std::shared_ptr<const AlertRules> rules_of(AlertRules rules) {
  return std::make_shared<const AlertRules>(std::move(rules));
}

LogRow watched_row(UnixMillis time, int status = 500) {
  LogRow row;
  row.id = std::to_string(time);
  row.time = time;
  row.status = status;
  row.path = "/secret/path";
  return row;
}

struct AlertWatchFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  std::string told;
  OnAlert on_alert = [this](const AlertRule& rule, const AlertFiring& firing) { told += rule.name + ":" + firing.request + " "; };
};

std::int64_t times(Db& db, const std::string& name) {
  const auto sums = AlertStore(db).sums().value();
  const auto found = sums.find(name);
  return found == sums.end() ? 0 : found->second.times;
}

}  // namespace

TEST_CASE("every alert sees every row; what fires is told at once and written down") {
  AlertWatchFixture w;
  AlertWatch watch;
  CHECK(watch.empty());
  watch.use(rules_of({watched_rule("one"), watched_rule("two", 2), watched_rule("other", 1, "status:404")}), w.db);
  CHECK_FALSE(watch.empty());
  for (const UnixMillis after : {1, 2, 3}) watch.note(watched_row(after), w.on_alert);
  CHECK(w.told == "one:1 two:2 ");
  CHECK(times(w.db, "one") == 0);
  REQUIRE(watch.write(w.db));
  REQUIRE(watch.write(w.db));
  CHECK(times(w.db, "one") == 1);
  CHECK(times(w.db, "two") == 1);
  CHECK(times(w.db, "other") == 0);
  watch.use(nullptr, w.db);
  CHECK(watch.empty());
}

TEST_CASE("new settings keep the count of what is alike, and the quiet time also from the server before") {
  AlertWatchFixture w;
  {
    AlertWatch before;
    before.use(rules_of({watched_rule("one")}), w.db);
    before.note(watched_row(kWatchStart), w.on_alert);
    REQUIRE(before.write(w.db));
  }
  AlertWatch watch;
  watch.use(rules_of({watched_rule("one"), watched_rule("two", 2)}), w.db);
  watch.note(watched_row(kWatchStart + 60'000), w.on_alert);
  watch.use(rules_of({watched_rule("new"), watched_rule("one"), watched_rule("two", 2)}), w.db);
  watch.note(watched_row(kWatchStart + 120'000), w.on_alert);
  watch.note(watched_row(kWatchStart + 3'600'000), w.on_alert);
  CHECK(w.told == fmt::format("one:{} new:{} two:{} one:{} ", kWatchStart, kWatchStart + 120'000, kWatchStart + 120'000,
                              kWatchStart + 3'600'000));
}

TEST_CASE("what cannot be written down is written later") {
  AlertWatchFixture w;
  AlertWatch watch;
  watch.use(rules_of({watched_rule("one")}), w.db);
  watch.note(watched_row(kWatchStart), w.on_alert);
  w.db.execute("CREATE TRIGGER refuse BEFORE INSERT ON alerts_fired BEGIN SELECT RAISE(ABORT, 'full'); END").value();
  CHECK_FALSE(watch.write(w.db));
  w.db.execute("DROP TRIGGER refuse").value();
  REQUIRE(watch.write(w.db));
  CHECK(times(w.db, "one") == 1);
}

TEST_CASE("the journal shows its rows to the alerts, each once, and writes down what fired before its end") {
  AlertWatchFixture w;
  const std::string path = w.dir.file("pg.db");
  std::vector<std::string> problems;
  const auto on_problem = [&](const std::string& problem) { problems.push_back(problem); };
  {
    Journal journal(Db::open(path).value(), on_problem, nullptr, w.on_alert);
    journal.record(watched_row(kWatchStart));
    journal.use(nullptr, LogRetention(), nullptr, rules_of({watched_rule("two", 2)}));
    for (const int status : {500, 200, 500, 500}) journal.record(watched_row(kWatchStart + status, status));
  }
  CHECK(problems.empty());
  CHECK(w.told.starts_with("two:"));
  CHECK(w.told.find(' ') == w.told.size() - 1);
  CHECK(times(w.db, "two") == 1);
  Statement row = w.db.prepare("SELECT name, time, count, request FROM alerts_fired").value();
  REQUIRE(row.step().value());
  CHECK(row.text(0) == "two");
  CHECK(row.integer(1) == kWatchStart + 500);
  CHECK(row.integer(2) == 2);
  CHECK(row.text(3) == std::to_string(kWatchStart + 500));
}
