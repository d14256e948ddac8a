#include "config/audit_seal.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/base/crypto.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct SealedLog {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  AuditStore audit{db};
  SecretString key{random_bytes(32)};

  void append(int count, const std::string& target = "laptop") {
    for (int i = 0; i < count; ++i) REQUIRE(audit.append({0, 1000, "cli:a", "key.add", target, ""}));
  }
  // As somebody with the file in hand would: without the triggers, and with the log's own end made to fit.
  void cut(int rows) {
    REQUIRE(db.execute("DROP TRIGGER IF EXISTS audit_no_delete"));
    REQUIRE(db.execute("DELETE FROM audit WHERE seq > " + std::to_string(rows)));
    REQUIRE(db.execute(
        "UPDATE audit_head SET seq = (SELECT max(seq) FROM audit), hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)"));
  }
  AuditVerdict verify() {
    const auto seal = read_audit_seal(db.path(), key);
    return audit.verify(seal ? &seal.value() : nullptr).value();
  }
};

}  // namespace

TEST_CASE("a sealed log verifies, and one that went on since does, too") {
  SealedLog log;
  log.append(3);
  REQUIRE(seal_audit(log.db, log.key, true));
  CHECK(read_audit_seal(log.db.path(), log.key).value().seq == 3);
  CHECK(log.verify().intact);
  log.append(2);
  CHECK(log.verify().intact);
  REQUIRE(seal_audit(log.db, log.key));
  CHECK(read_audit_seal(log.db.path(), log.key).value().seq == 5);
  CHECK(test::mode_of(audit_seal_file(log.db.path())) == 0600);
}

TEST_CASE("a tail that was cut together with the log's own end shows, and the seal outlives the next act") {
  SealedLog log;
  log.append(5);
  REQUIRE(seal_audit(log.db, log.key, true));
  log.cut(3);
  CHECK(log.audit.verify().value().intact);  // without the seal nobody could tell
  const AuditVerdict verdict = log.verify();
  CHECK_FALSE(verdict.intact);
  CHECK(verdict.broken_at == 4);
  CHECK(seal_audit(log.db, log.key).error().code == Code::conflict);
  log.append(4, "other");  // longer than ever, with other rows
  CHECK(seal_audit(log.db, log.key).error().code == Code::conflict);
  CHECK_FALSE(log.verify().intact);
  CHECK(log.verify().broken_at == 5);
}

TEST_CASE("only what was added since the seal can be cut unseen, and only by making the log's own end fit") {
  SealedLog log;
  log.append(3);
  REQUIRE(seal_audit(log.db, log.key, true));
  log.append(2);
  REQUIRE(log.db.execute("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 4"));
  CHECK_FALSE(log.verify().intact);  // the rows alone
  log.cut(3);
  CHECK(log.verify().intact);  // the known limit
  CHECK(log.verify().rows == 3);
  log.cut(2);
  CHECK_FALSE(log.verify().intact);
  CHECK(log.verify().broken_at == 3);
}

TEST_CASE("a chain that was written anew from the first row on shows") {
  SealedLog log;
  log.append(3);
  REQUIRE(seal_audit(log.db, log.key, true));
  REQUIRE(log.db.execute("DROP TRIGGER audit_no_delete; DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = zeroblob(32)"));
  for (int i = 0; i < 3; ++i) REQUIRE(log.audit.append({0, 1000, "cli:b", "key.add", "laptop", ""}));
  CHECK(log.audit.verify().value().intact);
  CHECK_FALSE(log.verify().intact);
}

TEST_CASE("a seal cannot be made without the key, and a lost one leaves a row") {
  SealedLog log;
  log.append(2);
  REQUIRE(seal_audit(log.db, SecretString(random_bytes(32)), true));
  CHECK(read_audit_seal(log.db.path(), log.key).error().code == Code::io_failed);
  REQUIRE(seal_audit(log.db, log.key));  // made anew, and said
  std::string acts;
  REQUIRE(log.audit.select(1, [&](const AuditEntry& entry) { return acts = entry.act + " " + entry.detail, true; }));
  CHECK(acts == "audit.seal the old one did not fit the app key; 2 rows stood");
  CHECK(log.verify().intact);
  REQUIRE(::unlink(audit_seal_file(log.db.path()).c_str()) == 0);
  REQUIRE(seal_audit(log.db, log.key));
  REQUIRE(log.audit.select(1, [&](const AuditEntry& entry) { return acts = entry.detail, true; }));
  CHECK(acts == "there was none; 3 rows stood");
}

TEST_CASE("whatever stands in the file, it is a seal or it is not") {
  SealedLog log;
  log.append(1);
  for (const std::string text :
       {"", "1", "1 1 zz zz\n", "2 1 00 00\n", "1 99999999999999999999 00 00\n", "1 1 00 00 00\n", "\xff\xfe"}) {
    log.dir.write("pg.db.seal", text);
    CHECK_FALSE(read_audit_seal(log.db.path(), log.key));
  }
}
