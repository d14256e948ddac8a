// The page of the MCP gateway. Names are taken apart before anything is decided: what is allowed is said in a server's own words.
#include "proxy/serve_mcp.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/mcp/answers.h"
#include "core/wire/error_details.h"
#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/posture.h"
#include "proxy/send_upstream.h"
#include "proxy/serve_model.h"
#include "proxy/take_place.h"
#include "proxy/write_refusal.h"

namespace pg {
namespace {

constexpr Millis kListPatience{25'000};  // clients wait 30 s and more for a list

using ServerPtr = std::shared_ptr<const McpServer>;

/// The servers that the request is about: all of the project's, or the one whose address it is.
std::vector<ServerPtr> servers_of(const Exchange& x) {
  std::vector<ServerPtr> servers;
  for (const auto& [name, server] : x.project->mcp_servers)
    if (x.mcp->only == nullptr || server.get() == x.mcp->only) servers.push_back(server);
  return servers;
}

std::vector<std::string> names_of(const std::vector<ServerPtr>& servers) {
  std::vector<std::string> names;
  for (const ServerPtr& server : servers) names.push_back(server->name);
  return names;
}

bool has_endpoints(const Project* project) {
  return project != nullptr && project->type == "gateway";
}

Status find_mcp(Exchange& x) {
  x.mcp = std::make_unique<McpRun>();
  const Project& project = *x.project;
  if (project.type != "mcp" && !has_endpoints(x.project))
    return make_error(Code::not_found,
                      fmt::format("project {} has no MCP servers and no endpoints; its type is {}", project.name, project.type),
                      std::string(kUnknownUrl));
  if (x.surface.model.empty()) return {};
  const auto found = x.project->mcp_servers.find(x.surface.model);
  if (found == x.project->mcp_servers.end())
    return make_error(Code::not_found, "this project has no such MCP server", std::string(kUnknownUrl));
  x.mcp->only = found->second.get();
  x.row.provider = x.mcp->only->name;
  return {};
}

void read_accept(Exchange& x) {
  const std::string_view accept = x.head.find("accept").value_or("");
  const bool any = accept.empty() || accept.find("*/*") != std::string_view::npos;
  x.mcp->takes_stream = accept.find("text/event-stream") != std::string_view::npos;
  x.mcp->takes_json = any || accept.find("application/json") != std::string_view::npos || !x.mcp->takes_stream;
}

// What nobody knows may be anything: it is no word for the log.
std::string_view logged_method(const RpcMessage& message) {
  constexpr std::string_view kKnown[] = {"initialize",
                                         "server/discover",
                                         "ping",
                                         "tools/list",
                                         "tools/call",
                                         "prompts/list",
                                         "prompts/get",
                                         "resources/list",
                                         "resources/read",
                                         "resources/templates/list",
                                         "completion/complete",
                                         "logging/setLevel",
                                         "resources/subscribe",
                                         "resources/unsubscribe",
                                         "subscriptions/listen",
                                         "notifications/initialized",
                                         "notifications/cancelled",
                                         "notifications/progress"};
  const auto* const found = std::find(std::begin(kKnown), std::end(kKnown), message.method);
  return found == std::end(kKnown) ? std::string_view("unknown") : *found;
}

/// What is wrong with the message, or with how its head goes with it.
std::optional<RpcFault> read_mcp(Exchange& x) {
  McpRun& run = *x.mcp;
  read_accept(x);
  auto flaw = run.message.read(x.body);
  run.id = run.message.id;
  if (flaw) return flaw;
  x.row.path += "/" + std::string(logged_method(run.message));
  run.is_read = true;
  McpEraFound found = find_era(x.head, run.message);
  run.era = found.era;
  return std::move(found.fault);
}

Task<void> refuse_message(Exchange& x, int status, RpcFault fault) {
  x.row.outcome = "error";
  x.row.error = fault.code == kRpcNoMethod ? "not_found: a method that is not known here" : "bad_request: " + fault.message;
  std::string message = write_rpc_error(x.mcp->id, fault);
  co_await write_mcp(x, status, std::move(message));
}

Task<void> take_notification(Exchange& x) {
  const RpcMessage& message = x.mcp->message;
  if (message.method == "notifications/cancelled") x.gw.mcp_cancels.cancel(cancel_key(x, message.params["requestId"].raw()));
  x.row.status = 202;
  const std::string head = fmt::format("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nx-request-id: {}\r\n{}\r\n", x.row.id,
                                       x.close_after ? "Connection: close\r\n" : "");
  x.head_sent = true;
  co_await x.client.write(piece_of(head), x.policy->limits.stall_timeout);
}

Task<void> answer(Exchange& x, std::string result, std::string extra) {
  std::string message = write_rpc_result(x.mcp->id, settle_result(x, std::move(result)));
  co_await write_mcp(x, 200, std::move(message), std::move(extra));
}

Task<void> answer(Exchange& x, std::string result) {
  return answer(x, std::move(result), {});
}

// So that the list which is asked for next is there, or nearly.
void warm_up(Exchange& x) {
  const McpErrand errand = mcp_errand(x);
  for (const ServerPtr& server : servers_of(x)) {
    if (!server->problem.empty()) continue;
    const SteadyTime deadline = x.gw.clock.steady() + server->start_timeout + kListPatience;
    asio::co_spawn(x.parts.loop.io(), fetch_list(x.gw.mcp.find(server), errand, McpList::tools, deadline), asio::detached);
  }
}

Task<void> serve_initialize(Exchange& x) {
  warm_up(x);
  const std::vector<std::string> names = names_of(servers_of(x));
  // Nothing is remembered under it: it tells the requests of one client from those of another, and survives a restart.
  std::string extra = fmt::format("Mcp-Session-Id: {}\r\n", to_hex(random_bytes(16)));
  std::string result = write_initialize_result(x.mcp->message.params["protocolVersion"].text(), names);
  co_await answer(x, std::move(result), std::move(extra));
}

Task<void> serve_discover(Exchange& x) {
  warm_up(x);
  const std::vector<std::string> names = names_of(servers_of(x));
  std::string result = write_discover_result(names);
  co_await answer(x, std::move(result));
}

/// What all servers of the request have of a kind, as far as it can be had.
Task<std::shared_ptr<McpGather>> gather(Exchange& x, const std::vector<ServerPtr>& servers, McpList list) {
  const SteadyTime deadline = x.gw.clock.steady() + kListPatience;
  auto all = std::make_shared<McpGather>(mcp_errand(x));
  std::vector<std::shared_ptr<McpLive>> lives;
  for (const ServerPtr& server : servers) lives.push_back(x.gw.mcp.find(server));
  all->begin(std::move(lives), list, deadline);
  bool client_left = false;
  {
    const ClientWatch watch(x, *all);
    co_await all->wait(deadline);
    client_left = watch.client_left();
  }
  if (client_left) throw Refusal(client_left_error());
  if (x.revoked) throw Refusal(revoked_error(x));
  co_return all;
}

Task<void> serve_list(Exchange& x, McpList list) {
  const std::vector<ServerPtr> servers = servers_of(x);
  const std::shared_ptr<McpGather> all = co_await gather(x, servers, list);
  std::vector<McpListed> listed;
  std::string missing;
  std::optional<Error> error;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (all->errors[i]) {
      error = all->errors[i];
      missing += (missing.empty() ? "" : ",") + servers[i]->name;
    }
    if (all->items[i] != nullptr) listed.push_back({servers[i].get(), all->items[i].get()});
  }
  // One dead server among others is no reason to show nothing; the only one is.
  if (listed.empty() && error) throw Refusal(*error);
  if (!missing.empty()) x.row.warnings = "missing:" + missing;
  const std::string cursor = x.mcp->message.params["cursor"].text();
  Result<std::string> result = write_list_result(list, listed, x.mcp->only == nullptr, cursor);
  std::string text = std::move(result).value();
  std::string extra = missing.empty() ? std::string() : fmt::format("x-pg-warnings: missing:{}\r\n", missing);
  co_await answer(x, std::move(text), std::move(extra));
}

/// Whom a request is for, and what is asked for there.
struct Destination {
  ServerPtr server;
  std::string name;  // the server's own
};

Error unknown_name(std::string_view what, std::string_view name) {
  constexpr std::size_t kShown = 100;
  return make_error(Code::not_found, fmt::format("there is no {} {}", what, json_quoted(clip_log_text(name, kShown))));
}

ServerPtr find_server(const Exchange& x, std::string_view name) {
  const auto found = x.project->mcp_servers.find(name);
  return found == x.project->mcp_servers.end() ? nullptr : found->second;
}

ServerPtr only_server(const Exchange& x) {
  return find_server(x, x.mcp->only->name);
}

Destination find_resource(const Exchange& x, const std::string& uri) {
  if (x.mcp->only != nullptr) return {only_server(x), uri};
  const auto split = split_shown_uri(uri);
  ServerPtr server = split ? find_server(x, split->first) : nullptr;
  if (server == nullptr) throw Refusal(unknown_name("resource", uri));
  return {server, std::string(split->second)};
}

// The server's own name is found among all it has: what was too long or too strange for callers is known to them under another.
Task<Destination> find_named(Exchange& x, McpList list, std::string asked) {
  const std::string_view what = list == McpList::tools ? "tool" : "prompt";
  const auto split = split_shown_name(asked);
  ServerPtr server = x.mcp->only != nullptr ? only_server(x) : split ? find_server(x, split->first) : nullptr;
  if (server == nullptr) throw Refusal(unknown_name(what, asked));
  x.row.provider = server->name;
  const std::vector<ServerPtr> one = {server};
  const std::shared_ptr<McpGather> all = co_await gather(x, one, list);
  if (all->items.front() == nullptr) throw Refusal(all->errors.front().value_or(unknown_name(what, asked)));
  const std::optional<std::string> own = own_name({server.get(), all->items.front().get()}, asked, x.mcp->only == nullptr);
  if (!own) throw Refusal(unknown_name(what, asked));
  if (list == McpList::tools && !is_tool_allowed(*server, *own))
    throw Refusal(make_error(Code::forbidden, fmt::format("the tool {} is not allowed here", json_quoted(*own))));
  co_return Destination{server, *own};
}

Task<Destination> find_destination(Exchange& x) {
  const RpcMessage& message = x.mcp->message;
  const bool completes = message.method == "completion/complete";
  const JsonView ref = completes ? message.params["ref"] : JsonView();
  if (message.method == "resources/read") co_return find_resource(x, message.params["uri"].text());
  if (ref["type"].text_is("ref/resource")) co_return find_resource(x, ref["uri"].text());
  const McpList list = message.method == "tools/call" ? McpList::tools : McpList::prompts;
  const std::string asked = (completes ? ref["name"] : message.params["name"]).text();
  Destination to = co_await find_named(x, list, asked);
  co_return to;
}

/// What the server is asked, in its own names, of what is safe to send.
McpAsk write_ask(const Exchange& x, const Destination& to) {
  const RpcMessage& message = x.mcp->safe_message;
  McpAsk ask;
  ask.method = message.method;
  ask.params = read_members(message.params);
  ask.meta = read_members(message.params["_meta"]);
  ask.name = to.name;
  if (x.mcp->era == McpEra::stateless) ask.capabilities = std::string(message.params["_meta"][kMetaCapabilities].raw());
  std::erase_if(ask.params, [](const auto& member) { return member.first == "_meta"; });
  const JsonView ref = message.params["ref"];
  const bool completes = message.method == "completion/complete";
  const std::string_view place = completes ? "ref" : message.method == "resources/read" ? "uri" : "name";
  for (auto& [key, value] : ask.params)
    if (key == place)
      value = completes ? with_member(ref, ref["type"].text_is("ref/resource") ? "uri" : "name", to.name) : json_quoted(to.name);
  return ask;
}

Task<void> serve_forwarded(Exchange& x) {
  const Destination to = co_await find_destination(x);  // 404, 403, 502, 504
  x.row.provider = to.server->name;
  if (x.mcp->message.method != "resources/read" && x.mcp->message.method != "completion/complete")
    x.row.path += "/" + shown_name(to.server->name, to.name);
  if (has_limits(x)) check_limits(x).value();  // 429
  if (must_admit(x)) {
    const Status admitted = co_await admit(x);  // 429, 503
    admitted.value();
  }
  const Status guarded = co_await guard_mcp_call(x, *to.server);
  if (!guarded && guarded.error().code == Code::blocked && x.mcp->message.method == "tools/call") {
    // A tool's result: the model reads it, and can do better.
    x.row.outcome = "blocked";
    x.row.error = "blocked: " + guarded.error().message;
    std::string result = write_tool_refusal(guarded.error().message);
    co_await answer(x, std::move(result));
    x.row.status = http_status(Code::blocked);
    co_return;
  }
  guarded.value();
  if (x.mcp->safe_message.read(x.mcp->safe)) throw Refusal(make_error(Code::internal, "the guarded request cannot be read"));
  McpAsk ask = write_ask(x, to);
  std::shared_ptr<McpLive> live = x.gw.mcp.find(to.server);
  co_await relay_mcp(x, std::move(live), std::move(ask));
}

Task<void> refuse_method(Exchange& x) {
  const bool stateless = x.mcp->era == McpEra::stateless;
  RpcFault fault{kRpcNoMethod, fmt::format("the method {} is not known here", json_quoted(x.mcp->message.method)), {}};
  return refuse_message(x, stateless ? 404 : 200, std::move(fault));
}

// Not a coroutine itself: one less for every request.
Task<void> serve_request(Exchange& x) {
  const std::string& method = x.mcp->message.method;
  const bool stateless = x.mcp->era == McpEra::stateless;
  if (has_endpoints(x.project)) {
    if (method == "tools/call") return call_endpoint_tool(x);
    if (auto own = answer_of_endpoints(x)) return answer(x, std::move(*own));
    if (method == "prompts/get" || method == "resources/read" || method == "completion/complete") return refuse_method(x);
  }
  if (method == "tools/call" || method == "prompts/get" || method == "resources/read" || method == "completion/complete")
    return serve_forwarded(x);
  for (const McpList list : kMcpLists)
    if (method == words_of(list).method) return serve_list(x, list);
  if (method == "server/discover") return serve_discover(x);
  if (method == "initialize" && !stateless) return serve_initialize(x);
  if (method == "ping" && !stateless) return answer(x, "{}");
  return refuse_method(x);
}

}  // namespace

Task<void> serve_mcp(Exchange& x) {
  const Scope needed = has_endpoints(x.policy->find_project(x.surface.project)) ? scope_chat : scope_mcp;
  authenticate(x, needed).value();  // 404, 401, 403: before a byte of body is buffered
  find_mcp(x).value();              // 404
  check_log(x).value();             // 503
  check_json_type(x.head).value();  // 415
  if (!x.client.take_body(x.head, x.policy->limits, x.received)) {
    const Status read = co_await x.client.read_body(x.head, x.policy->limits, x.received);  // 413, 408, 400
    read.value();
    if (is_revoked(x)) throw Refusal(revoked_error(x));  // 401
  }
  unfold_body(x).value();  // 415, 400
  x.mcp->text = x.body;
  x.body = x.mcp->text;
  if (auto fault = read_mcp(x)) {
    co_await refuse_message(x, 400, std::move(*fault));
    co_return;
  }
  if (x.mcp->message.kind == RpcKind::notification) {
    co_await take_notification(x);
    co_return;
  }
  if (x.mcp->message.kind != RpcKind::request) {
    RpcFault fault{kRpcInvalid, "nothing was asked of this client", {}};
    co_await refuse_message(x, 400, std::move(fault));
    co_return;
  }
  co_await serve_request(x);
}

}  // namespace pg
