// A parsed TOML tree into the settings structs, table by table; unknown keys and bad values become problems.
#pragma once

#include <string>

#include "config/load.h"
#include "config/load_toml.h"

namespace pg {

/// A pg.toml.
void read_settings_tables(const TomlDocument& document, Loaded& loaded);
/// A repository's .promptgate.toml: [scan] only; anything else is refused with the reason.
void read_repo_tables(const TomlDocument& document, Loaded& loaded);
/// A project file; `project` comes with the defaults it starts from.
void read_project_tables(const TomlDocument& document, ProjectSettings& project, Origins& origins,
                         std::vector<Problem>& problems);

}  // namespace pg
