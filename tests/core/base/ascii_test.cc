// Every byte, against sets that are written out.
#include "core/base/ascii.h"

#include <doctest/doctest.h>

#include <string_view>

namespace pg {

TEST_CASE("a letter, a digit, a blank is one of ASCII's and nothing else") {
  constexpr std::string_view kLowers = "abcdefghijklmnopqrstuvwxyz", kUppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kTenDigits = "0123456789", kHexLetters = "abcdefABCDEF", kBetween = " \t\r\n";
  const auto in = [](std::string_view set, char c) { return set.find(c) != std::string_view::npos; };
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const char c = static_cast<char>(byte);
    const bool letter = in(kLowers, c) || in(kUppers, c);
    CHECK(is_lower(c) == in(kLowers, c));
    CHECK(is_upper(c) == in(kUppers, c));
    CHECK(is_digit(c) == in(kTenDigits, c));
    CHECK(is_letter(c) == letter);
    CHECK(is_alnum(c) == (letter || in(kTenDigits, c)));
    CHECK(is_word(c) == (letter || in(kTenDigits, c) || c == '_'));
    CHECK(is_blank(c) == in(kBetween, c));
    CHECK(is_hex(c) == (in(kTenDigits, c) || in(kHexLetters, c)));
    CHECK((hex_value(c) >= 0) == is_hex(c));
    CHECK(to_lower(c) == (in(kUppers, c) ? kLowers[kUppers.find(c)] : c));
    CHECK(to_upper(c) == (in(kLowers, c) ? kUppers[kLowers.find(c)] : c));
  }
}

TEST_CASE("hex digits count from 0 to 15 in both cases") {
  constexpr std::string_view kLowers = "0123456789abcdef", kUppers = "0123456789ABCDEF";
  for (int value = 0; value < 16; ++value) {
    CHECK(hex_value(kLowers[static_cast<std::size_t>(value)]) == value);
    CHECK(hex_value(kUppers[static_cast<std::size_t>(value)]) == value);
  }
}

}  // namespace pg
