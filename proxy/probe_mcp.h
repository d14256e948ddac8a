// What an MCP server says of itself, asked as `pg serve` would ask it. For commands; blocks until it is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/mcp/server.h"

namespace pg {

/// One tool that a server has.
struct McpTool {
  std::string name;         // its own
  std::string shown;        // as callers of the gateway see it: "server__tool"
  std::string description;  // untrusted
  std::uint64_t bytes = 0;  // of its definition, which every request of an agent repeats
  bool allowed = true;      // by tools and deny_tools
};

struct McpProbe {
  std::string revision;        // of the protocol that is spoken with it: "2025-11-25"
  std::string server_name;     // what it calls itself; untrusted, as is
  std::string server_version;  // this
  std::vector<McpTool> tools;
  std::vector<std::string> last_words;  // of a program: the last lines of its stderr; untrusted
  Millis took{0};
  std::optional<Error> error;  // it was not reached, did not answer or answered nonsense
};

McpProbe probe_mcp(const McpServer& server, Millis timeout);

}  // namespace pg
