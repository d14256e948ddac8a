// libFuzzer over settings files: any bytes as a pg.toml, or a project file give settings or problems, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.h"
#include "core/base/text.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

void check_problems(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    const std::string text = problem_text(problem);
    expect(!text.empty() && is_utf8(text));
    // Three lines at most, and nothing a terminal would obey.
    expect(split(text, '\n').size() <= 3);
    for (const std::string_view line : split(text, '\n')) expect(escape_controls(line) == line);
  }
}

}  // namespace
}  // namespace pg

int fuzz_settings_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  pg::Settings settings;
  if (data[0] % 2 == 0)
    pg::check_problems(pg::read_settings_text(text, "pg.toml").problems);
  else
    pg::check_problems(pg::read_project_text(text, "p", "p.toml", settings));
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_settings_one(data, size);
}
#endif
