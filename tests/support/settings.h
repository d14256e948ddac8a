// A home directory with settings in it, and the environment that leads there.
#pragma once

#include <string>
#include <string_view>

#include "config/load.h"
#include "tests/support/temp_dir.h"

namespace pg::test {

inline constexpr std::string_view kProjectId = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";

struct Home {
  TempDir dir;
  LoadOptions options;

  Home() { options.environment = Environment{{"HOME", dir.path()}}; }

  std::string config(std::string_view text) const { return dir.write(".config/promptgate/pg.toml", text); }
  std::string project(const std::string& name, std::string_view text) const {
    return dir.write(".config/promptgate/projects/" + name + ".toml", text);
  }
  /// A project on `provider` with `rest` behind its first keys.
  std::string simple_project(const std::string& name = "default", const std::string& rest = "") const {
    return project(name, "id = \"" + std::string(kProjectId) + "\"\nproviders = [\"echo\"]\n" + rest);
  }
  void set(const std::string& variable, const std::string& value) { (*options.environment)[variable] = value; }
};

}  // namespace pg::test
