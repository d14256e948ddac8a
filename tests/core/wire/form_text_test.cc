// Forms: pieces with their places, and decoding that never loses where a byte came from.
#include "core/wire/form_text.h"

#include <doctest/doctest.h>

#include "tests/support/gen.h"

using namespace pg;

TEST_CASE("names and values, with and without =") {
  CHECK(read_form("").empty());
  CHECK(read_form("a=b&c&=d&e=") ==
        std::vector<FormPiece>{
            {0, 1, true}, {2, 3, false}, {4, 5, true}, {6, 6, true}, {7, 8, false}, {9, 10, true}, {11, 11, false}});
  CHECK(read_form("&&a=b=c&") == std::vector<FormPiece>{{2, 3, true}, {4, 7, false}});
}

TEST_CASE("decoding: plus, escapes, and what is none") {
  CHECK(decode_form("a+b%40c%2") == "a b@c%2");
  CHECK(decode_form("%zz%4x%41") == "%zz%4xA");
  CHECK(decode_form("%") == "%");
  CHECK(form_offset_of("a%40b", 2) == 4);
  CHECK(form_offset_of("a%40b", 3) == 5);
  CHECK(form_offset_of("ab", 9) == 2);
  CHECK(encode_form("[[EMAIL_001]]") == "%5B%5BEMAIL_001%5D%5D");
}

TEST_CASE("property: every decoded byte has its place, and encoding comes back") {
  constexpr std::string_view kBytes = "ab%+4&=z0";
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    std::string raw;
    for (std::uint32_t left = seed * 2654435761u; left > 0; left /= 9) raw += kBytes[left % 9];
    const std::string plain = decode_form(raw);
    for (std::size_t at = 0; at <= plain.size(); ++at) {
      const std::size_t place = form_offset_of(raw, at);
      CHECK(decode_form(raw.substr(0, place)).substr(0, at).size() == at);
    }
    CHECK(form_offset_of(raw, plain.size()) == raw.size());
    CHECK(decode_form(encode_form(raw)) == raw);
  }
}
