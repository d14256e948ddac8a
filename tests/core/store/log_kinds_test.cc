#include "core/store/log_kinds.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct LogKindsFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  int made = 0;

  void insert(const std::string& redactions, const std::string& detected, const std::string& blocked, const std::string& places) {
    LogRow row;
    row.id = "K" + std::to_string(made++);
    row.time = 1'764'000'000'000 + made;
    row.outcome = blocked.empty() ? "ok" : "blocked";
    row.redactions = redactions;
    row.detected = detected;
    row.blocked = blocked;
    row.places = places;
    REQUIRE(LogStore(db).insert({&row, 1}));
  }
  std::string told(const char* by) {
    const auto kind_of = [](std::string_view rule) { return rule == "jwt" ? std::string("TOKEN") : "NOT_" + std::string(rule); };
    const KindReport report = read_kinds(db, {}, *find_log_field(by), kind_of).value();
    std::string text;
    const auto add = [&text](const KindLine& line) {
      text += (line.name.empty() ? "=" : line.name);
      for (const std::int64_t value : {line.requests, line.redacted, line.detected, line.blocked})
        text += " " + std::to_string(value);
      text += "\n";
    };
    for (const KindLine& line : report.lines) add(line);
    add(report.total);
    return text;
  }
};

}  // namespace

TEST_CASE("kinds: calls, values and blocked calls are summed up for each kind, the total has each call once") {
  LogKindsFixture f;
  f.insert("EMAIL:1", "", "", "messages[0]: email");
  f.insert("EMAIL:2,IBAN:1", "TOKEN:3", "", "messages[0]: email; messages[1]: iban; system: jwt; messages[2]: email");
  f.insert("", "", "", "");
  f.insert("EMAIL:4", "IPV4:1", "jwt,jwt-short", "messages[4].content: jwt; system[0].text: jwt-short");
  f.insert("IBAN:12", "", "", "input: iban");
  CHECK(f.told("kind") == "EMAIL 3 3 0 0\nIBAN 2 13 0 0\nTOKEN 2 0 3 1\nIPV4 1 0 0 0\nNOT_jwt-short 1 0 0 1\n= 4 16 3 1\n");
  CHECK(f.told("finding") == f.told("kind"));
  CHECK(f.told("redactions") == "EMAIL 3 3 0 0\nIBAN 2 13 0 0\n= 4 16 0 0\n");
  CHECK(f.told("detected") == "IPV4 1 0 0 0\nTOKEN 1 0 3 0\n= 2 0 3 0\n");
  CHECK(f.told("blocked") == "NOT_jwt-short 1 0 0 1\nTOKEN 1 0 0 1\n= 1 0 0 1\n");
  CHECK(f.told("rule") == "email 2 -1 -1 0\niban 2 -1 -1 0\njwt 2 -1 -1 1\njwt-short 1 -1 -1 1\n= 4 -1 -1 1\n");
}
