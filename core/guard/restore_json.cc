// The walker says where the strings are; no guess about quotes is made.
#include "core/guard/restore_json.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "core/guard/stream_restore.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

struct StringPlaces {
  using Ctx = int;
  int root() { return 0; }
  int member(int, std::string_view) { return 0; }
  int element(int, std::uint32_t) { return 0; }
  void open(int, bool) {}
  void close(int, bool) {}
  void scalar(int, std::size_t, std::size_t) {}
  void string(int, std::size_t begin, std::size_t end, bool) { found.emplace_back(begin, end); }
  void key(int, std::size_t begin, std::size_t end, bool) { found.emplace_back(begin, end); }

  std::vector<std::pair<std::size_t, std::size_t>> found;
};

}  // namespace

bool restore_json(std::string_view json, const TokenIndex& index, RestoreCounts& counts, std::string& out) {
  StringPlaces places;
  JsonWalker<StringPlaces> walker(json, places);
  if (!walker.walk()) return false;
  std::size_t done = 0;
  for (const auto& [begin, end] : places.found) {
    out += json.substr(done, begin - done);
    const std::string_view raw = json.substr(begin, end - begin);
    if (!restore_whole(index, TextForm::checked, raw, counts, out)) out += raw;
    done = end;
  }
  out += json.substr(done);
  return true;
}

}  // namespace pg
