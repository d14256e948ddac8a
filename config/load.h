// From files, environment and flags to Settings, with every mistake reported at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/settings.h"
#include "core/base/result.h"

namespace pg {

struct Loaded {
  Settings settings;
  std::vector<Problem> problems;  // empty: the settings can be used
};

/// Finds and reads everything `options` points at: flags > PG_* > pg.toml > defaults, then the project files beside pg.toml, then
/// the cross references of validate.h. Never fails; what is wrong stands in `problems`.
Loaded read_settings(const LoadOptions& options);

/// read_settings, or invalid_config with the text of all problems.
Result<Settings> load_settings(const LoadOptions& options);

/// The same for texts instead of files, for editors, checks and fuzzing: `text` as a pg.toml.
Loaded read_settings_text(std::string_view text, const std::string& file);
/// `text` as the project file `name`.toml on top of `settings`, whose providers and guards it may name. Cross references
/// included.
std::vector<Problem> read_project_text(std::string_view text, const std::string& name, const std::string& file,
                                       Settings& settings);

}  // namespace pg
