#include "core/guard/wide_places.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/gen.h"

using namespace pg;

#ifdef PG_AVX2
TEST_CASE("sixteen places at once are those that are found one by one, gathered or loaded") {
  if (!has_avx2()) return;
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  constexpr std::uint32_t kFactor = 0x9E3779B1U << 8;
  constexpr int kShift = 32 - 14;
  std::size_t found = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string text(kWideReads, '\0');
    for (char& c : text) c = static_cast<char>(gen.number(0, round % 2 == 0 ? 255 : 3));
    std::vector<std::uint32_t> bitmap((1U << 14) / 32);
    for (int i = 0; i < 600; ++i) bitmap[gen.number(0, bitmap.size() - 1)] |= 1U << gen.number(0, 31);
    std::uint32_t expected = 0;
    for (unsigned at = 0; at < kWidePlaces; at += 2) {
      std::uint32_t window = 0;
      std::memcpy(&window, text.data() + at, 4);
      const std::uint32_t place = window * kFactor >> kShift;
      if ((bitmap[place / 32] >> (place % 32) & 1U) != 0) expected |= 1U << at, ++found;
    }
    CHECK(find_places_gathered(text.data(), bitmap.data(), kFactor, kShift) == expected);
    CHECK(find_places_loaded(text.data(), bitmap.data(), kFactor, kShift) == expected);
  }
  CHECK(found > 100);
}
#endif
