// What must fit together in the MCP servers of a project, and what may go wrong with them.
#pragma once

#include <string>
#include <vector>

#include "config/paths.h"
#include "config/settings.h"

namespace pg {

/// "mcp" alone has servers, and no providers; each server is a program or a place, and says nothing of the other kind.
void check_mcp_servers(const ProjectSettings& project, std::vector<Problem>& problems);

/// Variables that are not set, files that are not there, credentials that others can read, words that a shell would have read.
void warn_mcp_servers(const Settings& settings, const ProjectSettings& project, const Environment& environment,
                      std::vector<std::string>& warnings);

}  // namespace pg
