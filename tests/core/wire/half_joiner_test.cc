#include "core/wire/half_joiner.h"

#include <doctest/doctest.h>

#include "core/wire/json_walk.h"
#include "tests/support/gen.h"

namespace pg {
namespace {

const std::string kHigh = "\xED\xA0\xBD", kLow = "\xED\xB8\x80", kGrin = "\xF0\x9F\x98\x80";

}  // namespace

TEST_CASE("two halves in two pieces are one character") {
  HalfJoiner joiner;
  CHECK(joiner.passes("plain"));
  CHECK_FALSE(joiner.passes(kHigh));
  CHECK(joiner.push("a" + kHigh) == "a");
  CHECK_FALSE(joiner.passes("plain"));
  CHECK(joiner.push(kLow + "b") == kGrin + "b");
  CHECK(joiner.push("c") == "c");
  CHECK(joiner.finish().empty());
}

TEST_CASE("a half alone stays a half, for whoever writes it to replace") {
  HalfJoiner joiner;
  CHECK(joiner.push(kLow + "x") == kLow + "x");
  CHECK(joiner.push(kHigh).empty());
  CHECK(joiner.push("y") == kHigh + "y");
  CHECK(joiner.push(kHigh + kHigh) == kHigh);
  CHECK(joiner.push(kLow) == kGrin);
  CHECK(joiner.push("z" + kHigh) == "z");
  CHECK(joiner.finish() == kHigh);
  CHECK(joiner.push("\xED\x95\x9C") == "\xED\x95\x9C");  // Hangul
}

TEST_CASE("property: however escaped text is cut between its escapes, joined pieces are the text") {
  PG_GEN(gen);
  const std::string_view pieces[] = {"a", "\\ud83d", "\\ude00", "\\n", "\xED\x95\x9C", "\\u00e9"};
  for (int i = 0; i < 300; ++i) {
    std::string raw, said, piece;
    HalfJoiner joiner;
    for (int k = 0; k < 12; ++k) {
      const std::string_view next = pieces[gen.number(0, 5)];
      raw += next;
      piece += next;
      if (gen.number(0, 1) == 0) continue;
      said += joiner.push(unescape_json_piece(piece));
      piece.clear();
    }
    said += joiner.push(unescape_json_piece(piece));
    said += joiner.finish();
    CHECK(said == unescape_json_piece(raw));
  }
}

}  // namespace pg
