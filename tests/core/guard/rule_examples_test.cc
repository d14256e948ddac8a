// The example language: the same seed gives the same value, fields have the length and alphabet they name.
#include "core/guard/rule_examples.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/guard/byte_set.h"

namespace pg {
namespace {

TEST_CASE("classes have their length and alphabet, and the rest stands as written") {
  const std::string value = spell_example("a-{hex:8}-{digit:3}{join}{upper}", 1).value();
  CHECK(value.size() == 2 + 8 + 1 + 3 + 1);
  CHECK(value.starts_with("a-"));
  CHECK(std::all_of(value.begin() + 2, value.begin() + 10, [](char c) { return kLowerHex.has(c); }));
  CHECK(kUpper.has(value.back()));
  CHECK(spell_example("${NAME} {} {9}", 1).value() == "${NAME} {} {9}");
  CHECK(spell_example("{repeat:x:5}", 1).value() == "xxxxx");
}

TEST_CASE("seeds decide") {
  CHECK(spell_example("{alnum:30}", 1).value() == spell_example("{alnum:30}", 1).value());
  CHECK(spell_example("{alnum:30}", 1).value() != spell_example("{alnum:30}", 2).value());
}

TEST_CASE("unknown fields are refused") {
  CHECK_FALSE(spell_example("{nonsense:3}", 1).has_value());
  CHECK_FALSE(read_class_field("jwt").has_value());
  CHECK(read_class_field("any:a-c:4")->count == 4);
}

}  // namespace
}  // namespace pg
