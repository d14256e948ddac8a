#include "proxy/journal.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "core/store/body_store.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

std::int64_t ask_number(Db& db, std::string_view sql) {
  Statement statement = db.prepare(sql).value();
  REQUIRE(statement.step().value());
  return statement.integer(0);
}

}  // namespace

TEST_CASE("bodies that come faster than they can be written are dropped, counted and told; their rows are not") {
  test::TempDir dir;
  const std::string path = dir.file("pg.db");
  Db other = Db::open(path).value();
  std::vector<std::string> problems;
  std::uint64_t dropped = 0;
  constexpr int kRows = 40;
  {
    Journal journal(
        Db::open(path).value(), [&](const std::string& problem) { problems.push_back(problem); }, nullptr);
    const auto body = std::make_shared<LogBody>();
    body->request = std::string(8u << 20, 'x');
    std::optional<Transaction> lock(Transaction::begin(other).value());  // the writer waits for it
    for (int i = 0; i < kRows; ++i) {
      LogRow row;
      row.id = "row" + std::to_string(i);
      row.time = 1;
      row.body = body;
      journal.record(std::move(row));
    }
    // At most 64 MB wait, and as much again is in the writer's hands.
    dropped = journal.dropped_bodies();
    CHECK(dropped >= kRows - 16);
    CHECK(dropped < kRows);
    CHECK(journal.dropped() == 0);
    lock.reset();
  }
  CHECK(ask_number(other, "SELECT count(*) FROM log") == kRows);
  CHECK(ask_number(other, "SELECT count(*) FROM log_bodies") == kRows - static_cast<int>(dropped));
  CHECK(ask_number(other, "SELECT value FROM facts WHERE name = 'bodies_dropped'") == static_cast<std::int64_t>(dropped));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find(std::to_string(dropped) + " bodies were not kept") == 0);
}

TEST_CASE("rows that come while the database takes none are written later; those beyond the queue are counted and told") {
  test::TempDir dir;
  const std::string path = dir.file("pg.db");
  Db other = Db::open(path).value();
  std::vector<std::string> problems;
  constexpr std::int64_t kRows = 150'000;  // more than may wait, and what is in the writer's hands
  std::uint64_t dropped = 0;
  {
    Journal journal(
        Db::open(path).value(), [&](const std::string& problem) { problems.push_back(problem); }, nullptr);
    std::optional<Transaction> lock(Transaction::begin(other).value());  // the writer waits for it
    for (std::int64_t i = 0; i < kRows; ++i) {
      LogRow row;
      row.id = std::to_string(i);
      row.time = 1;
      journal.record(std::move(row));
    }
    dropped = journal.dropped();
    CHECK(dropped >= static_cast<std::uint64_t>(kRows) - 2 * 65'536);
    CHECK(dropped < static_cast<std::uint64_t>(kRows));
    lock.reset();
  }
  CHECK(ask_number(other, "SELECT count(*) FROM log") == kRows - static_cast<std::int64_t>(dropped));
  // In the order they came, whatever the batches were.
  CHECK(ask_number(other,
                   "SELECT count(*) FROM log AS a JOIN log AS b ON b.seq = a.seq + 1 WHERE CAST(b.id AS INTEGER) <= "
                   "CAST(a.id AS INTEGER)") == 0);
  CHECK(LogStore(other).dropped() == static_cast<std::int64_t>(dropped));
  REQUIRE_FALSE(problems.empty());
  CHECK(problems.back().find(std::to_string(dropped) + " calls are not in the log") == 0);
}

TEST_CASE("rows that cannot be written until the end are counted and told") {
  test::TempDir dir;
  const std::string path = dir.file("pg.db");
  Db other = Db::open(path).value();
  other.execute("CREATE TRIGGER refuse BEFORE INSERT ON log_rows BEGIN SELECT RAISE(ABORT, 'full'); END").value();
  std::vector<std::string> problems;
  {
    Journal journal(
        Db::open(path).value(), [&](const std::string& problem) { problems.push_back(problem); }, nullptr);
    for (int i = 0; i < 3; ++i) journal.record(LogRow());
  }
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].find("the log cannot be written") == 0);
  CHECK(problems[1] == "3 calls are not in the log: it could not be written until the end");
  CHECK(LogStore(other).dropped() == 3);
}

TEST_CASE("calls that found no room are counted at the end, too, when nothing could be written until then") {
  test::TempDir dir;
  const std::string path = dir.file("pg.db");
  Db other = Db::open(path).value();
  other.execute("CREATE TRIGGER refuse BEFORE INSERT ON log_rows BEGIN SELECT RAISE(ABORT, 'full'); END").value();
  std::vector<std::string> problems;
  constexpr int kRows = 150'000;  // more than may wait
  {
    Journal journal(
        Db::open(path).value(), [&](const std::string& problem) { problems.push_back(problem); }, nullptr);
    for (int i = 0; i < kRows; ++i) journal.record(LogRow());
    CHECK(journal.dropped() > 0);
  }
  REQUIRE_FALSE(problems.empty());
  CHECK(problems.back() == std::to_string(kRows) + " calls are not in the log: it could not be written until the end");
}
