// What every answer of the MCP gateway has in common.
#include <fmt/format.h>

#include <utility>

#include "core/mcp/answers.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_mcp.h"
#include "proxy/write_refusal.h"

namespace pg {

McpCancels::Entry::Entry(McpCancels& all, std::string key) : all_(all) {
  const std::lock_guard lock(all_.mutex_);
  at_ = all_.entries_.emplace(std::move(key), this);
}

McpCancels::Entry::~Entry() {
  const std::lock_guard lock(all_.mutex_);
  all_.entries_.erase(at_);
}

void McpCancels::cancel(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = entries_.equal_range(key);
  for (auto at = begin; at != end; ++at) at->second->wanted_.store(true, std::memory_order_relaxed);
}

McpErrand mcp_errand(Exchange& x) {
  return {x.parts.loop, x.gw.tls, x.gw.clock, x.gw.tokens, &x.parts.pool};
}

std::string cancel_key(const Exchange& x, std::string_view id) {
  const std::int64_t caller = x.caller == nullptr ? 0 : x.caller->id;
  return fmt::format("{}\n{}\n{}\n{}", x.project->id, caller, x.head.find("mcp-session-id").value_or(""), id);
}

std::string settle_result(const Exchange& x, std::string result) {
  if (x.mcp->era != McpEra::stateless) return result;
  const std::string& method = x.mcp->message.method;
  const bool kept = method.ends_with("/list") || method == "resources/read" || method == "server/discover";
  return with_stateless_facts(result, kept ? ResultKind::kept : ResultKind::plain);
}

Task<void> write_mcp(Exchange& x, int status, std::string message, std::string extra) {
  const bool streams = status == 200 && !x.mcp->takes_json;
  if (streams) message = "event: message\ndata: " + one_line(std::move(message)) + "\n\n";
  x.row.status = status;
  x.row.stream = streams;
  x.row.bytes_out = static_cast<std::int64_t>(message.size());
  const std::string head = local_head(x, status, streams ? "text/event-stream" : "application/json", message.size(), extra);
  x.head_sent = true;
  const IoEnd sent = co_await x.client.write(piece_of(head), piece_of(message), x.policy->limits.stall_timeout);
  if (sent == IoEnd::ok) co_return;
  x.row.status = 499;
  x.row.outcome = "canceled";
  x.close_after = true;
}

// Once the message is read, its sender is told in its own protocol, which is not HTTP's; what asks it to come back later is
// HTTP's all the same.
McpRefusal mcp_refusal(const Exchange& x, const Error& error) {
  const bool is_read = x.mcp != nullptr && x.mcp->is_read;
  const bool http = !is_read || error.code == Code::rate_limited || error.code == Code::unauthenticated;
  RpcFault fault = rpc_fault_of(error, x.row.id);
  if (error.detail == "withdrawn") fault.code = kRpcCanceled;
  return {http ? http_status(error.code) : 200, write_rpc_error(x.mcp == nullptr ? std::string_view() : x.mcp->id, fault)};
}

}  // namespace pg
