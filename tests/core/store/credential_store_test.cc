#include "core/store/credential_store.h"

#include <doctest/doctest.h>

#include "core/base/crypto.h"
#include "core/store/audit_store.h"
#include "core/store/key_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct CredentialFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  test::FakeClock clock{5000};
  CredentialStore store{db, clock, "cli:test"};
  SecretString app_key{std::string(32, 'k')};
  std::string text = "made-up-" + std::string(30, 'q');
};

}  // namespace

TEST_CASE("a stored credential opens again and is nowhere in the files") {
  CredentialFixture f;
  REQUIRE(f.store.put("openai", SecretString(f.text + "\n"), f.app_key));
  CHECK(f.store.open("openai", f.app_key).value().reveal() == f.text);
  for (const char* suffix : {"", "-wal"}) CHECK(test::slurp(f.dir.file("pg.db") + suffix).find(f.text) == std::string::npos);
  REQUIRE(f.store.put("openai", SecretString("second"), f.app_key));
  CHECK(f.store.open("openai", f.app_key).value().reveal() == "second");
  REQUIRE(f.store.list().value().size() == 1);
  CHECK(f.store.list().value()[0].provider == "openai");
  CHECK(f.store.list().value()[0].updated == 5000);
}

TEST_CASE("another key, another provider's row or a flipped bit does not open") {
  CredentialFixture f;
  REQUIRE(f.store.put("openai", SecretString(f.text), f.app_key));
  const auto wrong = f.store.open("openai", SecretString(std::string(32, 'x')));
  CHECK(wrong.error().code == Code::io_failed);
  CHECK(wrong.error().message.find("pg providers login openai") != std::string::npos);
  REQUIRE(f.db.execute("UPDATE credentials SET provider = 'groq'"));
  CHECK_FALSE(f.store.open("groq", f.app_key));
  REQUIRE(f.db.execute("UPDATE credentials SET provider = 'openai', sealed = CAST(sealed || x'00' AS BLOB)"));
  CHECK_FALSE(f.store.open("openai", f.app_key));
}

TEST_CASE("what no header can carry is refused, and so is a short app key") {
  CredentialFixture f;
  for (const std::string& bad : {std::string(), std::string(" \n"), std::string("a\nb"), std::string("a\x01"),
                                 std::string("caf\xc3\xa9"), std::string(20000, 'a')})
    CHECK(f.store.put("openai", SecretString(bad), f.app_key).error().code == Code::bad_request);
  CHECK_FALSE(f.store.put("openai", SecretString("x"), SecretString("short")));
  CHECK(f.store.list().value().empty());
}

TEST_CASE("removing, missing, and the audit rows of both") {
  CredentialFixture f;
  CHECK(f.store.open("openai", f.app_key).error().code == Code::not_found);
  CHECK(f.store.remove("openai").error().code == Code::not_found);
  const auto before = policy_version(f.db).value();
  REQUIRE(f.store.put("openai", SecretString(f.text), f.app_key));
  REQUIRE(f.store.remove("openai"));
  CHECK(policy_version(f.db).value() > before);
  std::string acts;
  REQUIRE(AuditStore(f.db).select(0, [&](const AuditEntry& entry) {
    acts += entry.act + " " + entry.target + entry.detail + ";";
    return true;
  }));
  CHECK(acts == "provider.login openai;provider.logout openai;");
}
