#include "core/base/memory.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace pg {

TEST_CASE("giving memory back touches nothing that is in use") {
  std::vector<std::string> kept;
  for (int i = 0; i < 100; ++i) kept.emplace_back(10'000, static_cast<char>('a' + i % 26));
  std::vector<std::string>(100, std::string(10'000, 'x')).clear();
  give_back_memory();
  give_back_memory();
  for (int i = 0; i < 100; ++i) CHECK(kept[static_cast<std::size_t>(i)] == std::string(10'000, static_cast<char>('a' + i % 26)));
}

}  // namespace pg
