// The revisions of MCP: those with a handshake and sessions, and the one where every request says everything.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/http.h"
#include "core/mcp/rpc.h"

namespace pg {

/// How a revision is spoken: after initialize, or with everything in each request's _meta.
enum class McpEra : std::uint8_t { sessions, stateless };

inline constexpr std::array<std::string_view, 4> kSessionRevisions = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
inline constexpr std::string_view kStatelessRevision = "2026-07-28";

inline constexpr std::string_view kMetaRevision = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClient = "io.modelcontextprotocol/clientInfo";

/// What an `initialize` that asks for `wanted` is answered with: the same when we speak it, else our newest.
std::string_view settle_revision(std::string_view wanted);

/// Which era a request is of, by its _meta or its head. A fault when the two disagree, when the head lacks what its revision asks
/// for, or when it is a revision that we do not speak.
struct McpEraFound {
  McpEra era = McpEra::sessions;
  std::optional<RpcFault> fault;  // HTTP 400
};
McpEraFound find_era(const RequestHead& head, const RpcMessage& message);

/// What a header says of a name: base64 between `=?base64?` and `?=` where it is not plain ASCII. nullopt when that is no base64.
std::optional<std::string> read_mcp_header(std::string_view value);
/// A name as a header can hold it.
std::string write_mcp_header(std::string_view name);

}  // namespace pg
