// What pg itself says to an MCP client: who it is, what its servers have, and why something is not done.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/mcp/names.h"
#include "core/mcp/revision.h"

namespace pg {

/// The result of initialize for one who asks for `revision`; `servers` are named in the instructions.
std::string write_initialize_result(std::string_view revision, std::span<const std::string> servers);
/// That of server/discover.
std::string write_discover_result(std::span<const std::string> servers);

/// What one server has of a kind.
struct McpListed {
  const McpServer* server = nullptr;
  const std::vector<McpItem>* items = nullptr;
};

/// A page of all that callers may see, in the order given; `shown` says that names carry their server's. bad_request for a cursor
/// that is none of ours.
Result<std::string> write_list_result(McpList list, std::span<const McpListed> all, bool shown, std::string_view cursor);

/// The server's own name of what callers know as `asked`; nullopt when it has none that is.
std::optional<std::string> own_name(const McpListed& listed, std::string_view asked, bool shown);

/// What a revision without sessions wants of every result, and of those that may be kept for `ttl_ms`.
enum class ResultKind : std::uint8_t { plain, kept };
std::string with_stateless_facts(std::string_view result, ResultKind kind);
inline constexpr int kListTtlMs = 60'000;

/// The result of a tool that was not called; a model reads why.
std::string write_tool_refusal(std::string_view why);

}  // namespace pg
