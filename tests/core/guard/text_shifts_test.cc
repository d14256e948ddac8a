#include "core/guard/text_shifts.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/gen.h"

namespace pg {

TEST_CASE("text shifts: what comes behind a token moves, what comes before it stays") {
  TextShifts shifts;
  CHECK(shifts.empty());
  CHECK(shifts.moved(7, false) == 7);
  shifts.pass("ab");
  shifts.replace("[[X_001]]", "longer than that");  // 9 -> 16
  shifts.pass("cd");
  shifts.replace("[[Y_001]]", "no");  // 9 -> 2
  for (std::int64_t place = 0; place <= 2; ++place) CHECK(shifts.moved(place, true) == place);
  CHECK(shifts.moved(5, false) == 2);
  CHECK(shifts.moved(5, true) == 18);
  CHECK(shifts.moved(11, false) == 18);
  CHECK(shifts.moved(13, true) == 20);
  CHECK(shifts.moved(22, true) == 22);
  CHECK(shifts.moved(30, true) == 30);
}

TEST_CASE("text shifts: places are code points, however they are escaped") {
  TextShifts shifts;
  shifts.pass("\\n\\u00e9\xc3\xa9\\ud83d\\ude00\xf0\x9f\x98\x80\\\\\\u0041");  // seven
  shifts.replace("[[X_001]]", "\xc3\xa9");
  CHECK(shifts.moved(7, false) == 7);
  CHECK(shifts.moved(16, true) == 8);
  CHECK(shifts.moved(20, true) == 12);
}

TEST_CASE("text shifts: any text's places are found again behind its tokens") {
  test::Gen gen;
  for (int round = 0; round < 200; ++round) {
    TextShifts shifts;
    std::string before, after;
    for (std::size_t n = gen.number(0, 12); n > 0; --n) {
      const std::string piece(gen.number(0, 5), 'p');
      shifts.pass(piece);
      before += piece;
      after += piece;
      CHECK(shifts.moved(static_cast<std::int64_t>(before.size()), false) == static_cast<std::int64_t>(after.size()));
      const std::string original(gen.number(0, 30), 'o');
      shifts.replace("[[X_001]]", original);
      before += "[[X_001]]";
      after += original;
      CHECK(shifts.moved(static_cast<std::int64_t>(before.size()), true) == static_cast<std::int64_t>(after.size()));
    }
  }
}

}  // namespace pg
