// pg setup AGENT --write and --undo: what pg setup prints, in the agent's own settings, and out of them again.
#pragma once

#include "cmd/agent.h"

namespace pg {

/// Shows what would change, asks, makes a key unless one is given, and writes; where it was written before, says so. What stood
/// there is kept beside the database. The exit status.
int write_setup(Shell& shell, Workplace& place, AgentSetup agent, const AgentOptions& options);

/// Puts back what was there, byte for byte unless the file was changed since, and revokes the key that was made for it.
int undo_setup(Shell& shell, Workplace& place, const std::string& name);

}  // namespace pg
