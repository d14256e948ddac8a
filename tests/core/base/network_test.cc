#include "core/base/network.h"

#include <doctest/doctest.h>

namespace pg {
namespace {

bool covers(std::string_view network, std::string_view address) {
  const auto range = parse_network(network);
  const auto one = parse_address(address);
  REQUIRE(range.has_value());
  REQUIRE(one.has_value());
  return range->has(*one);
}

}  // namespace

TEST_CASE("a network has what begins with its prefix, of its own family, mapped or not") {
  CHECK(covers("10.0.0.0/8", "10.255.3.4"));
  CHECK_FALSE(covers("10.0.0.0/8", "11.0.0.0"));
  CHECK(covers("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(covers("192.0.2.128/25", "192.0.2.127"));
  CHECK(covers("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(covers("192.0.2.7", "192.0.2.6"));
  CHECK(covers("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(covers("::1", "::1"));
  CHECK_FALSE(covers("::1", "127.0.0.1"));
  CHECK(covers("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(covers("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK_FALSE(covers("::/1", "10.1.2.3"));
  CHECK(covers("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
}

TEST_CASE("what is no network, or has bits behind its prefix, is none") {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8 ", "10.0.0.1/8",
                           "2001:db8::1/32", "::/129", "[::1]", "[::1]/128", "10.0.0/8", "host", "10.0.0.0/8/8", "*"})
    CHECK_MESSAGE(!parse_network(text).has_value(), text);
}

}  // namespace pg
