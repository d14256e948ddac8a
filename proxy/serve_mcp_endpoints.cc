// Endpoints of an AI gateway as MCP tools: a call of one goes the way of the same call over HTTP.
#include <fmt/format.h>

#include "core/base/encode.h"
#include "core/route/endpoint_tool.h"
#include "proxy/serve_mcp.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

std::string list_endpoint_tools(const Project& project) {
  std::string tools;
  for (const auto& [name, endpoint] : project.endpoints) tools += (tools.empty() ? "" : ",") + write_endpoint_tool(endpoint);
  return fmt::format(R"({{"tools":[{}]}})", tools);
}

}  // namespace

std::optional<std::string> answer_of_endpoints(const Exchange& x) {
  const std::string& method = x.mcp->message.method;
  if (method == "tools/list") return list_endpoint_tools(*x.project);
  for (const McpList list : kMcpLists)
    if (method == words_of(list).method) return fmt::format(R"({{"{}":[]}})", words_of(list).member);
  return std::nullopt;
}

Task<void> call_endpoint_tool(Exchange& x) {
  const JsonView params = x.mcp->message.params;
  x.surface.model = params["name"].text();
  const JsonView arguments = params["arguments"];
  x.mcp->safe = fmt::format(R"({{"input":{}}})", arguments.given() ? arguments.raw() : "{}");
  x.body = x.mcp->safe;
  if (!x.project->endpoints.contains(x.surface.model)) throw Refusal(make_error(Code::not_found, "there is no such tool"));
  x.row.path += "/" + x.surface.model;
  find_endpoint(x).value();
  co_await run_endpoint(x);
}

Task<void> write_endpoint_to_mcp(Exchange& x, std::string reply, std::string extra) {
  std::string result = settle_result(x, write_endpoint_result(reply));
  std::string message = write_rpc_result(x.mcp->id, result);
  co_await write_mcp(x, 200, std::move(message), std::move(extra));
}

}  // namespace pg
