// PG_* variables and flags into the settings: the twins of pg.toml's keys.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"

namespace pg {

/// The variable that sets a key: "serve.port" -> "PG_SERVE_PORT".
std::string variable_of(std::string_view key);

/// Applies every PG_* twin; an unknown one becomes a warning, a bad value a problem.
void read_environment(const Environment& environment, Loaded& loaded);

/// Applies what flags set, by key.
void read_flags(const std::vector<std::pair<std::string, std::string>>& flags, Loaded& loaded);

}  // namespace pg
