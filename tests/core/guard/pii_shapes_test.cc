// Personal data in the texts that agents send: diffs, dumps, logs, URLs and tables; and the numbers of code that only look like
// it.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/edges.h"
#include "core/guard/guard.h"
#include "core/guard/validators.h"
#include "tests/support/pii_in.h"

namespace pg {
namespace {

using test::pii_in;

struct Shape {
  std::string_view text;
  std::string_view expected;
};

void check_shapes(std::initializer_list<Shape> rows) {
  for (const Shape& row : rows) {
    CAPTURE(row.text);
    CHECK(pii_in(row.text) == row.expected);
  }
}

void check_none(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    CAPTURE(text);
    CHECK(pii_in(text) == "");
  }
}

TEST_CASE("domains that are numbers are no versions") {
  check_shapes({{"j@163.com", "email:j@163.com"},
                {"a@v8.dev", "email:a@v8.dev"},
                {"me@1984.io", "email:me@1984.io"},
                {"john@4x.org", "email:john@4x.org"},
                {"j@1.qq.com", "email:j@1.qq.com"}});
  check_none({"pkg@1.2.3", "name@v2.dev-3", "pkg@1.2.dev", "other@456.md", "hero@2x.zip", "img/hero@2x.png", "@scope/pkg@2.dev",
              "a/b@v4.com"});
}

TEST_CASE("names and domains of other alphabets, and apostrophes") {
  check_shapes({{"info@m\u00fcller-bau.de", "email:info@m\u00fcller-bau.de"},
                {"(j\u00fcrgen.m\u00fcller@firma.de)", "email:j\u00fcrgen.m\u00fcller@firma.de"},
                {"\u00f6zil@example.com\u00e9", "email:\u00f6zil@example.com"},
                {"\u201ejohn@example.com\u201c", "email:john@example.com"},
                {"\u2192john@example.com", "email:john@example.com"},
                {"3\u00d7john@example.com", "email:john@example.com"},
                {"o'brien@acme.com", "email:o'brien@acme.com"},
                {"sean.o'brien@acme.com", "email:sean.o'brien@acme.com"},
                {"f'john@acme.com'", "email:john@acme.com"},
                {"'john@acme.com'", "email:john@acme.com"},
                {"d'john@acme.com'", "email:john@acme.com"}});
}

TEST_CASE("what follows an address is not always code or a path") {
  check_shapes({{"john@acme.com(work)", "email:john@acme.com"},
                {"john@acme.com:8080/x", "email:john@acme.com"},
                {"john@acme.com:passw0rd/1", "email:john@acme.com"}});
  check_none(
      {"self@app.run()", "w@x.at(0)", "git@github.com:org/repo", "deploy@host.example.com:apps/x", "me@example.com:repo.git"});
}

TEST_CASE("one neighbour makes no dump, a name no version, milliseconds alone a label's mistake") {
  const std::string card = "4111 1111 1111 1111";
  CHECK(pii_in("Ref 9f3b " + card) == "card:" + card);
  CHECK(pii_in("Pay " + card + " 4a2b") == "card:" + card);
  for (const std::string name : {"Instance ", "Attacker ", "Visitor ", "User "})
    CHECK(pii_in(name + "5.188.62.18") == "ipv4:5.188.62.18");
  CHECK(pii_in("phone: 1512345678") == "phone:1512345678");
  CHECK(pii_in("log/a.b-2024-123-45-6789") == "");
}

TEST_CASE("decimals, dumps, lists and factors are no cards") {
  check_none({"[-.5446307051249019,1.5]", "f(.4111111111111111)", "matrix(.4000000000000002,0)", "[.4300.0020.0011.0002]",
              "00000010: 7874 735f 2e73 697a 6528 2920 2626 2074  xt_.size() && t", "0000020 6528 2920 2626 2074",
              "6528 2920 2626 2074 735f 2e73", "5282 5281 5290 5293", "2298 2299 3120 3121", "4111111111111111*t**12"});
  check_shapes({{"**4111111111111111**", "card:4111111111111111"},
                {"code cafe 4111 1111 1111 1111", "card:4111 1111 1111 1111"},
                {"order 12345 4111 1111 1111 1111", "card:4111 1111 1111 1111"}});
}

TEST_CASE("cards and social security numbers in diffs and behind escapes") {
  check_shapes({{"@@ -1 +1 @@\n+4111111111111111\n", "card:4111111111111111"},
                {"@@ -1 +1 @@\n-4111 1111 1111 1111\n", "card:4111 1111 1111 1111"},
                {"@@ -1 +1 @@\n+123-45-6789\n", "ssn:123-45-6789"},
                {"@@ -1 +1 @@\n-123-45-6789\n", "ssn:123-45-6789"},
                {"?q=%204111111111111111&x", "card:4111111111111111"},
                {"%224111111111111111%22", "card:4111111111111111"},
                {"%22123-45-6789%22", "ssn:123-45-6789"},
                {"%25224111111111111111", "card:4111111111111111"},
                {"\\u00224111111111111111\\u0022", "card:4111111111111111"},
                {"\\u0020123-45-6789", "ssn:123-45-6789"}});
  check_none({"x = a\n  +4111111111111111", "1%14111111111111111"});
  check_shapes({{"%4111111111111111", "card:4111111111111111"}});
}

TEST_CASE("sections, coordinates, strokes and check digits that are never issued") {
  GuardSettings settings;
  settings.phone = settings.ipv4 = settings.card = settings.iban = Action::redact;
  const auto guards = Guards::make(nullptr, settings).value();
  const auto count = [&](std::string_view text) {
    std::vector<Finding> found;
    guards->inspect(text, Scrutiny::all, found);
    return found.size();
  };
  for (const std::string_view text : {"[5.2.1.6]", "// 23.2.3.5 list modifiers", "v=3.9.4.3", "fixed in 1.5.4.1.",
                                      "IE\t+5320-00615\tEurope/Dublin", "+415000-0705200\tx", "<U4E00> 341124311214544",
                                      "DE00"
                                      "370400440532000052",
                                      "DE01"
                                      "370400440532000034",
                                      "DE99"
                                      "370400440532000016"}) {
    CAPTURE(text);
    CHECK(count(text) == 0);
  }
  for (const std::string_view text :
       {"host 5.9.12.7", "5.9.12.7:22", "185.9.12.7", "+4930-12345", "+49 30 901820", "ip=23.2.3.5"}) {
    CAPTURE(text);
    CHECK(count(text) == 1);
  }
  CHECK_FALSE(
      iban_valid("DE00"
                 "370400440532013068"));
}

TEST_CASE("longer words than a label announce no phone") {
  check_none({"telnet 192.168.10.20 8080",
              "telemetry_events_total 184467440",
              "telegram chat_id: 123456789",
              "telemetry_id=20231105123456",
              "mobile app build 2023110512",
              "cell_count = 1500000",
              "cells: 1234567",
              "mobile: 1697712345678",
              "phone_number_id: 106540352242922",
              "@telefonica/cli 12.0.20220529",
              "fax_modem_buffer 1048576",
              "\"telephone\": null, \"created\": 1697712345",
              "phone.js:1234567:12",
              "whatsapp message 1697712345",
              "mobile breakpoint 320 480 768 1024",
              "mobile 320 480 768 1024 1280",
              "Call me when 2000000 is done",
              "diff\n+20240101\n",
              "x = +2147483647",
              "750 751 2400",
              "coords: 234 567 8901 12"});
  check_shapes({{"phone number is 4155552671", "phone:4155552671"},
                {"\"phone\":\"4155552671\"", "phone:4155552671"},
                {"phoneNumber: 4155552671", "phone:4155552671"},
                {"user_phone=14155552671", "phone:14155552671"},
                {"call me at 4155552671", "phone:4155552671"},
                {"Tel. 030 1234567", "phone:030 1234567"},
                {"| Phone | 4155552671 |", "phone:4155552671"},
                {"415 555 2671", "phone:415 555 2671"}});
}

TEST_CASE("versions, object identifiers and drawings are no addresses; machines of a build are") {
  check_none({"Git 1.7.12.4", "The release notes to 1.7.5.1 forgot", "\"2.5.29.37\"", "3.40.1 3.40.1.1",
              "<path d=\"M10.5 2c1.25-.5 3.51.98.32\"/>", "release 81.2.69.142", "docker/81.2.69.142", "build: 81.2.69.142",
              "Firefox/81.2.69.142"});
  check_shapes({{"server/81.2.69.142", "ipv4:81.2.69.142"},
                {"build server: 81.2.69.142", "ipv4:81.2.69.142"},
                {"release host 81.2.69.142", "ipv4:81.2.69.142"},
                {"proxy/81.2.69.142:80", "ipv4:81.2.69.142"},
                {"Server 5.9.12.4", "ipv4:5.9.12.4"},
                {"0.003 81.2.69.142 - -", "ipv4:81.2.69.142"}});
}

TEST_CASE("the sign of a diff and the dash of grep -C belong to the line") {
  for (const std::string_view text : {"a\n-x", "a\n+x", "-x", "12-x", "a\n12-x", "keys.txt-12-x", "\\n-x"}) {
    CAPTURE(text);
    CHECK(line_sign_before(text, text.size() - 1));
  }
  for (const std::string_view text : {"a-x", "a -x", "a--x", "a\n12+x", "a12-x", "x"}) {
    CAPTURE(text);
    CHECK_FALSE(line_sign_before(text, text.size() - 1));
  }
}

}  // namespace
}  // namespace pg
