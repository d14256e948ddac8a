// Sources give the same bytes however they are asked, and refuse what costs too much.
#include "core/base/byte_source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/support/gzip.h"

namespace pg {
namespace {

Result<std::string> all_of(ByteSource& source, std::size_t step) {
  std::string out, piece(step, '\0');
  for (;;) {
    PG_TRY(const std::size_t got, source.read(piece.data(), step));
    if (got == 0) return out;
    out.append(piece, 0, got);
  }
}

TEST_CASE("UTF-16 of either order becomes UTF-8, and halves of characters U+FFFD") {
  const std::string little("a\0\xE9\0\x3D\xD8\x00\xDE\n\0", 10), big("\0a\0\xE9\xD8\x3D\xDE\x00\0\n", 10);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    MemorySource one(little), two(big);
    Utf16Source first(one, false), second(two, true);
    CHECK(all_of(first, step).value() == "a\xC3\xA9\xF0\x9F\x98\x80\n");
    CHECK(all_of(second, step).value() == "a\xC3\xA9\xF0\x9F\x98\x80\n");
  }
  for (const std::string& bad : {std::string("\x3D\xD8"), std::string("\x00\xDE", 2), std::string("\x3D")}) {
    MemorySource source(bad);
    Utf16Source text(source, false);
    CHECK(all_of(text, 7).value() == "\xEF\xBF\xBD");
  }
}

TEST_CASE("a prefix, a part and the end of a part that is cut") {
  MemorySource rest("cdef");
  PrefixedSource whole("ab", rest);
  PartSource part(whole, 3);
  CHECK(all_of(part, 2).value() == "abc");
  PartSource longer(whole, 9);
  const auto cut = all_of(longer, 4);
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().code == Code::bad_request);
}

TEST_CASE("a compressed stream unpacks under its budget") {
  const std::string text(300'000, 'x');
  const std::string packed = test::gzip("begin " + text);
  const auto unpack = [](const std::string& bytes, UnpackBudget budget) {
    MemorySource source(bytes);
    UnpackedSource unpacked(source, Coding::gzip, budget);
    return all_of(unpacked, 1000);
  };
  CHECK(unpack(packed, {}).value() == "begin " + text);
  CHECK(unpack(packed, {1000, 250}).error().code == Code::too_large);
  CHECK(unpack(test::gzip(std::string(8 << 20, 'x')), {std::uint64_t{1} << 30, 250}).error().code == Code::too_large);
  CHECK(unpack(packed.substr(0, packed.size() / 2), {}).error().code == Code::bad_request);
  CHECK(unpack("\x1f\x8b\x08 no gzip at all, no", {}).error().code == Code::bad_request);
}

}  // namespace
}  // namespace pg
