// Personal data: what is found at which place, and every look-alike that users of other tools complained about.
#include "core/guard/pii.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/guard.h"
#include "core/guard/pii_finders.h"
#include "tests/support/pii_in.h"

namespace pg {
namespace {

using test::all_kinds;
using test::pii_in;

struct PiiRow {
  std::string_view text;
  std::string_view expected;
};

void check_pii(std::initializer_list<PiiRow> rows) {
  for (const PiiRow& row : rows) {
    CAPTURE(row.text);
    CHECK(pii_in(row.text) == row.expected);
    const std::string inside = "x \"" + std::string(row.text) + "\"\n";
    CHECK(pii_in(inside) == row.expected);
  }
}

TEST_CASE("e-mail addresses are found whole") {
  check_pii({
      {"john@example.com", "email:john@example.com"},
      {"mailto:john.doe+tag@mail.example.co.uk?subject=x", "email:john.doe+tag@mail.example.co.uk"},
      {"<john@example.com>", "email:john@example.com"},
      {"Write to john@example.com. Thanks", "email:john@example.com"},
      {"john@example.com.The next", "email:john@example.com"},
      {"\\njohn@example.com\\n", "email:john@example.com"},
      {"\\u003cjohn@example.com\\u003e", "email:john@example.com"},
      {"%22john@example.com%22", "email:john@example.com"},
      {"a=b@c.de,d@e.fr", "email:b@c.de email:d@e.fr"},
      {"JOHN@EXAMPLE.COM", "email:JOHN@EXAMPLE.COM"},
      {"user: john@example.com: hello", "email:john@example.com"},
      {"x@xn--bcher-kva.example.org", "email:x@xn--bcher-kva.example.org"},
      {"_j@example.com", "email:_j@example.com"},
  });
}

TEST_CASE("what only looks like an e-mail address is left alone") {
  for (const std::string_view text : {"git@github.com:owner/repo.git",
                                      "deploy@host.example.com:/srv/www",
                                      "me@host.example.com:~/x",
                                      "user@host.example.org:repo.git",
                                      "https://user@example.com/x",
                                      "https://user:pass@example.com/",
                                      "postgres://app:pw@db.example.com:5432/x",
                                      "devicon@master/devicon.min.css",
                                      "http://x@127.0.0.1/",
                                      "root@127.0.0.1",
                                      "hero@2x.png",
                                      "hero@2x.zip",
                                      "sdk@v1.44.0",
                                      "@types/node@1.2.3",
                                      "types/node@1.2.3",
                                      "react@18.2.0",
                                      "@app.get(\"/x\")",
                                      "@app.route",
                                      "self@app.run()",
                                      "noreply@anthropic.com",
                                      "no-reply@accounts.example.com",
                                      "12345+name@users.noreply.github.com",
                                      "git@gitlab.com",
                                      "user@localhost",
                                      "a@b",
                                      "a@.com",
                                      "a..b@example.com",
                                      "x@y.notatld",
                                      "@example.com",
                                      "foo@@example.com",
                                      "pkg@npm:1.2",
                                      "img@sha256:abcd.ef",
                                      "actions/checkout@v4.com",
                                      ".@example.com"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("cards are found bare and grouped") {
  check_pii({
      {"4111111111111111", "card:4111111111111111"},
      {"4111 1111 1111 1111", "card:4111 1111 1111 1111"},
      {"4111-1111-1111-1111", "card:4111-1111-1111-1111"},
      {"378282246310005", "card:378282246310005"},
      {"3782 822463 10005", "card:3782 822463 10005"},
      {"5555555555554444", "card:5555555555554444"},
      {"2223003122003222", "card:2223003122003222"},
      {"6011111111111117", "card:6011111111111117"},
      {"3566002020360505", "card:3566002020360505"},
      {"30569309025904", "card:30569309025904"},
      {"card=4242424242424242&x", "card:4242424242424242"},
      {"4111 1111 1111 1111 12/27", "card:4111 1111 1111 1111"},
      {"4111 1111 1111 1111 123", "card:4111 1111 1111 1111"},
      {"\\n4111111111111111", "card:4111111111111111"},
  });
}

TEST_CASE("what only passes Luhn is no card") {
  for (const std::string_view text : {"1700000000000",
                                      "1700000000003",
                                      "20260823000001_create.sql",
                                      "20260823000001",
                                      "41111111-1111-4111-1111-111111111111",
                                      "a4111111111111111",
                                      "4111111111111111b",
                                      "0.4111111111111111",
                                      "4111111111111111.5",
                                      "4111111111111112",
                                      "id-4111111111111111",
                                      "4111111111111111-7",
                                      "4111 1111 1111 1111 1111",
                                      "1111 4111 1111 1111 1111",
                                      "4111-1111-1111-1111-1111",
                                      "4111 1111-1111 1111",
                                      "+4111111111111111",
                                      "4444444444444444444444",
                                      "4000000000006",
                                      "9999999999999995",
                                      "0000000000000000",
                                      "_4111111111111111"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("IBANs need country, length, structure and checksum") {
  check_pii({
      {"DE89370400440532013000", "iban:DE89370400440532013000"},
      {"DE89 3704 0044 0532 0130 00", "iban:DE89 3704 0044 0532 0130 00"},
      {"GB29NWBK60161331926819", "iban:GB29NWBK60161331926819"},
      {"FR14 2004 1010 0505 0001 3M02 606", "iban:FR14 2004 1010 0505 0001 3M02 606"},
      {"NL91ABNA0417164300.", "iban:NL91ABNA0417164300"},
      {"CH93 0076 2011 6238 5295 7", "iban:CH93 0076 2011 6238 5295 7"},
      {"\\nBE68539007547034", "iban:BE68539007547034"},
      {"NO9386011117947", "iban:NO9386011117947"},
  });
  for (const std::string_view text :
       {"DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000", "de89370400440532013000",
        "ADE89370400440532013000", "DE893704004405320130001", "GB29123460161331926819", "PO1234567"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("social security numbers: dashed, or any form behind their name") {
  check_pii({
      {"123-45-6789", "ssn:123-45-6789"},
      {"SSN: 123 45 6789", "ssn:123 45 6789"},
      {"social security number 123456789", "ssn:123456789"},
      {"ssn=123.45.6789", "ssn:123.45.6789"},
  });
  for (const std::string_view text :
       {"000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000", "078-05-1120", "123456789", "123 45 6789",
        "1123-45-6789", "123-45-67890", "123-45-6789-1", "v123-45-6789", "2123-45-6789", "lessn: 123456789"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("phones: international, North American with separators, bare behind a label") {
  check_pii({
      {"+49 30 901820", "phone:+49 30 901820"},
      {"+442071838750", "phone:+442071838750"},
      {"+1 (415) 555-2671", "phone:+1 (415) 555-2671"},
      {"(415) 555-2671", "phone:(415) 555-2671"},
      {"415-555-2671", "phone:415-555-2671"},
      {"415.555.2671", "phone:415.555.2671"},
      {"1 234 567 8901", "phone:1 234 567 8901"},
      {"tel: 4155552671", "phone:4155552671"},
      {"Phone 030 901820", "phone:030 901820"},
      {"[415-555-2671]", "phone:415-555-2671"},
  });
  for (const std::string_view text : {"4155552671",
                                      "1700000000",
                                      "1700000000000",
                                      "hosted-eu-20260812-09",
                                      "2026-11-21",
                                      "order 1234567890",
                                      "115-555-2671",
                                      "415-155-2671",
                                      "911-555-2671",
                                      "415-555-26711",
                                      "x415-555-2671",
                                      "415-555-2671-1",
                                      "+12",
                                      "+0123456789",
                                      "1.234.567.8901.2",
                                      "0.415.555.2671",
                                      "hotel 4155552671",
                                      "f[15]+530742520&4294967295",
                                      "s(t)+3873151461",
                                      "\"Opera Mobile\",F:{A:1287100800",
                                      "phone 2016-10-24"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("IPv4: somebody's public address, not a version and not a well-known one") {
  check_pii({
      {"93.184.216.34", "ipv4:93.184.216.34"},
      {"http://93.184.216.34:8080/x", "ipv4:93.184.216.34"},
      {"93.184.216.34/24", "ipv4:93.184.216.34"},
      {"from 93.184.216.34.", "ipv4:93.184.216.34"},
      {"ssh root@93.184.216.34", "ipv4:93.184.216.34"},
  });
  for (const std::string_view text : {"10.1.2.3",
                                      "192.168.1.1",
                                      "172.16.0.1",
                                      "127.0.0.1",
                                      "0.0.0.0",
                                      "169.254.1.1",
                                      "100.64.0.1",
                                      "192.0.2.1",
                                      "198.51.100.7",
                                      "203.0.113.9",
                                      "224.0.0.1",
                                      "255.255.255.0",
                                      "8.8.8.8",
                                      "1.1.1.1",
                                      "1.2.3.4",
                                      "120.0.0.0",
                                      "packageVersion\":\"10.7.31.9",
                                      "version 93.184.216.34",
                                      "v93.184.216.34",
                                      "Chrome/93.184.216.34",
                                      "foo-93.184.216.34.jar",
                                      "==93.184.216.34",
                                      "93.184.216.34.5",
                                      "093.184.216.34",
                                      "93.184.216.256",
                                      "93.184.216",
                                      "1.3.6.1.4.1",
                                      "libfoo93.184.216.34",
                                      "93.184.216.34-beta",
                                      "\"v8\":\"5.10.71.52\"",
                                      "\xC2\xA7"
                                      "13.2.5.69",
                                      "RFC 7540 8.1.2.4",
                                      "section 6.3.1.2",
                                      "1.3.101.112",
                                      "11.22.0.0/16"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
  PiiChoice choice = all_kinds();
  choice.private_ipv4 = true;
  CHECK(pii_in("host 10.1.2.3", choice) == "ipv4:10.1.2.3");
  CHECK(pii_in("host 127.0.0.1", choice) == "");
}

TEST_CASE("hashes, ids and stamps of ordinary code are no personal data") {
  for (const std::string_view text :
       {"d41d8cd98f00b204e9800998ecf8427e", "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "\"integrity\": \"sha512-4111111111111111AbCd+/==\"", "epoch 1763699535 1763699535123", "0x4111111111111111",
        "M10.5 3.2.1.4z", "2026-11-21T03:32:42.104Z", "rgba(12, 34, 56, 0.789)", "c17a12f9d3e4b5a6978812345678901234567890",
        "1e4111111111111111", "AB12-4111-1111-1111-1111"}) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("numbers at the very edges of a text and of sixteen-byte blocks are seen whole") {
  // Given a number at every offset within three blocks
  for (std::size_t before = 0; before < 48; ++before) {
    const std::string text = std::string(before, ' ') + "4111111111111111";
    // When the text ends with it, or goes on
    CHECK(pii_in(text) == "card:4111111111111111");
    CHECK(pii_in(text + " " + std::string(before, '.')) == "card:4111111111111111");
  }
}

TEST_CASE("kinds do not hide each other") {
  CHECK(pii_in("123-45-6789 4111111111111111 john@example.com DE89370400440532013000 +49 30 901820 93.184.216.34") ==
        "ssn:123-45-6789 card:4111111111111111 email:john@example.com iban:DE89370400440532013000 phone:+49 30 901820 "
        "ipv4:93.184.216.34");
}

TEST_CASE("a label is a word of its own on the same line") {
  CHECK(label_before("my tel 1", 7, 24, Labels("tel|fax")));
  CHECK(label_before("TEL:1", 4, 24, Labels("tel|fax")));
  CHECK_FALSE(label_before("hotel 1", 6, 24, Labels("tel|fax")));
  CHECK_FALSE(label_before("tel\n1", 4, 24, Labels("tel|fax")));
  CHECK_FALSE(label_before("tel                            1", 31, 24, Labels("tel|fax")));
}

}  // namespace
}  // namespace pg
