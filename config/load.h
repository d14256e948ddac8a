// From files, environment and flags to Settings, with every mistake reported at once.
#pragma once

#include <set>
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
  std::set<std::string> unread;   // files that are no TOML, or cannot be opened: nothing is known of what they say
};

/// Finds and reads everything `options` points at: flags > PG_* > pg.toml > defaults, then the project files beside pg.toml, then
/// the cross references of validate.h. Never fails; what is wrong stands in `problems`.
Loaded read_settings(const LoadOptions& options);

/// read_settings, or invalid_config with the text of all problems.
Result<Settings> load_settings(const LoadOptions& options);

/// load_settings(), but for project files that are wrong: those are left out, and stand in Settings::broken.
Result<Settings> load_usable_settings(const LoadOptions& options);

/// The same for texts instead of files, for editors, checks and fuzzing: `text` as a pg.toml.
Loaded read_settings_text(std::string_view text, const std::string& file);
/// `text` as the project file `name`.toml on top of `settings`, whose providers and guards it may name. Cross references
/// included.
std::vector<Problem> read_project_text(std::string_view text, const std::string& name, const std::string& file,
                                       Settings& settings);

}  // namespace pg
