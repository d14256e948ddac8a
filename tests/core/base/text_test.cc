// UTF-8 validity against a second implementation, and the small tools one by one.
#include "core/base/text.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

/// Written from the definition: decode, then compare with the shortest form.
bool is_utf8_slowly(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
    if (length == 0 || text.size() < length) return false;
    unsigned value = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto tail = static_cast<unsigned char>(text[i]);
      if ((tail >> 6) != 2) return false;
      value = value << 6 | (tail & 63u);
    }
    const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

TEST_CASE("is_utf8 takes every well-formed edge and refuses every malformed one") {
  for (const char* good :
       {"", "ascii", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF", "a long ascii run, then \xE2\x82\xAC and more ascii after it"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xC2 ", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xE2\x82 ",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x98", "\xFE", "\xFF", "\xE2\x28\xA1"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(is_utf8(std::string(37, 'a') + bad));
    CHECK_FALSE(is_utf8(bad + std::string(37, 'a')));
  }
  CHECK(is_utf8(std::string_view("\0", 1)));
}

TEST_CASE("property: is_utf8 agrees with the definition") {
  PG_GEN(gen);
  const std::vector<std::string> pieces = {"abc",
                                           "a text longer than sixteen bytes",
                                           "\xC3\xA9",
                                           "\xE2\x82\xAC",
                                           "\xF0\x9F\x98\x80",
                                           "\xED\xA0\x80",
                                           "\xC0\x80",
                                           "\x80",
                                           "\xF4\x90\x80\x80"};
  int good = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::size_t n = gen.number(0, 6); n > 0; --n)
      text += pieces[gen.number(0, gen.number(0, 9) == 0 ? pieces.size() - 1 : 4)];
    if (gen.number(0, 3) == 0 && !text.empty()) text.pop_back();
    CAPTURE(text);
    CHECK(is_utf8(text) == is_utf8_slowly(text));
    if (is_utf8(text)) ++good;
  }
  CHECK(good > 100);
  CHECK(good < 2900);
}

TEST_CASE("code points are spelled in as many bytes as UTF-8 has for them") {
  std::string text;
  for (const std::uint32_t point : {0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xFFFDu, 0xFFFFu, 0x10000u, 0x10FFFFu})
    append_utf8(text, point);
  CHECK(text == "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  char bytes[4] = {};
  CHECK(write_utf8(bytes, 'a') == 1);
  CHECK(bytes[0] == 'a');
  CHECK(bytes[1] == '\0');
}

TEST_CASE("trim and split") {
  CHECK(trim(" \t\r\n a b \n") == "a b");
  CHECK(trim(" \t ") == "");
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("case is folded for ASCII only") {
  CHECK(to_lower("AbZ[\xC3\x89") == "abz[\xC3\x89");
  CHECK(equals_ignore_case("Content-Type", "content-type"));
  CHECK_FALSE(equals_ignore_case("a", "ab"));
  CHECK_FALSE(equals_ignore_case("[", "{"));
  CHECK_FALSE(equals_ignore_case("@", "`"));
  // Eight at a time and one at a time say the same of every pair of bytes.
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string one(1, static_cast<char>(a)), two(1, static_cast<char>(b));
      const std::string long_one = "abcd" + one + "fghXYZ", long_two = "ABCD" + two + "FGHxyz";
      REQUIRE(equals_ignore_case(one, two) == equals_ignore_case(long_one, long_two));
    }
  // Whatever the size, one character that differs is seen, wherever it stands.
  for (std::size_t size = 0; size <= 50; ++size) {
    const std::string upper(size, 'Q'), lower(size, 'q');
    REQUIRE(equals_ignore_case(upper, lower));
    REQUIRE(LowerName(upper).view() == lower.substr(0, 48));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = lower;
      other[i] = 'r';
      REQUIRE_FALSE(equals_ignore_case(upper, other));
    }
  }
  CHECK(starts_with_ignore_case("Bearer xyz", "bearer "));
  CHECK_FALSE(starts_with_ignore_case("Bear", "bearer"));
  CHECK(contains_ignore_case("Hello World", "LO wO"));
  CHECK(contains_ignore_case("x", ""));
  CHECK_FALSE(contains_ignore_case("Hello", "hellp"));
}

TEST_CASE("globs match whole texts") {
  CHECK(matches_glob("gpt-*", "gpt-5"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*b*c", "aXbYbZc"));
  CHECK(matches_glob("a?c", "abc"));
  CHECK(matches_glob("a?c",
                     "a\xC3\xA9"
                     "c"));
  CHECK(matches_glob("**a**", "xax"));
  CHECK(matches_glob("", ""));
  CHECK_FALSE(matches_glob("gpt-*", "Gpt-5"));
  CHECK_FALSE(matches_glob("gpt", "gpt-5"));
  CHECK_FALSE(matches_glob("a?c", "ac"));
  CHECK_FALSE(matches_glob("?", ""));
  CHECK_FALSE(matches_glob("*b", "abc"));
  CHECK_FALSE(matches_glob("", "a"));
}

TEST_CASE("a hostile glob costs pattern times text and no more") {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(matches_glob(pattern + "b", std::string(20'000, 'a')));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("edit distance counts changes and adjacent swaps, up to the limit") {
  CHECK(edit_distance("", "", 3) == 0);
  CHECK(edit_distance("kitten", "sitting", 5) == 3);
  CHECK(edit_distance("secrts", "secrets", 2) == 1);
  CHECK(edit_distance("secerts", "secrets", 2) == 1);
  CHECK(edit_distance("ab", "ba", 0) == 1);
  CHECK(edit_distance("", "abc", 3) == 3);
  CHECK(edit_distance("abc", "", 2) == 3);
  CHECK(edit_distance("abcdef", "uvwxyz", 2) == 3);
  CHECK(edit_distance("abcdef", "abcdef", 0) == 0);
}

TEST_CASE("property: the banded edit distance equals the full one below its limit") {
  PG_GEN(gen);
  for (int i = 0; i < 2000; ++i) {
    const std::string a = gen.text(gen.number(0, 8), "abc");
    const std::string b = gen.text(gen.number(0, 8), "abc");
    const int full = edit_distance(a, b, 20);
    const int limit = static_cast<int>(gen.number(0, 5));
    CAPTURE(a);
    CAPTURE(b);
    CHECK(full == edit_distance(b, a, 20));
    CHECK(edit_distance(a, b, limit) == std::min(full, limit + 1));
  }
}

TEST_CASE("the nearest candidate is offered only when it reads as a slip") {
  const std::vector<std::string_view> words = {"secrets", "serve", "scan", "log"};
  CHECK(find_nearest("secrts", words) == "secrets");
  CHECK(find_nearest("scn", words) == "scan");
  CHECK(find_nearest("serve", words) == "serve");
  CHECK(find_nearest("lag", words) == "log");
  CHECK_FALSE(find_nearest("lig2", std::vector<std::string_view>{"abcd"}));
  CHECK_FALSE(find_nearest("ab", std::vector<std::string_view>{"cd"}));
  CHECK_FALSE(find_nearest("frobnicate", words));
}

TEST_CASE("pieces are what split gives, one after the other") {
  for (const std::string_view text : {"", ",", "a", "a,b", ",a,,b,", "a,"}) {
    std::vector<std::string_view> pieces;
    for (const std::string_view piece : Pieces(text, ',')) pieces.push_back(piece);
    CHECK_MESSAGE(pieces == split(text, ','), text);
  }
}

}  // namespace pg
