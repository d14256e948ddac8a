// pg db restore: a backup in the place of the database, and what that changes said aloud.
#pragma once

#include <string>

#include "cmd/command.h"

namespace pg {

/// Examines the backup, asks, keeps what was there under another name, puts a copy in its place and notes the act. Refusal as
/// invalid_config, not_found, io_failed (damaged backup), conflict (a serve runs).
int restore_database(Shell& shell, const std::string& backup);

}  // namespace pg
