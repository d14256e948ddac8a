// Encodings: the RFCs' own vectors, refusals, and that decoding undoes encoding for any bytes.
#include "core/base/encode.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/gen.h"

namespace pg {

TEST_CASE("base64 gives the vectors of RFC 4648 §10") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64("\xFB\xFF") == "+/8=");
  CHECK(to_base64url("\xFB\xFF") == "-_8");
}

TEST_CASE("base64 reads padded and unpadded text of its own alphabet and nothing else") {
  CHECK(from_base64("Zm8=") == "fo");
  CHECK(from_base64("Zm8") == "fo");
  CHECK(from_base64("") == "");
  CHECK(from_base64url("-_8") == "\xFB\xFF");
  CHECK(from_base64url("-_8=") == "\xFB\xFF");
  for (const char* bad : {"Z", "Zm9vY", "Zm 8", "Zm8\n", "Zm8==", "Zg=", "====", "=", "Zm=v", "-_8", "Zh=="}) {
    CAPTURE(bad);
    CHECK_FALSE(from_base64(bad));
  }
  CHECK_FALSE(from_base64url("+/8"));
}

TEST_CASE("hex reads both cases and writes lower case") {
  CHECK(to_hex(std::string("\x00\xAF\x10", 3)) == "00af10");
  CHECK(from_hex("00aF10") == std::string("\x00\xAF\x10", 3));
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("0x"));
}

TEST_CASE("percent escapes all but the unreserved characters of RFC 3986") {
  CHECK(to_percent("a-Z_0.~ /?+\xC3\xA9") == "a-Z_0.~%20%2F%3F%2B%C3%A9");
  CHECK(from_percent("a%2fb%20c+d") == "a/b c+d");
  CHECK_FALSE(from_percent("%"));
  CHECK_FALSE(from_percent("abc%2"));
  CHECK_FALSE(from_percent("%zz"));
}

TEST_CASE("property: decoding undoes encoding") {
  PG_GEN(gen);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = gen.bytes(gen.number(0, 70));
    CHECK(from_base64(to_base64(bytes)) == bytes);
    CHECK(from_base64url(to_base64url(bytes)) == bytes);
    CHECK(from_hex(to_hex(bytes)) == bytes);
    CHECK(from_percent(to_percent(bytes)) == bytes);
  }
}

TEST_CASE("a JSON string has quotes, backslashes and controls escaped, and all else as it was") {
  CHECK(json_escaped("plain, \xC3\xA9 / \x7F") == "plain, \xC3\xA9 / \x7F");
  CHECK(json_escaped("say \"hi\" \\ there") == R"(say \"hi\" \\ there)");
  CHECK(json_escaped("\b\f\n\r\t") == R"(\b\f\n\r\t)");
  CHECK(json_escaped(std::string("\0\x01\x1F", 3)) == R"(\u0000\u0001\u001f)");
  CHECK(json_quoted("") == "\"\"");
  CHECK(json_quoted("a\"b") == R"("a\"b")");
  std::string out = "kept ";
  append_json_escaped(out, "\"");
  CHECK(out == "kept \\\"");
}

TEST_CASE("escapes are found at every offset of a long text") {
  for (std::size_t at = 0; at < 70; ++at) {
    std::string text(70, 'x');
    text[at] = '\n';
    CAPTURE(at);
    CHECK(json_escaped(text) == std::string(at, 'x') + "\\n" + std::string(69 - at, 'x'));
  }
}

TEST_CASE("property: a JSON parser reads back what was escaped") {
  PG_GEN(gen);
  for (int i = 0; i < 500; ++i) {
    const std::string text = gen.text(gen.number(0, 60), std::string_view("ab\"\\\n\t\0\x1F /u", 12));
    CHECK(nlohmann::json::parse(json_quoted(text)).get<std::string>() == text);
  }
}

TEST_CASE("halves of surrogate pairs are written as U+FFFD: no strict parser would take them") {
  const std::string high = "\xED\xA0\xBD", low = "\xED\xB8\x80";  // U+D83D and U+DE00 in three bytes each
  const std::string lost = "\xEF\xBF\xBD";
  CHECK(json_escaped("a" + high) == "a" + lost);
  CHECK(json_escaped(low + "\"b") == lost + "\\\"b");
  CHECK(json_escaped(high + "x" + low) == lost + "x" + lost);
  CHECK(json_escaped("\xED\x95\x9C") == "\xED\x95\x9C");  // a Hangul syllable is nobody's half
  CHECK(json_escaped("\xED") == "\xED");
  CHECK(json_escaped("\xED\xA0") == "\xED\xA0");
}

}  // namespace pg
