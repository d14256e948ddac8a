// The sieve lets through what is ours and little else, and by registers the same as byte by byte.
#include "core/guard/anchor_sieve.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

AnchorSieve::Window window_of(std::string_view bytes) {
  AnchorSieve::Window window;
  for (std::size_t i = 0; i < window.size(); ++i) window[i].add(bytes[i]);
  return window;
}

TEST_CASE("every window of ours passes, whatever its bytes, and few of many others do") {
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  std::vector<std::string> ours;
  std::vector<AnchorSieve::Window> windows;
  for (int i = 0; i < 60; ++i) {
    ours.push_back(gen.bytes(4));
    windows.push_back(window_of(ours.back()));
  }
  const AnchorSieve sieve(windows);
  for (const std::string& window : ours) CHECK(sieve.passes(window.data()));
  int passed = 0;
  for (int i = 0; i < 10'000; ++i) passed += sieve.passes(gen.bytes(4).data()) ? 1 : 0;
  CHECK(passed < 1'000);
}

TEST_CASE("a few rare windows are quiet, and very many are not") {
  CHECK(AnchorSieve({window_of("AKIA"), window_of("ghp_")}).is_quiet());
  AnchorSieve::Window letters;
  letters.fill(kLower);
  CHECK_FALSE(AnchorSieve({letters}).is_quiet());
}

#ifdef PG_AVX512
TEST_CASE("64 windows at once are those that pass one by one") {
  if (!has_avx512()) return;
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  std::size_t found = 0;
  for (int round = 0; round < 2'000; ++round) {
    const std::string_view alphabet = round % 2 == 0 ? "abcdefghij\x80\xff_0" : "ab";
    std::vector<AnchorSieve::Window> windows;
    for (std::size_t i = gen.number(0, 20); i > 0; --i) windows.push_back(window_of(gen.text(4, alphabet)));
    const AnchorSieve sieve(windows);
    const std::size_t steps = gen.number(0, 17), size = steps * AnchorSieve::kStep + AnchorSieve::kReads;
    const std::size_t shift = gen.number(0, 63);
    // On the heap and of just that size, so that ASan sees what is read beyond.
    const std::unique_ptr<char[]> block(new char[shift + size]);
    const std::string text = gen.text(size, alphabet);
    std::copy(text.begin(), text.end(), block.get() + shift);
    std::vector<std::uint16_t> expected, places((steps + 1) * AnchorSieve::kStep);
    for (std::size_t at = 0; at < steps * AnchorSieve::kStep; ++at)
      if (sieve.passes(text.data() + at)) expected.push_back(static_cast<std::uint16_t>(at));
    places.resize(sieve.find(block.get() + shift, steps, places.data()));
    REQUIRE(places == expected);
    found += expected.size();
  }
  CHECK(found > 1'000);
}
#endif

}  // namespace
}  // namespace pg
