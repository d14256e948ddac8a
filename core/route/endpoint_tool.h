// An endpoint as a tool of the Model Context Protocol.
#pragma once

#include <string>
#include <string_view>

#include "core/route/endpoint.h"

namespace pg {

/// Its definition: {"name", "description", "inputSchema", "outputSchema"}. MCP knows only objects as output; others go without.
std::string write_endpoint_tool(const Endpoint& endpoint);

/// What an endpoint replied (write_endpoint_reply) as the result of a tool.
std::string write_endpoint_result(std::string_view reply);

}  // namespace pg
