// Every way to look places up finds those that are found one by one, in order, and reads no further than it says.
#include "core/guard/wide_places.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

constexpr std::uint32_t kFactor = 0x9E3779B1U << 8;
constexpr int kShift = 32 - 14;

using Places = std::vector<std::uint16_t>;

std::vector<FindPlaces*> ways_of_places() {
  std::vector<FindPlaces*> out;
#ifdef PG_AVX2
  if (has_avx2()) out = {find_places_gathered, find_places_loaded};
#endif
#ifdef PG_AVX512
  if (has_avx512()) out.push_back(find_places_512);
#endif
  return out;
}

Places found_plainly(const char* text, std::size_t steps, const PlaceFilter& filter) {
  Places out;
  for (std::size_t at = 0; at < steps * kPlaceStep; at += 2) {
    std::uint32_t window = 0;
    std::memcpy(&window, text + at, 4);
    const std::uint32_t place = window * filter.factor >> filter.shift;
    if ((filter.bitmap[place / 32] >> (place % 32) & 1U) != 0) out.push_back(static_cast<std::uint16_t>(at));
  }
  return out;
}

TEST_CASE("many places at once are those that are found one by one, in each of the ways") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  std::size_t found = 0;
  for (int round = 0; round < 1'000; ++round) {
    const std::size_t steps = gen.number(0, 17), size = steps * kPlaceStep + kPlaceReads, shift = gen.number(0, 63);
    // On the heap and of just that size, so that ASan sees what is read beyond.
    const std::unique_ptr<char[]> block(new char[shift + size]);
    char* const text = block.get() + shift;
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(gen.number(0, round % 2 == 0 ? 255 : 3));
    std::vector<std::uint32_t> bitmap((1U << 14) / 32, round % 10 == 0 ? ~0U : 0U);
    for (int i = 0; i < 600; ++i) bitmap[gen.number(0, bitmap.size() - 1)] |= 1U << gen.number(0, 31);
    const PlaceFilter filter{bitmap.data(), kFactor, kShift};
    const Places expected = found_plainly(text, steps, filter);
    found += expected.size();
    for (FindPlaces* const find : ways_of_places()) {
      Places places((steps + 1) * kMostPlaces);
      places.resize(find(text, steps, filter, places.data()));
      CHECK(places == expected);
    }
  }
  CHECK(found > 100);
}

}  // namespace
}  // namespace pg
