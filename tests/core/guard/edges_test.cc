// Which bytes end an escape, and how long it is.
#include "core/guard/edges.h"

#include <doctest/doctest.h>

namespace pg {
namespace {

std::size_t before_end(std::string_view text) {
  return escape_before(text, text.size());
}

TEST_CASE("escapes of JSON, source, URLs and terminals separate") {
  CHECK(before_end("\\n") == 2);
  CHECK(before_end("\\\\n") == 2);
  CHECK(before_end("\\u003c") == 6);
  CHECK(before_end("\\x22") == 4);
  CHECK(before_end("%22") == 3);
  CHECK(before_end("%2522") == 5);
  CHECK(before_end("\x1b[31m") == 5);
  CHECK(before_end("\\u001b[1;31m") > 0);
}

TEST_CASE("letters that end no escape do not") {
  for (const std::string_view text : {"n", "an", "\\q", "u003c", "22", "%2g", "[31m", "x[31m", "m", ""}) {
    CAPTURE(text);
    CHECK(before_end(text) == 0);
  }
}

TEST_CASE("an edge is the end of a text, a foreign byte or an escape") {
  CHECK(left_edge("abc", 0, kWord));
  CHECK(left_edge(" abc", 1, kWord));
  CHECK(left_edge("\\nabc", 2, kWord));
  CHECK_FALSE(left_edge("xabc", 1, kWord));
  CHECK(right_edge("abc", 3, kWord));
  CHECK(right_edge("abc)", 3, kWord));
  CHECK_FALSE(right_edge("abcd", 3, kWord));
}

}  // namespace
}  // namespace pg
