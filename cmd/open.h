// Settings and database as commands open them: found by the global flags, refused with the command that makes them.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "cmd/command.h"
#include "config/settings.h"
#include "core/base/clock.h"
#include "core/store/db.h"
#include "core/store/log_store.h"

namespace pg {

/// What the global flags say about where settings come from.
LoadOptions load_options(const Shell& shell);

/// The settings, after printing their warnings when --verbose. A project's file that is wrong gets a warning and is left out: it
/// concerns whoever wants that project. invalid_config and not_found as load_usable_settings().
Result<Settings> open_settings(Shell& shell);
/// Says which project file is wrong, if one is.
void warn_of_broken(Shell& shell, const Settings& settings);

/// Settings and database of one command run. At its end what the command added to the audit log is sealed.
struct Workplace {
  Workplace(Settings read, Db opened, DbMode mode)
      : settings(std::move(read)), db(std::move(opened)), seals(mode == DbMode::read_write) {}
  Workplace(Workplace&& other) noexcept
      : settings(std::move(other.settings)), db(std::move(other.db)), seals(std::exchange(other.seals, false)) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace();

  Settings settings;
  Db db;
  bool seals;
};
/// The end of the audit log is sealed; says on standard error when the log does not go on from where it was sealed last.
void seal_audit_of(Db& db, const Settings& settings);
/// not_found with "pg init" as the way out when there is no database yet.
Result<Workplace> open_workplace(Shell& shell, DbMode mode = DbMode::read_write);

/// The same for what needs little more than the database: while the settings are wrong or gone it goes on, with a warning, where
/// they still tell which database is meant, or a running serve has the usual one. A leaked key is not kept alive by a typing
/// error.
Result<Workplace> open_facts(Shell& shell, DbMode mode = DbMode::read_write);

const Clock& wall_clock();

/// "cli:alice": who stands in audit rows.
std::string actor_name();

/// The project that --project names, or the only one, or "default". invalid_config when its file is wrong; not_found with a
/// suggestion; bad_request when there are several and none was named.
Result<ProjectSettings> chosen_project(const Shell& shell, const Settings& settings);

/// http://127.0.0.1:8787 for the settings' [serve]; a wildcard address becomes loopback.
std::string serve_origin(const Settings& settings);

/// Why running_origin() is none, and the way out: no serve, one on a database that was replaced, or a pg that only holds the
/// lock.
Failure no_serve(const std::string& database);

/// Where the serve that runs on the settings' database listens, whatever --listen said to it; nullopt when none does.
std::optional<std::string> running_origin(const Settings& settings);

/// That, or where the next serve will listen.
std::string agent_origin(const Settings& settings);

/// Waits until a running serve knows the keys and credentials that `db` holds: true when it does, or when none runs. Warns when
/// it does not.
bool let_serve_notice(Shell& shell, Db& db);

}  // namespace pg
