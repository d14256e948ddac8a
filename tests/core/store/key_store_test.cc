#include "core/store/key_store.h"

#include <doctest/doctest.h>

#include "core/store/audit_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;

namespace {

struct KeyStoreFixture {
  test::TempDir dir;
  Db db = Db::open(dir.file("pg.db")).value();
  test::FakeClock clock{5000};
  KeyStore keys{db, clock, "cli:test"};

  static NewKey named(std::string name) {
    NewKey wanted;
    wanted.name = std::move(name);
    return wanted;
  }
  std::vector<std::string> acts() {
    std::vector<std::string> out;
    REQUIRE(AuditStore(db).select(0, [&](const AuditEntry& entry) {
      out.push_back(entry.actor + " " + entry.act + " " + entry.target);
      return true;
    }));
    return out;
  }
};

}  // namespace

TEST_CASE("an added key authenticates; the database holds its digest only") {
  KeyStoreFixture f;
  NewKey wanted = KeyStoreFixture::named("laptop");
  wanted.owner = "Ada";
  wanted.project = "p";
  wanted.scopes = scope_chat | scope_admin;
  wanted.expires = 9000;
  auto issued = f.keys.add(wanted);
  REQUIRE(issued);
  const auto listed = f.keys.list();
  REQUIRE(listed.value().size() == 1);
  const Key& key = listed.value()[0];
  CHECK(key.id == issued.value().key.id);
  CHECK(key.name == "laptop");
  CHECK(key.owner == "Ada");
  CHECK(key.project == "p");
  CHECK(key.scopes == (scope_chat | scope_admin));
  CHECK(key.created == 5000);
  CHECK(key.expires == 9000);
  const KeyRing ring(listed.value());
  CHECK(ring.authenticate(issued.value().text.reveal(), 8999));
  CHECK_FALSE(ring.authenticate(issued.value().text.reveal(), 9000));
  const std::string text(issued.value().text.reveal());
  for (const char* suffix : {"", "-wal"})
    CHECK(test::slurp(f.dir.file("pg.db") + suffix).find(text.substr(12)) == std::string::npos);
}

TEST_CASE("names are checked and unique, expiries lie ahead") {
  KeyStoreFixture f;
  REQUIRE(f.keys.add(KeyStoreFixture::named("laptop")));
  CHECK(f.keys.add(KeyStoreFixture::named("laptop")).error().code == Code::conflict);
  const Error twin = f.keys.add(KeyStoreFixture::named("LapTop")).error();
  CHECK(twin.code == Code::bad_request);
  CHECK(twin.message.find("\"laptop\" exists already") != std::string::npos);
  for (const std::string& bad : {std::string(), std::string("a b"), std::string(65, 'a'), std::string("-x"), std::string("a\n"),
                                 std::string("a\0b", 3), std::string("caf\xc3\xa9")})
    CHECK(f.keys.add(KeyStoreFixture::named(bad)).error().code == Code::bad_request);
  NewKey late = KeyStoreFixture::named("late");
  late.expires = 5000;
  CHECK(f.keys.add(late).error().code == Code::bad_request);
  NewKey nothing = KeyStoreFixture::named("nothing");
  nothing.scopes = 0;
  CHECK(f.keys.add(nothing).error().code == Code::bad_request);
  CHECK(f.keys.list().value().size() == 1);
  CHECK(f.acts().size() == 1);
}

TEST_CASE("find takes a name, an id or the shown prefix") {
  KeyStoreFixture f;
  const IssuedKey issued = f.keys.add(KeyStoreFixture::named("laptop")).value();
  REQUIRE(f.keys.add(KeyStoreFixture::named("phone")));
  CHECK(f.keys.find("laptop").value().id == issued.key.id);
  CHECK(f.keys.find(std::to_string(issued.key.id)).value().name == "laptop");
  CHECK(f.keys.find(issued.key.prefix).value().name == "laptop");
  CHECK(f.keys.find("pg_live_").error().message.starts_with("every key begins with that"));
  const auto missing = f.keys.find("laptpo");
  CHECK(missing.error().code == Code::not_found);
  CHECK(missing.error().message == "no key named \"laptpo\", did you mean \"laptop\"?");
}

TEST_CASE("a name cannot be taken for an id or for the beginning of a key") {
  KeyStoreFixture f;
  for (const char* bad : {"2", "007", "pg_live_", "pg_live_5zQf", "PG_LIVE_x"}) {
    const auto refused = f.keys.add(KeyStoreFixture::named(bad));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
    CHECK(refused.error().message.find("taken for") != std::string::npos);
  }
  for (const char* good : {"2nd", "pg_livestock", "2026-11"}) CHECK(f.keys.add(KeyStoreFixture::named(good)));
}

TEST_CASE("in a database with such names an id comes first, and what fits several keys is refused with their names") {
  KeyStoreFixture f;
  const IssuedKey one = f.keys.add(KeyStoreFixture::named("one")).value();
  const IssuedKey two = f.keys.add(KeyStoreFixture::named("two")).value();
  const auto rename = [&](const IssuedKey& key, const std::string& name) {
    Statement statement = f.db.prepare("UPDATE keys SET name = ? WHERE id = ?").value();
    REQUIRE(statement.bind(1, name).bind(2, key.key.id).run());
  };
  rename(one, std::to_string(two.key.id));
  CHECK(f.keys.find(std::to_string(two.key.id)).value().id == two.key.id);
  CHECK(f.keys.revoke(std::to_string(two.key.id)).value().id == two.key.id);
  CHECK(f.keys.disable(std::to_string(one.key.id)).value().id == one.key.id);
  rename(one, "77");
  CHECK(f.keys.find("77").value().id == one.key.id);
  KeyEdit owner;
  owner.owner = "Ada";
  CHECK(f.keys.edit("77", owner));  // what has such a name can still be changed
  rename(one, two.key.prefix);
  const auto vague = f.keys.find(two.key.prefix);
  REQUIRE_FALSE(vague);
  CHECK(vague.error().code == Code::bad_request);
  CHECK(vague.error().message == "2 keys fit \"" + two.key.prefix + "\"; give the id: 1 (" + two.key.prefix + "), 2 (two)");
}

TEST_CASE("a name with a number after it is the next free one, also when another has just taken it") {
  KeyStoreFixture f;
  CHECK(f.keys.add_numbered(KeyStoreFixture::named("curl")).value().key.name == "curl");
  CHECK(f.keys.add_numbered(KeyStoreFixture::named("curl")).value().key.name == "curl-2");
  REQUIRE(f.keys.add(KeyStoreFixture::named("Curl-3")));
  REQUIRE(f.keys.revoke("curl-2"));
  CHECK(f.keys.add_numbered(KeyStoreFixture::named("curl")).value().key.name == "curl-4");
}

TEST_CASE("the keys of a project end together, and those that ended or are another's stay as they are") {
  KeyStoreFixture f;
  NewKey bound = KeyStoreFixture::named("bound");
  bound.project = "p";
  REQUIRE(f.keys.add(bound));
  bound.name = "off";
  REQUIRE(f.keys.add(bound));
  REQUIRE(f.keys.disable("off"));
  bound.name = "over";
  bound.expires = 6000;
  REQUIRE(f.keys.add(bound));
  REQUIRE(f.keys.add(KeyStoreFixture::named("free")));
  f.clock.advance(2000);
  CHECK(f.keys.revoke_bound_to("p").value() == std::vector<std::string>{"bound", "off"});
  CHECK(f.keys.revoke_bound_to("p").value().empty());
  CHECK(f.keys.revoke_bound_to("").value().empty());
  CHECK(f.keys.find("bound").value().revoked == 7000);
  CHECK(f.keys.find("off").value().revoked == 7000);
  CHECK(f.keys.find("over").value().revoked == 0);
  CHECK(f.keys.find("free").value().revoked == 0);
  CHECK(f.acts().back() == "cli:test key.revoke off");
}

TEST_CASE("disable, enable, revoke: each with its audit row, and revoking is for good") {
  KeyStoreFixture f;
  const IssuedKey issued = f.keys.add(KeyStoreFixture::named("laptop")).value();
  const std::string text(issued.text.reveal());
  const auto works = [&] { return bool(KeyRing(f.keys.list().value()).authenticate(text, 6000)); };
  CHECK(works());
  CHECK_FALSE(f.keys.disable("laptop").value().enabled);
  CHECK_FALSE(works());
  CHECK(f.keys.enable("laptop").value().enabled);
  CHECK(works());
  CHECK(f.keys.revoke("laptop").value().revoked == 5000);
  CHECK_FALSE(works());
  f.clock.advance(10);
  CHECK(f.keys.revoke("laptop").value().revoked == 5000);
  CHECK(f.keys.enable("laptop").error().code == Code::conflict);
  CHECK(f.keys.rotate("laptop").error().code == Code::conflict);
  CHECK(f.keys.add(KeyStoreFixture::named("laptop")).error().code == Code::conflict);
  CHECK(f.acts() == std::vector<std::string>{"cli:test key.add laptop", "cli:test key.disable laptop",
                                             "cli:test key.enable laptop", "cli:test key.revoke laptop"});
}

TEST_CASE("rotate keeps the row and ends the old text") {
  KeyStoreFixture f;
  const IssuedKey before = f.keys.add(KeyStoreFixture::named("laptop")).value();
  const IssuedKey after = f.keys.rotate("laptop").value();
  CHECK(after.key.id == before.key.id);
  CHECK(after.text.reveal() != before.text.reveal());
  const KeyRing ring(f.keys.list().value());
  CHECK_FALSE(ring.authenticate(before.text.reveal(), 6000));
  REQUIRE(ring.authenticate(after.text.reveal(), 6000));
  CHECK(ring.authenticate(after.text.reveal(), 6000).value()->prefix == after.key.prefix);
}

TEST_CASE("the first key is made once") {
  KeyStoreFixture f;
  CHECK(f.keys.add_first(KeyStoreFixture::named("first")));
  CHECK(f.keys.add_first(KeyStoreFixture::named("second")).error().code == Code::conflict);
  CHECK(f.keys.list().value().size() == 1);
}

TEST_CASE("an act whose audit row cannot be written does not happen") {
  KeyStoreFixture f;
  REQUIRE(f.keys.add(KeyStoreFixture::named("laptop")));
  REQUIRE(f.db.execute("DELETE FROM audit_head"));
  CHECK_FALSE(f.keys.revoke("laptop"));
  CHECK_FALSE(f.keys.add(KeyStoreFixture::named("phone")));
  CHECK_FALSE(f.keys.rotate("laptop"));
  const auto keys = f.keys.list().value();
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].revoked == 0);
}

TEST_CASE("policy_version rises with every change of a key, whoever makes it") {
  KeyStoreFixture f;
  Db other = Db::open(f.dir.file("pg.db")).value();
  const auto before = policy_version(f.db).value();
  REQUIRE(KeyStore(other, f.clock, "x").add(KeyStoreFixture::named("laptop")));
  const auto added = policy_version(f.db).value();
  CHECK(added > before);
  REQUIRE(other.execute("UPDATE keys SET enabled = 0"));
  CHECK(policy_version(f.db).value() > added);
}

TEST_CASE("a key's limit on calls under way is kept, and stands in the audit row") {
  KeyStoreFixture f;
  NewKey wanted = KeyStoreFixture::named("ci");
  wanted.concurrency = 3;
  REQUIRE(f.keys.add(wanted));
  REQUIRE(f.keys.add(KeyStoreFixture::named("free")));
  CHECK(f.keys.find("ci").value().concurrency == 3);
  CHECK(f.keys.find("free").value().concurrency == 0);
  CHECK(f.keys.rotate("ci").value().key.concurrency == 3);
  std::string detail;
  REQUIRE(AuditStore(f.db).select(0, [&](const AuditEntry& entry) {
    detail = entry.detail;
    return false;
  }));
  CHECK(detail == "scopes chat,models, concurrency 3");
}

TEST_CASE("the audit row of a new key says whose it is and until when") {
  KeyStoreFixture f;
  NewKey wanted = KeyStoreFixture::named("ci");
  wanted.owner = "ada";
  wanted.expires = 1'924'905'600'000;
  REQUIRE(f.keys.add(wanted));
  std::string detail;
  REQUIRE(AuditStore(f.db).select(0, [&](const AuditEntry& entry) {
    detail = entry.detail;
    return false;
  }));
  CHECK(detail == "scopes chat,models, owner \"ada\", expires 2030-12-31T00:00:00.000Z");
}

TEST_CASE("an edit changes what is named, and the audit says what was and what is") {
  KeyStoreFixture f;
  NewKey wanted = KeyStoreFixture::named("laptop");
  wanted.rules.rate.rpm = 5;
  REQUIRE(f.keys.add(wanted));
  KeyEdit edit;
  edit.rpm = 60;
  edit.budget = 50'000'000'000;
  edit.owner = "Ada";
  const auto before = policy_version(f.db).value();
  const auto edited = f.keys.edit("laptop", edit);
  REQUIRE(edited);
  CHECK(policy_version(f.db).value() > before);
  const Key key = f.keys.find("laptop").value();
  CHECK(key.rules.rate.rpm == 60);
  CHECK(key.rules.rate.rph == 0);
  CHECK(key.rules.budget == 50'000'000'000);
  CHECK(key.owner == "Ada");
  CHECK(key.scopes == (scope_chat | scope_models));
  std::string detail;
  REQUIRE(AuditStore(f.db).select(1, [&](const AuditEntry& entry) {
    detail = entry.act + ": " + entry.detail;
    return true;
  }));
  CHECK(detail == "key.edit: owner \"\" -> \"Ada\", rpm 5 -> 60, budget none -> 50 USD");
  const auto rows = f.acts().size();
  REQUIRE(f.keys.edit("laptop", edit));  // nothing new: no row
  CHECK(f.acts().size() == rows);
  KeyEdit past;
  past.expires = 1;
  CHECK_FALSE(f.keys.edit("laptop", past));
  REQUIRE(f.keys.revoke("laptop"));
  CHECK(f.keys.edit("laptop", edit).error().code == Code::conflict);
}

TEST_CASE("audit rows of keys name projects, also one that is gone by its id") {
  KeyStoreFixture f;
  KeyStore keys(f.db, f.clock, "cli:test", {{"id-1", "work"}, {"id-2", "home"}});
  NewKey wanted = KeyStoreFixture::named("laptop");
  wanted.project = "id-1";
  REQUIRE(keys.add(wanted));
  for (const char* project : {"id-2", "id-3", ""}) {
    KeyEdit edit;
    edit.project = project;
    REQUIRE(keys.edit("laptop", edit));
  }
  std::vector<std::string> details;
  REQUIRE(AuditStore(f.db).select(0, [&](const AuditEntry& entry) { return details.push_back(entry.detail), true; }));
  CHECK(details == std::vector<std::string>{"scopes chat,models, project work", "project work -> home", "project home -> id-3",
                                            "project id-3 -> any"});
}
