// Head and body are compared since something between may have decided by the head what the body is allowed to ask.
#include "core/mcp/revision.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::string_view kWrapBegin = "=?base64?", kWrapEnd = "?=";

RpcFault bad_head(std::string message) {
  return {kRpcHeaders, std::move(message), {}};
}

RpcFault bad_revision(std::string_view asked) {
  RpcFault fault{kRpcBadRevision, "this revision of the protocol is not spoken here", {}};
  JsonOut json(fault.data);
  json.open_object().field("requested", asked).open_array("supported").string(kStatelessRevision);
  for (const std::string_view each : kSessionRevisions) json.string(each);
  json.close_array().close_object();
  return fault;
}

bool is_session_revision(std::string_view revision) {
  return std::find(kSessionRevisions.begin(), kSessionRevisions.end(), revision) != kSessionRevisions.end();
}

// What a request is about, as its head must repeat it.
JsonView named_by(const RpcMessage& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return message.params["name"];
  if (message.method == "resources/read") return message.params["uri"];
  return {};
}

std::optional<RpcFault> check_head(const RequestHead& head, const RpcMessage& message) {
  const auto method = head.find("mcp-method");
  if (!method) return bad_head("the header Mcp-Method is missing");
  if (*method != message.method) return bad_head("the header Mcp-Method is not the method of the body");
  const JsonView name = named_by(message);
  if (!name.is_string()) return std::nullopt;
  const auto said = head.find("mcp-name");
  if (!said) return bad_head("the header Mcp-Name is missing");
  if (read_mcp_header(*said) != name.text()) return bad_head("the header Mcp-Name is not the name in the body");
  return std::nullopt;
}

}  // namespace

std::string_view settle_revision(std::string_view wanted) {
  return is_session_revision(wanted) ? wanted : kSessionRevisions.front();
}

McpEraFound find_era(const RequestHead& head, const RpcMessage& message) {
  for (const std::string_view name : {"mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id"})
    if (std::count_if(head.fields.begin(), head.fields.end(),
                      [name](const Field& field) { return equals_ignore_case(field.name, name); }) > 1)
      return {McpEra::sessions, bad_head(fmt::format("the header {} stands there twice", name))};
  const auto said = head.find("mcp-protocol-version");
  const JsonView meta = message.params["_meta"][kMetaRevision];
  const std::string revision = meta.text();
  if (!meta) {
    // A client that has not settled on a revision yet sends none, or its newest.
    if (!said || message.method == "initialize" || is_session_revision(*said)) return {};
    if (*said == kStatelessRevision && message.kind == RpcKind::notification) return {McpEra::stateless, std::nullopt};
    if (*said == kStatelessRevision)
      return {McpEra::stateless, bad_head("the head says 2026-07-28, and _meta says no protocolVersion")};
    return {McpEra::sessions, bad_revision(*said)};
  }
  if (said && *said != revision) return {McpEra::stateless, bad_head("MCP-Protocol-Version is not the protocolVersion of _meta")};
  if (revision != kStatelessRevision) return {McpEra::stateless, bad_revision(revision)};
  if (!said) return {McpEra::stateless, bad_head("the header MCP-Protocol-Version is missing")};
  return {McpEra::stateless, check_head(head, message)};
}

std::optional<std::string> read_mcp_header(std::string_view value) {
  if (!value.starts_with(kWrapBegin) || !value.ends_with(kWrapEnd) || value.size() < kWrapBegin.size() + kWrapEnd.size())
    return std::string(value);
  value.remove_prefix(kWrapBegin.size());
  value.remove_suffix(kWrapEnd.size());
  return from_base64(value);
}

std::string write_mcp_header(std::string_view name) {
  const bool plain = !name.empty() && name.front() != ' ' && name.back() != ' ' && !name.starts_with(kWrapBegin) &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain ? std::string(name) : fmt::format("{}{}{}", kWrapBegin, to_base64(name), kWrapEnd);
}

}  // namespace pg
