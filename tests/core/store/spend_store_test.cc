// The ledger: written with the rows, told to the budgets, and the sum of what the rows cost whatever happens on the way.
#include "core/store/spend_store.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/base/shipped.h"
#include "core/store/log_store.h"
#include "proxy/journal.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::TempDir;

namespace {

constexpr UnixMillis kNovember = 1'795'000'000'000;  // 2026-11-18
constexpr Nanos kLimit = 20'000'000;

std::shared_ptr<const PriceTable> made_prices() {
  Price price;
  price.provider = "fake";
  price.model = "priced";
  price.rates.input = 1'000'000'000;  // a dollar for a million tokens: 1,000 nano-USD apiece
  price.rates.output = 5'000'000'000;
  return std::make_shared<const PriceTable>(std::vector<Price>{price}, std::vector<Price>{}, "test");
}

LogRow made_row(int number, const std::string& key, std::int64_t input, std::int64_t output) {
  LogRow row;
  row.id = "ROW" + std::to_string(1'000'000 + number);
  row.time = kNovember + number;
  row.key = key;
  row.project = "team";
  row.provider = "fake";
  row.model = "priced";
  row.status = 200;
  row.outcome = "ok";
  row.bytes_out = 10;
  row.usage.input_tokens = input;
  row.usage.output_tokens = output;
  return row;
}

Nanos sum_of_rows(Db& db, const std::string& key) {
  Nanos sum = 0;
  const Status read = LogStore(db).select({}, [&](const LogRow& row) {
    if (key.empty() || row.key == key) sum += std::max<Nanos>(row.cost, 0);
    return true;
  });
  REQUIRE(read);
  return sum;
}

Nanos spent_in_ledger(Db& db, SpendKind kind, const std::string& name) {
  const auto spent = read_spent(db, kind, name);
  REQUIRE(spent);
  Nanos sum = 0;
  for (const auto& [month, cost] : *spent) sum += cost;
  return sum;
}

}  // namespace

TEST_CASE("rows and ledger are written together, and budgets hear of it") {
  TempDir dir;
  Db db = Db::open(dir.path() + "/pg.db").value();
  const auto budget = std::make_shared<Budget>(SpendKind::key, "a", SpentByMonth{});
  LogRow row = made_row(1, "a", 10, 10);
  row.cost = 60'000;
  row.price = 2;
  row.month = 202611;
  row.hold = std::make_shared<Hold>(202611);
  row.hold->add({budget, kLimit});
  row.hold->resize(60'000);
  LogRow other = made_row(2, "A", 10, 10);
  other.cost = 5;
  other.month = 202611;
  std::vector<LogRow> rows{row, other};
  row.hold.reset();
  REQUIRE(LogStore(db).insert(rows));
  rows.clear();
  CHECK(budget->state(202611).spent == 60'000);
  CHECK(budget->state(202611).held == 0);
  CHECK(spent_in_ledger(db, SpendKind::key, "a") == 60'000);
  CHECK(spent_in_ledger(db, SpendKind::key, "A") == 5);
  CHECK(spent_in_ledger(db, SpendKind::project, "team") == 60'005);
}

TEST_CASE("a batch that fails leaves nothing in the ledger, and its money set aside") {
  TempDir dir;
  Db db = Db::open(dir.path() + "/pg.db").value();
  const auto budget = std::make_shared<Budget>(SpendKind::key, "a", SpentByMonth{});
  LogRow row = made_row(1, "a", 10, 10);
  row.cost = 60'000;
  row.month = 202611;
  row.hold = std::make_shared<Hold>(202611);
  row.hold->add({budget, kLimit});
  row.hold->resize(60'000);
  LogStore store(db);
  REQUIRE(
      db.execute("CREATE TRIGGER no BEFORE INSERT ON log_rows WHEN (SELECT count(*) FROM log_rows) = 1 BEGIN SELECT RAISE(ABORT, "
                 "'no'); END"));
  CHECK_FALSE(store.insert(std::vector<LogRow>{row, row}));
  CHECK(spent_in_ledger(db, SpendKind::key, "a") == 0);
  CHECK(budget->state(202611).held == 60'000);
  REQUIRE(store.insert(std::vector<LogRow>{row}));
  CHECK(spent_in_ledger(db, SpendKind::key, "a") == 60'000);
}

TEST_CASE("what is set aside is written as a whole, and read again") {
  TempDir dir;
  Db db = Db::open(dir.path() + "/pg.db").value();
  const std::vector<ReservedLine> lines{{SpendKind::key, "a", 5}, {SpendKind::project, "a", 7}};
  REQUIRE(write_reserved(db, lines));
  CHECK(read_reserved(db).value() == lines);
  REQUIRE(write_reserved(db, {}));
  CHECK(read_reserved(db)->empty());
}

TEST_CASE(
    "property: after calls, failures, cancels, fallbacks and restarts the ledger is the sum of the rows, within the bound") {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    TempDir dir;
    const std::string path = dir.path() + "/pg.db";
    const auto zone = TimeZone::find("UTC").value();
    const auto prices = made_prices();
    int number = 0;
    Nanos beyond = 0;  // what calls cost beyond what was set aside for them: the bound
    for (int life = 0; life < 4; ++life) {
      Db db = Db::open(path).value();
      std::map<std::string, std::shared_ptr<Budget>> keys;
      for (const char* name : {"a", "b"})
        keys[name] = std::make_shared<Budget>(SpendKind::key, name, read_spent(db, SpendKind::key, name).value());
      const auto project =
          std::make_shared<Budget>(SpendKind::project, "team", read_spent(db, SpendKind::project, "team").value());
      CHECK(project->state(202611).spent == sum_of_rows(db, ""));
      Journal journal(Db::open(path).value(), [](const std::string&) {}, {});
      journal.use(prices, {0, 0}, zone);
      std::vector<LogRow> under_way;
      for (int step = 0; step < 120; ++step) {
        if (random() % 3 != 0 || under_way.empty()) {
          const std::string key = random() % 2 == 0 ? "a" : "b";
          auto hold = std::make_shared<Hold>(202611);
          hold->add({keys[key], kLimit});
          hold->add({project, kLimit + kLimit / 2});
          if (hold->try_resize(static_cast<Nanos>(random() % 1'000'000)) != nullptr) continue;
          if (random() % 4 == 0 && hold->try_resize(static_cast<Nanos>(random() % 2'000'000)) != nullptr) continue;  // a fallback
          LogRow row =
              made_row(++number, key, static_cast<std::int64_t>(random() % 300), static_cast<std::int64_t>(random() % 100));
          row.hold = std::move(hold);
          under_way.push_back(std::move(row));
          continue;
        }
        const std::size_t which = random() % under_way.size();
        LogRow row = std::move(under_way[which]);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
        switch (random() % 4) {
          case 0:  // refused by the provider
            row.usage = {};
            row.status = 503;
            row.outcome = "error";
            break;
          case 1:  // the client left amid the answer
            row.status = 499;
            row.outcome = "canceled";
            break;
          default:
            break;
        }
        const Nanos cost = row.status == 503 ? 0 : row.usage.input_tokens * 1'000 + row.usage.output_tokens * 5'000;
        beyond += std::max<Nanos>(cost - row.hold->amount(), 0);
        journal.record(std::move(row));
      }
    }  // the journal writes what it has; calls under way are lost with the process
    Db db = Db::open(path).value();
    for (const char* name : {"a", "b"}) {
      CHECK(spent_in_ledger(db, SpendKind::key, name) == sum_of_rows(db, name));
      CHECK(spent_in_ledger(db, SpendKind::key, name) <= kLimit + beyond);
    }
    CHECK(spent_in_ledger(db, SpendKind::project, "team") == sum_of_rows(db, ""));
    CHECK(spent_in_ledger(db, SpendKind::project, "team") <= kLimit + kLimit / 2 + beyond);
  }
}

TEST_CASE("a database of before is told what its hours cost, by key and by project") {
  TempDir dir;
  const std::string path = dir.path() + "/pg.db";
  const std::string script(shipped("schema.sql"));
  {
    Db old = Db::open(path, DbMode::read_write, script.substr(0, script.find("-- migration 4"))).value();
    const std::string hour = std::to_string(kNovember / 3'600'000);
    for (const char* row :
         {"'team', 'a', '', '', 'p', 'm', '', 200, 'ok', 2, 70", "'team', 'b', '', '', 'p', 'm', '', 200, 'ok', 1, 5",
          "'team', 'b', '', '', 'p', 'm', '', 429, 'error', 1, 0"})
      REQUIRE(old.execute("INSERT INTO log_hours VALUES(" + hour + ", " + row +
                          ", 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, 1, 3)"));
  }
  Db db = Db::open(path).value();
  CHECK(spent_in_ledger(db, SpendKind::key, "a") == 70);
  CHECK(spent_in_ledger(db, SpendKind::key, "b") == 5);
  CHECK(spent_in_ledger(db, SpendKind::project, "team") == 75);
}

TEST_CASE("a database of before endpoints keeps what was spent, and has room for them") {
  const TempDir dir;
  const std::string script(shipped("schema.sql"));
  {
    Db db = Db::open(dir.file("pg.db"), DbMode::read_write, script.substr(0, script.find("-- migration 10"))).value();
    REQUIRE(db.execute("INSERT INTO spending VALUES(202611, 'key', 'laptop', 7), (202610, 'project', 'team', 9)"));
    CHECK_FALSE(db.execute("INSERT INTO spending VALUES(202611, 'endpoint', 'team/sum', 5)"));
  }
  Db db = Db::open(dir.file("pg.db")).value();
  CHECK(read_spent(db, SpendKind::key, "laptop").value() == SpentByMonth{{202611, 7}});
  CHECK(read_spent(db, SpendKind::project, "team").value() == SpentByMonth{{202610, 9}});
  LogRow row;
  row.id = "E1";
  row.time = kNovember;
  row.project = "team";
  row.endpoint = "team/sum";
  row.cost = 5;
  row.month = 202611;
  REQUIRE(LogStore(db).insert({&row, 1}));
  CHECK(read_spent(db, SpendKind::endpoint, "team/sum").value() == SpentByMonth{{202611, 5}});
  REQUIRE(write_reserved(db, std::vector<ReservedLine>{{SpendKind::endpoint, "team/sum", 3}}));
  CHECK(read_reserved(db).value().front().kind == SpendKind::endpoint);
}
