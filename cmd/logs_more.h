// The subcommands of pg logs that print no rows: stats and prune.
#pragma once

#include "cmd/command.h"

namespace pg {

void add_logs_stats(CLI::App& command, Shell& shell);
void add_logs_prune(CLI::App& command, Shell& shell);

}  // namespace pg
