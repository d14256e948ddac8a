// Following the log: rows as they are written, and on a terminal one line below them that says how the server is doing.
#pragma once

#include "cmd/command.h"
#include "cmd/log_lines.h"
#include "config/settings.h"
#include "core/store/log_store.h"

namespace pg {

/// Prints what `query` asks for; how many rows that were. On a terminal without rows it says why.
std::int64_t print_rows(Shell& shell, Db& db, const LogQuery& query, const LogLook& look);

/// The same, and then every new row that fits, until Ctrl-C or until nobody reads any more. `settings` know the budgets.
[[noreturn]] void follow_rows(Shell& shell, Db db, const Settings& settings, LogQuery query, const LogLook& look);

}  // namespace pg
