// The table of [servers.NAME], its reader, and what follows from a row alone.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/knobs.h"
#include "config/table_reader.h"

namespace pg {

std::span<const Knob<McpServerSettings>> mcp_server_knobs();  // command, url, …: [servers.NAME]

/// Reads [servers] of a project's file.
void read_mcp_servers(const TableReader& reader, const TomlEntry& entry, std::map<std::string, McpServerSettings>& servers);

/// Why the other kind of server has no such key, or why this one is no key of programs: the hint; nullptr when both have it.
const char* hint_of_program_key(std::string_view key);  // env, directory, idle_stop
const char* hint_of_place_key(std::string_view key);    // credential, auth, headers, …

/// A program, or a place on this machine: what it is sent does not leave it by that.
bool is_local(const McpServerSettings& server);
/// What is asked at its url, as a service of that name; one on this machine needs no private = true.
ServiceSettings service_of(const McpServerSettings& server);

/// True for a value of `env` that says where the value is: "env:NAME", "file:PATH", "sealed:NAME".
bool is_looked_up(std::string_view value);
/// Every credential that a server names, with what it is for: ("credential", "env:X"), ("env.TOKEN", "sealed:x"), …
std::vector<std::pair<std::string, std::string>> credentials_of(const McpServerSettings& server);
/// The name that a credential is sealed under, "" when it is not sealed.
std::string sealed_name(const McpServerSettings& server, const std::string& credential);

/// A word of `command`, or a url, with stars over what looks like a credential in it; digests of packages and images stay.
std::string shown_argument(std::string_view word);

}  // namespace pg
