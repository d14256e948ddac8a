// libFuzzer over git's index: it is read or refused, and no more is told than can stand in it. First two bytes: how much of
// the input is the index that a split one builds on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/git_index.h"
#include "tests/fuzz/harness.h"

int fuzz_git_index_one(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t shared = std::min<std::size_t>(bytes.size(), std::size_t{data[0]} << 8 | data[1]);
  std::size_t asked = 0;
  const auto read_shared = [&](const std::string& id) -> pg::Result<std::string> {
    pg::expect(id.size() == 40 || id.size() == 64);
    ++asked;
    return std::string(bytes.substr(0, shared));
  };
  const pg::Result<pg::GitIndex> index = pg::GitIndex::read(bytes.substr(shared), read_shared);
  pg::expect(asked <= 2);  // once for each length of ids
  if (!index) return 0;
  // An entry takes sixty bytes and more, in whichever of the two it stands.
  pg::expect(index->size() <= bytes.size() / 60);
  for (const std::string_view path : {"a", "sub/b", "", "/", "sub"}) {
    const auto file = index->find(path, false), directory = index->find(path, true);
    pg::expect(file == pg::GitIndex::Tracked::no || file == pg::GitIndex::Tracked::file);
    pg::expect(directory != pg::GitIndex::Tracked::file);
    if (index->size() == 0) pg::expect(file == pg::GitIndex::Tracked::no && directory == pg::GitIndex::Tracked::no);
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_git_index_one(data, size);
}
#endif
