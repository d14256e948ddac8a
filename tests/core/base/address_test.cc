// IP literals read strictly, and no special-purpose address passes for public.
#include "core/base/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <string>

#include "tests/support/gen.h"

namespace pg {
namespace {

bool is_public(const char* text) {
  const auto address = parse_address(text);
  REQUIRE_MESSAGE(address.has_value(), text);
  return address->is_public();
}

bool is_loopback(const char* text) {
  const auto address = parse_address(text);
  REQUIRE_MESSAGE(address.has_value(), text);
  return address->is_loopback();
}

}  // namespace

TEST_CASE("IPv4 literals are strict dotted quads") {
  CHECK(parse_address("1.2.3.4")->bytes[3] == 4);
  CHECK(parse_address("255.255.255.255"));
  CHECK(parse_address("0.0.0.0"));
  for (const char* bad : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x7f.0.0.1",
                          "2130706433", "1.2.3.4:80", "a.b.c.d", "1..2.3", "1.2.3.-4", "1.2.3.0004"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_address(bad));
  }
}

TEST_CASE("IPv6 literals are read in every form of RFC 4291, bracketed or not") {
  const auto full = parse_address("2001:db8:0:0:8:800:200c:417a");
  CHECK(full == parse_address("[2001:DB8::8:800:200C:417A]"));
  CHECK(parse_address("::")->bytes == Address{}.bytes);
  CHECK(parse_address("::1")->bytes[15] == 1);
  CHECK(parse_address("1::")->bytes[1] == 1);
  CHECK(parse_address("1:2:3:4:5:6:7::")->bytes[13] == 7);
  CHECK(parse_address("::ffff:1.2.3.4")->bytes[15] == 4);
  CHECK(parse_address("1:2:3:4:5:6:1.2.3.4")->bytes[12] == 1);
  for (const char* bad : {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                          "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1%eth0", "[::1", "::1]", "[1.2.3.4]", "[]", "::1.2.3",
                          "1.2.3.4::", "::1.2.3.4:5", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:1.2.3.4"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_address(bad));
  }
}

TEST_CASE("an address is spelled the one way of RFC 5952, and read back") {
  const auto spelled = [](const char* text) { return spell_address(parse_address(text).value()); };
  CHECK(spelled("127.0.0.1") == "127.0.0.1");
  CHECK(spelled("255.0.10.9") == "255.0.10.9");
  CHECK(spelled("::ffff:10.0.0.7") == "10.0.0.7");
  CHECK(spelled("::") == "::");
  CHECK(spelled("::1") == "::1");
  CHECK(spelled("1::") == "1::");
  CHECK(spelled("2001:DB8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");     // the first of two runs
  CHECK(spelled("2001:db8:0:1:0:0:0:1") == "2001:db8:0:1::1");       // the longer of two
  CHECK(spelled("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");  // one group is no run
  CHECK(spelled("0:0:1:2:3:4:5:6") == "::1:2:3:4:5:6");
  CHECK(spelled("fe80:1234:5678:9abc:def0:1234:5678:9abc") == "fe80:1234:5678:9abc:def0:1234:5678:9abc");
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int i = 0; i < 2'000; ++i) {
    Address address;
    address.v6 = gen.coin();
    for (std::size_t at = 0; at < (address.v6 ? 16u : 4u); ++at)
      address.bytes[at] = gen.coin() ? static_cast<std::uint8_t>(gen.number(0, 255)) : std::uint8_t{0};
    const std::string text = spell_address(address);
    CHECK(text.size() <= 39);
    CHECK(spell_address(parse_address(text).value()) == text);
    char known[INET6_ADDRSTRLEN];
    REQUIRE(::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), known, sizeof known) != nullptr);
    if (!(address.v6 && std::string_view(known).find('.') != std::string_view::npos)) CHECK(text == known);
  }
}

TEST_CASE("loopback in both families, and mapped") {
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("127.255.0.9"));
  CHECK(is_loopback("::1"));
  CHECK(is_loopback("::ffff:127.0.0.1"));
  CHECK_FALSE(is_loopback("128.0.0.1"));
  CHECK_FALSE(is_loopback("0.0.0.0"));
  CHECK_FALSE(is_loopback("::2"));
  CHECK_FALSE(is_loopback("::127.0.0.1"));
}

TEST_CASE("the first and last address of each special IPv4 range are not public; their neighbours are") {
  for (const char* inside :
       {"0.0.0.0",      "0.255.255.255", "10.0.0.0",        "10.255.255.255",  "100.64.0.0",     "100.127.255.255",
        "127.0.0.1",    "169.254.0.0",   "169.254.169.254", "172.16.0.0",      "172.31.255.255", "192.0.0.1",
        "192.0.2.255",  "192.88.99.1",   "192.168.0.0",     "192.168.255.255", "198.18.0.0",     "198.19.255.255",
        "198.51.100.7", "203.0.113.0",   "224.0.0.1",       "239.255.255.255", "240.0.0.0",      "255.255.255.255"}) {
    CAPTURE(inside);
    CHECK_FALSE(is_public(inside));
  }
  for (const char* outside :
       {"1.0.0.0",      "9.255.255.255",   "11.0.0.0",    "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0",    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",  "203.0.112.255",
        "192.31.196.1", "223.255.255.255", "8.8.8.8"}) {
    CAPTURE(outside);
    CHECK(is_public(outside));
  }
}

TEST_CASE("IPv6: only global unicast outside the special ranges is public, and carried IPv4 decides") {
  for (const char* inside : {"::", "::1", "::8.8.8.8", "100::1", "64:ff9b:1::1", "fc00::1", "fdff::1", "fe80::1", "ff02::1",
                             "2001::1", "2001:1ff::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "5f00::1", "4000::1",
                             "::ffff:10.0.0.1", "64:ff9b::192.168.1.1", "2002:7f00:1::"}) {
    CAPTURE(inside);
    CHECK_FALSE(is_public(inside));
  }
  for (const char* outside : {"2000::1", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1", "2a00:1450::1", "3fff:1000::1",
                              "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"}) {
    CAPTURE(outside);
    CHECK(is_public(outside));
  }
}

TEST_CASE("property: no loopback address is public, and any text is read or refused without harm") {
  PG_GEN(gen);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = gen.text(gen.number(0, 24), "0123456789abcf:::..[]");
    const auto address = parse_address(text);
    if (address && address->is_loopback()) CHECK_FALSE(address->is_public());
  }
}

}  // namespace pg
