#include "core/access/keys.h"

#include <doctest/doctest.h>

#include <set>

#include "core/base/encode.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

Key stored(const MintedKey& minted, std::string name) {
  Key key;
  key.name = std::move(name);
  key.prefix = minted.prefix;
  key.digest = minted.digest;
  return key;
}

}  // namespace

TEST_CASE("a minted key is 256 random bits, known by its prefix and digest") {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const MintedKey minted = mint_key();
    const std::string text(minted.text.reveal());
    CHECK(is_key_text(text));
    CHECK(text.size() == 51);
    CHECK(from_base64url(text.substr(8)).value().size() == 32);
    CHECK(minted.prefix == text.substr(0, 12));
    CHECK(minted.digest == sha256(text));
    seen.insert(text);
  }
  CHECK(seen.size() == 50);
}

TEST_CASE("a key text has the start, the length and the alphabet") {
  const std::string good(mint_key().text.reveal());
  CHECK_FALSE(is_key_text(""));
  CHECK_FALSE(is_key_text(good.substr(1)));
  CHECK_FALSE(is_key_text(good + "A"));
  CHECK_FALSE(is_key_text(good.substr(0, 50) + "."));
  CHECK_FALSE(is_key_text("pg_test_" + good.substr(8)));
}

TEST_CASE("authenticate finds the key among many") {
  std::vector<Key> keys;
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i) {
    const MintedKey minted = mint_key();
    texts.emplace_back(minted.text.reveal());
    keys.push_back(stored(minted, "key" + std::to_string(i)));
  }
  const KeyRing ring(keys);
  for (std::size_t i = 0; i < texts.size(); ++i) CHECK(ring.authenticate(texts[i], 5).value()->name == keys[i].name);
}

TEST_CASE("every refusal reads the same, whatever its reason") {
  const MintedKey active = mint_key(), disabled = mint_key(), revoked = mint_key(), expired = mint_key();
  std::vector<Key> keys = {stored(active, "a"), stored(disabled, "d"), stored(revoked, "r"), stored(expired, "e")};
  keys[1].enabled = false;
  keys[2].revoked = 7;
  keys[3].expires = 1000;
  const KeyRing ring(keys);
  REQUIRE(ring.authenticate(active.text.reveal(), 1000));
  REQUIRE(ring.authenticate(expired.text.reveal(), 999));
  const std::string strange(100000, 'x');
  for (const std::string_view text : {disabled.text.reveal(), revoked.text.reveal(), expired.text.reveal(), std::string_view(""),
                                      std::string_view("pg_live_"), std::string_view(strange), std::string_view("\0\xff", 2)}) {
    const auto refused = ring.authenticate(text, 1000);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::unauthenticated);
    CHECK(refused.error().message == "invalid API key");
    CHECK(refused.error().detail.find("pg_live_") == std::string::npos);
  }
}

TEST_CASE("a known caller is asked for again after every change of the ring, and after each other text") {
  const MintedKey minted = mint_key(), other = mint_key();
  Key first = stored(minted, "first"), second = stored(other, "second");
  first.expires = 1000;
  const auto ring = std::make_shared<const KeyRing>(std::vector<Key>{first, second});
  KnownCaller caller;
  const std::string text(minted.text.reveal());
  for (int i = 0; i < 2; ++i) CHECK(caller.authenticate(ring, text, 5).value()->name == "first");
  CHECK(caller.authenticate(ring, other.text.reveal(), 5).value()->name == "second");
  CHECK(caller.authenticate(ring, text, 999).value()->name == "first");
  CHECK_FALSE(caller.authenticate(ring, text, 1000));
  CHECK_FALSE(caller.authenticate(ring, text.substr(0, 50) + (text.substr(50) == "A" ? "B" : "A"), 5));
  CHECK_FALSE(caller.authenticate(ring, "", 5));
  CHECK(caller.authenticate(ring, text, 5));
  first.revoked = 7;
  const auto revoked = std::make_shared<const KeyRing>(std::vector<Key>{first});
  CHECK_FALSE(caller.authenticate(revoked, text, 5));
  CHECK_FALSE(caller.authenticate(std::make_shared<const KeyRing>(std::vector<Key>{second}), text, 5));
}

TEST_CASE("two digests that share their first eight bytes are told apart") {
  const MintedKey minted = mint_key();
  Key twin = stored(minted, "twin");
  twin.digest[31] = static_cast<std::uint8_t>(twin.digest[31] ^ 1);
  const KeyRing ring({twin, stored(minted, "real")});
  CHECK(ring.authenticate(minted.text.reveal(), 1).value()->name == "real");
  const KeyRing only_twin({twin});
  CHECK_FALSE(only_twin.authenticate(minted.text.reveal(), 1));
}

TEST_CASE("a ring without keys knows nobody, not even the zero digest") {
  const KeyRing ring({});
  CHECK(ring.empty());
  CHECK_FALSE(ring.authenticate(mint_key().text.reveal(), 1));
}

TEST_CASE("scopes read and write, with suggestions") {
  CHECK(parse_scopes("chat, models").value() == (scope_chat | scope_models));
  CHECK(scopes_text(scope_chat | scope_admin | scope_mcp) == "chat,admin,mcp");
  CHECK(parse_scopes(scopes_text(31)).value() == 31u);
  CHECK(parse_scopes("chatt").error().message == "unknown scope \"chatt\", did you mean \"chat\"?");
  CHECK_FALSE(parse_scopes(""));
  CHECK_FALSE(parse_scopes(","));
}

TEST_CASE("authorize asks for every scope and for the key's project") {
  Key key;
  key.scopes = scope_chat;
  CHECK(authorize(key, scope_chat, "p1"));
  CHECK(authorize(key, scope_chat | scope_admin, "p1").error().message == "this key lacks the scope admin");
  key.project = "p1";
  CHECK(authorize(key, scope_chat, "p1"));
  CHECK(authorize(key, scope_chat, "p2").error().code == Code::forbidden);
}
