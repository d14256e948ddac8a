// A home directory with settings in it, and the environment that leads there.
#pragma once

#include <string>
#include <string_view>

#include "config/load.h"
#include "tests/support/project_id.h"
#include "tests/support/temp_dir.h"

namespace pg::test {

struct SettingsHome {
  TempDir dir;
  LoadOptions options;

  SettingsHome() { options.environment = Environment{{"HOME", dir.path()}}; }

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
