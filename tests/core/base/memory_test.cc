#include "core/base/memory.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace pg {
namespace {

// Pages of files that are mapped and present.
long file_pages() {
  long size = 0, resident = 0, of_files = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> of_files;
  return of_files;
}

}  // namespace

TEST_CASE("giving memory back touches nothing that is in use") {
  std::vector<std::string> kept;
  for (int i = 0; i < 100; ++i) kept.emplace_back(10'000, static_cast<char>('a' + i % 26));
  std::vector<std::string>(100, std::string(10'000, 'x')).clear();
  give_back_memory();
  give_back_memory();
  for (int i = 0; i < 100; ++i) CHECK(kept[static_cast<std::size_t>(i)] == std::string(10'000, static_cast<char>('a' + i % 26)));
}

#ifdef __linux__
TEST_CASE("code that was given back is there when it is called") {
  const std::string constant = "what the linker wrote stays written";
  const std::map<std::string, int> before = {{"one", 1}, {"two", 2}};
  const long pages = file_pages();
  give_back_code();
  CHECK(file_pages() < pages);
  CHECK(std::map<std::string, int>{{"two", 2}, {"one", 1}} == before);
  CHECK(constant.find("linker") == 9);
  CHECK_THROWS_AS(std::string().at(1), std::out_of_range);  // its tables, too
}
#endif

}  // namespace pg
