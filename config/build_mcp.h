// MCP servers of a project as calls run under them, with their credentials and guards.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/build_policy.h"
#include "core/mcp/server.h"

namespace pg {

/// Compiles guards; `places`: where what differs from the project's was set.
using GuardMaker = std::function<std::shared_ptr<const Guards>(const GuardSettings& guards, const SourcePlaces& places)>;

/// What cannot be had is no problem of the file: it stands in McpServer::problem. Without `make_guards` there are none.
std::map<std::string, std::shared_ptr<const McpServer>, std::less<>> build_mcp_servers(const ProjectSettings& project,
                                                                                       const Settings& settings,
                                                                                       const PolicyParts& parts,
                                                                                       const GuardMaker& make_guards = nullptr);

/// The guards over what that server is sent: as its row says; else the project's, of which a program and a place on this machine
/// get what lay_local() leaves.
GuardSettings guards_of(const ProjectSettings& project, const McpServerSettings& server);

/// Tries all of them, for the problems that `make_guards` notes.
void check_mcp_guards(const ProjectSettings& project, const GuardMaker& make_guards);

}  // namespace pg
