// pg setup for a project whose tools an agent may use: what to add to the agent's MCP settings.
#pragma once

#include "cmd/agent.h"

namespace pg {

/// Whether an agent finds tools at the project, and not a model.
bool serves_mcp(const ProjectSettings& project);

/// Prints it, with the given key or a new one of the project.
int print_mcp_setup(Shell& shell, Workplace& place, const AgentOptions& options, const ProjectSettings& project);

}  // namespace pg
