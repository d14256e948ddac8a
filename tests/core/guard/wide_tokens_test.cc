#include "core/guard/wide_tokens.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

void check_tokens(std::string_view text, std::size_t shift, std::size_t from) {
  // In a block on the heap that ends where the text ends, so that ASan sees what is read beyond.
  const std::unique_ptr<char[]> block(new char[shift + text.size()]);
  std::copy(text.begin(), text.end(), block.get() + shift);
  const std::string_view view(block.get() + shift, text.size());
  std::size_t expected = from;
  while (expected + 1 < text.size() && !(text[expected] == '_' && text[expected + 1] >= '0' && text[expected + 1] <= '9'))
    ++expected;
  if (expected + 1 >= text.size()) expected = text.size();
  CAPTURE(text);
  CAPTURE(from);
  REQUIRE(find_numbered_plain(view, from) == expected);
#ifdef PG_AVX2
  if (has_avx2()) REQUIRE(find_numbered_256(view, from) == expected);
#endif
}

TEST_CASE("an underscore before a digit is found at every place, and no other") {
  for (std::size_t size = 0; size < 300; ++size) check_tokens(std::string(size, '_'), size % 64, size / 3);
  for (std::size_t size = 2; size < 200; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, '_');
      text[at] = "09/:"[at % 4];
      check_tokens(text, size % 64, 0);
    }
  }
  test::Gen gen;
  INFO("PG_SEED=" << gen.seed());
  for (int round = 0; round < 5'000; ++round) {
    const std::string text = gen.text(gen.number(0, 300), "_____________x/:09");
    check_tokens(text, gen.number(0, 63), gen.number(0, text.size()));
  }
}

}  // namespace
}  // namespace pg
