#include "proxy/denials.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

LogRow denied(UnixMillis time, const std::string& key, const std::string& why = "this key lacks the scope chat") {
  LogRow row;
  row.time = time;
  row.status = 403;
  row.key = key;
  row.method = "POST";
  row.path = "/v1/messages";
  row.project = "work";
  row.error = "forbidden: " + why;
  return row;
}

struct DeniedLog {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  Denials denials;
  std::vector<AuditEntry> entries() {
    std::vector<AuditEntry> all;
    REQUIRE(denials.write(db));
    REQUIRE(AuditStore(db).select(0, [&](const AuditEntry& entry) { return all.push_back(entry), true; }));
    return all;
  }
};

constexpr UnixMillis kDeniedStart = 1'700'000'000'000;

}  // namespace

TEST_CASE("a key that asks for what it may not is noted once in a while, with how often it did in between") {
  DeniedLog log;
  for (int i = 0; i < 50; ++i) log.denials.note(denied(kDeniedStart + i, "laptop"));
  log.denials.note(denied(kDeniedStart + 60, "laptop", "this key belongs to another project"));
  log.denials.note(denied(kDeniedStart + Denials::kOncePer + 1, "laptop"));
  const auto entries = log.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].actor == "key:laptop");
  CHECK(entries[0].act == "access.denied");
  CHECK(entries[0].target == "work");
  CHECK(entries[0].detail == "POST /v1/messages: this key lacks the scope chat");
  CHECK(entries[2].detail == "POST /v1/messages: this key lacks the scope chat; 49 more before it");
  CHECK(log.entries().size() == 3);  // written once
}

TEST_CASE("other refusals are no denials") {
  DeniedLog log;
  LogRow row = denied(kDeniedStart, "");
  log.denials.note(row);
  row = denied(kDeniedStart, "laptop");
  row.status = 404;
  log.denials.note(row);
  row = denied(kDeniedStart, "laptop");
  row.error = "upstream 403";  // the provider's
  log.denials.note(row);
  CHECK(log.entries().empty());
}

TEST_CASE("a flood of different denials fills an hour's rows and no more") {
  DeniedLog log;
  for (int i = 0; i < 5'000; ++i) log.denials.note(denied(kDeniedStart + i, "key" + std::to_string(i)));
  CHECK(log.entries().size() == Denials::kMostPer);
  log.denials.note(denied(kDeniedStart + 3'600'001, "one-more"));
  const auto entries = log.entries();
  REQUIRE(entries.size() == Denials::kMostPer + 2);
  CHECK(entries[Denials::kMostPer].detail == "4900 more were not listed");
  CHECK(AuditStore(log.db).verify().value().intact);
}
