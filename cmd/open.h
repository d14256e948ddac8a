// Settings and database as commands open them: found by the global flags, refused with the command that makes them.
#pragma once

#include <string>

#include "cmd/command.h"
#include "config/settings.h"
#include "core/base/clock.h"
#include "core/store/db.h"

namespace pg {

/// What the global flags say about where settings come from.
LoadOptions load_options(const Shell& shell);

/// The settings, after printing their warnings when --verbose. invalid_config and not_found as load_settings().
Result<Settings> open_settings(Shell& shell);

/// Settings and database of one command run.
struct Workplace {
  Settings settings;
  Db db;
};
/// not_found with "pg init" as the way out when there is no database yet.
Result<Workplace> open_workplace(Shell& shell, DbMode mode = DbMode::read_write);

const Clock& wall_clock();

/// "cli:alice": who stands in audit rows.
std::string actor_name();

/// The project that --project names, or the only one, or "default". not_found with a suggestion; bad_request when there are
/// several and none was named.
Result<ProjectSettings> chosen_project(const Shell& shell, const Settings& settings);

/// http://127.0.0.1:8787 for the settings' [serve]; a wildcard address becomes loopback.
std::string serve_origin(const Settings& settings);

}  // namespace pg
