#include "core/guard/wide_hash.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pg {
namespace {

#ifdef PG_AVX2
TEST_CASE("the wide hash is the plain one at every length and alignment") {
  if (!has_avx2()) return;
  std::mt19937_64 random(3);
  std::string secret(XXH3_SECRET_SIZE_MIN + 56, '\0'), text(70'000, '\0');
  for (char& c : secret) c = static_cast<char>(random());
  for (char& c : text) c = static_cast<char>(random());
  const auto check = [&](std::size_t from, std::size_t size) {
    CAPTURE(from);
    CAPTURE(size);
    const XXH128_hash_t plain = XXH3_128bits_withSecret(text.data() + from, size, secret.data(), secret.size());
    const auto [low, high] = hash_wide(std::string_view(text).substr(from, size), secret);
    REQUIRE(low == plain.low64);
    REQUIRE(high == plain.high64);
  };
  for (std::size_t size = 0; size < 2'000; ++size) check(size % 33, size);
  for (std::size_t size = 2'000; size < 65'000; size += 997) check(size % 64, size);
}
#endif

}  // namespace
}  // namespace pg
