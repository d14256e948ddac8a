// The MCP gateway: many MCP servers behind one address, or one of them alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/exchange.h"
#include "proxy/mcp_servers.h"

namespace pg {

/// What stands in a row's dialect for an MCP request.
inline constexpr std::string_view kMcpDialect = "mcp";

/// One request or notification of an MCP client.
Task<void> serve_mcp(Exchange& x);

/// The errand of an exchange, for whatever asks servers.
McpErrand mcp_errand(Exchange& x);
/// As in notifications/cancelled: whose request that is.
std::string cancel_key(const Exchange& x, std::string_view id);

/// The guards of `server` over what it would be sent. From here on x.mcp->safe is safe to send; blocked.
Task<Status> guard_mcp_call(Exchange& x, const McpServer& server);

/// Asks the server, and passes on what it says until it has answered.
Task<void> relay_mcp(Exchange& x, std::shared_ptr<McpLive> live, McpAsk ask);

/// In a gateway: the answer to a question about its endpoints as tools; nullopt when it is another.
std::optional<std::string> answer_of_endpoints(const Exchange& x);
/// Calls the endpoint that a tools/call names.
Task<void> call_endpoint_tool(Exchange& x);
/// Answers that call with what the endpoint replied.
Task<void> write_endpoint_to_mcp(Exchange& x, std::string reply, std::string extra);

/// Answers the request with a whole message. `extra` holds whole field lines.
Task<void> write_mcp(Exchange& x, int status, std::string message, std::string extra);
inline Task<void> write_mcp(Exchange& x, int status, std::string message) {
  return write_mcp(x, status, std::move(message), {});
}
/// `result` as the request's revision wants it.
std::string settle_result(const Exchange& x, std::string result);
/// The message that refuses a request, and the status that goes with it.
struct McpRefusal {
  int status = 200;
  std::string message;
};
McpRefusal mcp_refusal(const Exchange& x, const Error& error);

}  // namespace pg
