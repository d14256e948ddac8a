// The look for runs and signs in 64 bytes at once against one at each byte.
#include "core/guard/wide_encoded.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "core/guard/encoded_runs.h"

#ifdef PG_AVX512
namespace pg {

TEST_CASE("a look at 64 bytes a step finds the runs and signs that a look at each byte finds") {
  if (!has_avx512()) return;
  std::mt19937_64 random(11);
  bool with_run = false, without = false;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 300, 'a');
    const unsigned breaks = 1 + static_cast<unsigned>(random() % 60);
    for (char& c : text) c = random() % breaks == 0 ? ".\n \"@[`{\x80\xff"[random() % 10] : "AZaz09+/_-mQ"[random() % 12];
    if (!text.empty() && random() % 3 == 0) text[random() % text.size()] = random() % 2 == 0 ? '\\' : '%';
    CAPTURE(text);
    const EncodedSigns signs = find_encoded_signs_512(text);
    CHECK(signs.has_run == find_run_portably(text, 0).has_value());
    if (!signs.has_run) CHECK(signs.first_sign == std::min(text.find_first_of("\\%"), text.size()));
    (signs.has_run ? with_run : without) = true;
  }
  CHECK((with_run && without));
  for (int byte = 0; byte < 256; ++byte)
    CHECK(find_encoded_signs_512(std::string(40, static_cast<char>(byte))).has_run == kRunBytes.has(static_cast<char>(byte)));
}

}  // namespace pg
#endif
