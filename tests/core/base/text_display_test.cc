// Hostile text cannot drive a terminal, and columns line up whatever the script.
#include <doctest/doctest.h>

#include <string>

#include "core/base/text.h"
#include "tests/support/gen.h"

namespace pg {

TEST_CASE("every byte a terminal would obey is spelled out") {
  CHECK(escape_controls_in_json("{\"a\":\"x\xC2\x9By\x7F\xE2\x80\xAE \xC3\xA9\xFF\"}") ==
        "{\"a\":\"x\\u009by\\u007f\\u202e \xC3\xA9\xFF\"}");
  CHECK(escape_controls("plain \xC3\xA9 \xF0\x9F\x98\x80") == "plain \xC3\xA9 \xF0\x9F\x98\x80");
  CHECK(escape_controls("\x1B[31mred") == "\\x1B[31mred");
  CHECK(escape_controls(std::string_view("a\0b\nc\t\x7F", 7)) == "a\\x00b\\x0Ac\\x09\\x7F");
  CHECK(escape_controls("\xC2\x9B"
                        "31m") == "\\u{009B}31m");  // C1 CSI
  CHECK(escape_controls("\xE2\x80\xAE"
                        "abc") == "\\u{202E}abc");  // right-to-left override
  CHECK(escape_controls("\xE2\x81\xA6") == "\\u{2066}");
  CHECK(escape_controls("bad \x9B \xE2\x82") == "bad \\x9B \\xE2\\x82");  // not UTF-8: an 8-bit terminal would obey
}

TEST_CASE("property: nothing a terminal obeys is left of any bytes, and the result is UTF-8") {
  PG_GEN(gen);
  for (int i = 0; i < 500; ++i) {
    const std::string out = escape_controls(gen.bytes(gen.number(0, 40)));
    CHECK(is_utf8(out));
    CHECK(escape_controls(out) == out);
  }
}

TEST_CASE("width counts cells, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("\xC3\xA9") == 1);
  CHECK(display_width("e\xCC\x81") == 1);                 // e with a combining acute
  CHECK(display_width("\xE6\xBC\xA2\xE5\xAD\x97") == 4);  // two ideographs
  CHECK(display_width("\xED\x95\x9C") == 2);              // a Hangul syllable
  CHECK(display_width("\xEF\xBC\xA1") == 2);              // full-width A
  CHECK(display_width("\xF0\x9F\x98\x80") == 2);          // an emoji
  CHECK(display_width("\xD0\x96") == 1);                  // Cyrillic
  CHECK(display_width("a\xE2\x80\x8B"
                      "b") == 2);  // zero-width space
  CHECK(display_width("\xFF") == 1);
}

}  // namespace pg
