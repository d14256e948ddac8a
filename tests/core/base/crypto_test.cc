// Published vectors for the digests; sealing opens with the same key and context only.
#include "core/base/crypto.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "core/base/encode.h"
#include "tests/support/result.h"

namespace pg {

TEST_CASE("sha256 gives the values of FIPS 180-2") {
  CHECK(to_hex(as_bytes(sha256(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(as_bytes(sha256("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(as_bytes(sha256(std::string(1'000'000, 'a')))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("hmac_sha256 gives the values of RFC 4231") {
  CHECK(to_hex(as_bytes(hmac_sha256(std::string(20, '\x0b'), "Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(as_bytes(hmac_sha256("Jefe", "what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(as_bytes(hmac_sha256("", ""))) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("random bytes have the wanted size and do not repeat") {
  CHECK(random_bytes(0).empty());
  CHECK(random_bytes(1000).size() == 1000);
  CHECK(random_bytes(32) != random_bytes(32));
  CHECK(random_bytes(1000).substr(968) != std::string(32, '\0'));  // the bytes after the first 256 are filled too
}

TEST_CASE("equal_constant_time is plain equality") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("same", "same"));
  CHECK_FALSE(equal_constant_time("same", "sama"));
  CHECK_FALSE(equal_constant_time("same", "samex"));
}

TEST_CASE("what was sealed opens again, and every seal differs") {
  const std::string key = random_bytes(32);
  for (const std::string& plain : {std::string(), std::string("a credential"), random_bytes(5000)}) {
    const std::string sealed = seal(key, plain, "row 7");
    CHECK(sealed.size() == plain.size() + 28);
    CHECK(seal(key, plain, "row 7") != sealed);
    const auto opened = unseal(key, sealed, "row 7");
    REQUIRE(opened);
    CHECK(opened->reveal() == plain);
  }
}

TEST_CASE("unseal refuses a wrong key, a wrong context, and any changed or missing byte") {
  const std::string key = random_bytes(32);
  const std::string sealed = seal(key, "a credential", "row 7");
  CHECK(unseal(random_bytes(32), sealed, "row 7").error().code == Code::io_failed);
  CHECK(unseal(key, sealed, "row 8").error().code == Code::io_failed);
  CHECK(unseal("short key", sealed, "row 7").error().code == Code::io_failed);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(unseal(key, changed, "row 7"));
    CHECK_FALSE(unseal(key, sealed.substr(0, i), "row 7"));
  }
}

TEST_CASE("seal throws on a key of the wrong size, which is a bug and no input") {
  CHECK_THROWS(seal("short key", "x", ""));
}

}  // namespace pg
