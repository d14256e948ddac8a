// Checksums against values from their standards, and against values with one character changed.
#include "core/guard/validators.h"

#include <doctest/doctest.h>

#include <string>

#include "core/base/encode.h"
#include "core/guard/rule_examples.h"

namespace pg {
namespace {

Judgement judge(std::string_view validator, std::string_view value) {
  Candidate candidate{value, {0, value.size()}, {0, value.size()}};
  const Validator found = find_validator(validator);
  const bool known = found != nullptr;
  REQUIRE(known);
  return found(candidate);
}

std::string spelled_value(std::string_view pattern) {
  return spell_example(pattern, 5).value();
}

TEST_CASE("CRC-32 and base 62 as published") {
  CHECK(crc32("123456789") == 0xCBF43926U);  // the check value of CRC-32/ISO-HDLC
  CHECK(base62_6(0) == "000000");
  CHECK(base62_6(61) == "00000z");
  CHECK(base62_6(62) == "000010");
  CHECK(base62_6(0xFFFFFFFFU) == "4gfFC3");
}

TEST_CASE("a token whose checksum is right is certain, one with a changed character weak") {
  for (const char* pattern : {"{github_crc:ghp_}", "{github_crc:npm_}", "{github_crc:ghr_:70}"}) {
    std::string token = spelled_value(pattern);
    CHECK(judge("crc32_base62", token) == Judgement::certain);
    token[8] = token[8] == 'A' ? 'B' : 'A';
    CHECK(judge("crc32_base62", token) == Judgement::weak);
  }
  std::string pat = spelled_value("{github_pat}");
  CHECK(judge("github_pat", pat) == Judgement::certain);
  pat[20] = pat[20] == 'A' ? 'B' : 'A';
  CHECK(judge("github_pat", pat) == Judgement::weak);
}

TEST_CASE("a JWT has a header with alg and an object for a payload") {
  CHECK(judge("jwt", spelled_value("{jwt}")) == Judgement::possible);
  const auto token = [](std::string_view header, std::string_view payload) {
    return to_base64url(header) + "." + to_base64url(payload) + ".c2lnbmF0dXJl";
  };
  CHECK(judge("jwt", token(R"({"alg":"none"})", R"({"a":1})")) == Judgement::possible);
  CHECK(judge("jwt", token(R"({"typ":"JWT"})", R"({"a":1})")) == Judgement::no);
  CHECK(judge("jwt", token(R"({"alg":"none"})", "[1]")) == Judgement::no);
  CHECK(judge("jwt", token("not json", R"({"a":1})")) == Judgement::no);
  CHECK(judge("jwt", token(R"({"alg":"HS256"})", R"({"sub":"1234567890","name":"John Doe"})")) == Judgement::no);
  CHECK(judge("jwt", "eyJh.eyJh") == Judgement::no);
}

TEST_CASE("a macaroon names its registry") {
  CHECK(judge("macaroon", spelled_value("{pypi:pypi.org}")) == Judgement::possible);
  CHECK(judge("macaroon", spelled_value("{pypi:example.org}")) == Judgement::no);
  CHECK(judge("macaroon", "pypi-AgEIcHlwaS5vcmc") == Judgement::no);
}

TEST_CASE("basic_auth is user and password in base64") {
  CHECK(judge("basic_auth", to_base64("me:hunter-21")) == Judgement::possible);
  CHECK(judge("basic_auth", to_base64("me:secret-1")) == Judgement::no);
  CHECK(judge("basic_auth", to_base64("note: a word and 12")) == Judgement::no);
  CHECK(judge("basic_auth", to_base64("no colon here")) == Judgement::no);
  CHECK(judge("basic_auth", to_base64("me:\x01\x02\x03\x04\x05")) == Judgement::no);
}

TEST_CASE("Luhn, issuers, IBAN and SSN rules") {
  CHECK(luhn_valid("4111111111111111"));
  CHECK_FALSE(luhn_valid("4111111111111112"));
  CHECK_FALSE(luhn_valid(""));
  CHECK(card_number_issued("378282246310005"));
  CHECK_FALSE(card_number_issued("3782822463100051"));
  CHECK_FALSE(card_number_issued("1234567812345670"));
  CHECK(iban_valid("GB29NWBK60161331926819"));
  CHECK_FALSE(iban_valid("GB29NWBK60161331926818"));
  CHECK_FALSE(iban_valid("GB29"));
  CHECK(iban_length("NO") == 15);
  CHECK(iban_length("US") == 0);
  CHECK(ssn_issued("123", "45", "6789"));
  CHECK_FALSE(ssn_issued("666", "45", "6789"));
}

TEST_CASE("top-level domains in any case, and file endings that are none") {
  for (const char* tld : {"com", "COM", "museum", "xn--p1ai"}) CHECK(is_tld(tld));
  for (const char* ending : {"png", "json", "cc", "x", "", "local"}) {
    CAPTURE(ending);
    CHECK(is_tld(ending) == (std::string_view(ending) == "cc"));
  }
}

TEST_CASE("entropy in bits per byte") {
  CHECK(entropy("") == 0);
  CHECK(entropy("aaaa") == 0);
  CHECK(entropy("abab") == doctest::Approx(1));
  CHECK(entropy("abcd") == doctest::Approx(2));
}

}  // namespace
}  // namespace pg
