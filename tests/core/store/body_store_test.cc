#include "core/store/body_store.h"

#include <doctest/doctest.h>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/store/log_retention.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

LogRow row_with(const std::string& id, UnixMillis time, std::string request, std::string reply = "{}") {
  LogRow row;
  row.id = id;
  row.time = time;
  row.body = std::make_shared<LogBody>();
  row.body->dialect = "anthropic";
  row.body->request_size = request.size();
  row.body->request = std::move(request);
  row.body->reply_size = reply.size();
  row.body->reply = std::move(reply);
  return row;
}

struct Kept {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  BodyStore store{db};
};

}  // namespace

TEST_CASE("bodies come back as they went in, and rows without one leave nothing") {
  Kept k;
  const std::string request = "{\"text\":\"" + std::string(100'000, 'x') + "[[EMAIL_001]]\"}";
  LogRow none;
  none.id = "none";
  const std::vector<LogRow> rows = {row_with("a", 1, request, std::string("\0\x01", 2)), none, row_with("b", 2, "")};
  REQUIRE(k.store.insert(rows));
  const auto found = k.store.find("a").value();
  REQUIRE(found);
  CHECK(found->request == request);
  CHECK(found->reply == std::string("\0\x01", 2));
  CHECK(found->request_size == request.size());
  CHECK(found->dialect == "anthropic");
  CHECK_FALSE(found->request_cut);
  CHECK(k.store.find("b").value()->request.empty());
  CHECK_FALSE(k.store.find("none").value());
  CHECK(k.store.size().value() < 1'000);  // compressed
  CHECK(k.store.size().value() > 0);
}

TEST_CASE("old bodies go by age, and the oldest go until the rest fits") {
  Kept k;
  for (int i = 1; i <= 10; ++i)
    REQUIRE(k.store.insert(std::vector{row_with("r" + std::to_string(i), i, to_hex(random_bytes(5'000)))}));
  const std::uint64_t whole = k.store.size().value();
  CHECK(k.store.prune({0, 0}, 100).value() == 0);
  CHECK(k.store.prune({4, 0}, 2).value() == 2);  // a slice at a time
  CHECK(k.store.prune({4, 0}, 100).value() == 1);
  CHECK_FALSE(k.store.find("r3").value());
  CHECK(k.store.find("r4").value());
  CHECK(k.store.prune({0, whole * 55 / 100}, 100).value() == 2);
  CHECK(k.store.size().value() <= whole * 55 / 100);
  CHECK_FALSE(k.store.find("r5").value());
  CHECK(k.store.find("r6").value());
  CHECK(k.store.prune({0, 1}, 100).value() == 5);
  CHECK(k.store.size().value() == 0);
}

TEST_CASE("a body from a time that has not come keeps none behind it from going") {
  Kept k;
  for (const int time : {900, 1, 901, 2, 20})
    REQUIRE(k.store.insert(std::vector{row_with("r" + std::to_string(time), time, to_hex(random_bytes(5'000)))}));
  CHECK(k.store.prune({10, 0, 40}, 1).value() == 2);
  CHECK(k.store.prune({10, 0, 40}, 1).value() == 2);
  CHECK(k.store.prune({10, 0, 40}, 1).value() == 0);
  CHECK(k.store.find("r20").value());
}

TEST_CASE("a deleted body cannot be read from the file") {
  Kept k;
  const std::string mark = to_hex(random_bytes(16));  // short enough that nothing is compressed away
  REQUIRE(k.store.insert(std::vector{row_with("a", 1, mark)}));
  REQUIRE(k.db.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  REQUIRE(test::slurp(k.db.path()).find(mark) != std::string::npos);
  REQUIRE(k.store.prune({2, 0}, 10).value() == 1);
  REQUIRE(k.db.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  CHECK(test::slurp(k.db.path()).find(mark) == std::string::npos);
}

TEST_CASE("bodies do not push rows out of the log") {
  Kept k;
  LogStore log(k.db);
  std::vector<LogRow> rows;
  for (int i = 0; i < 50; ++i) rows.push_back(row_with("r" + std::to_string(i), i, to_hex(random_bytes(20'000))));
  REQUIRE(log.insert(rows));
  const auto empty = measure_db(k.db).value().used;
  REQUIRE(k.store.insert(rows));
  CHECK(measure_db(k.db).value().used > empty + 500'000);
  CHECK(prune_log(k.db, {0, empty + 200'000}, 100).value() == 0);
}

TEST_CASE("a damaged body is an error, not an empty answer") {
  Kept k;
  REQUIRE(k.store.insert(std::vector{row_with("a", 1, "{\"x\":1}")}));
  REQUIRE(k.db.execute("UPDATE log_bodies SET request = x'00112233'"));
  CHECK_FALSE(k.store.find("a"));
}

TEST_CASE("what was dropped is counted") {
  Kept k;
  REQUIRE(k.store.note_dropped(3));
  REQUIRE(k.store.note_dropped(4));
  Statement fact = k.db.prepare("SELECT value FROM facts WHERE name = 'bodies_dropped'").value();
  REQUIRE(fact.step().value());
  CHECK(fact.integer(0) == 7);
}
