// What callers of the gateway see in place of a server's own names: "server__tool" for tools and prompts, "server+scheme:…" for
// resources. At the address of one server alone, its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mcp/server.h"
#include "core/wire/json_doc.h"

namespace pg {

/// The four lists of MCP.
enum class McpList : std::uint8_t { tools, prompts, resources, templates };
inline constexpr McpList kMcpLists[] = {McpList::tools, McpList::prompts, McpList::resources, McpList::templates};

struct McpListWords {
  std::string_view method;  // "tools/list"
  std::string_view member;  // "tools"
  std::string_view name;    // of an item: what it is asked for by
};
const McpListWords& words_of(McpList list);

/// One thing that a server has, as it said it.
struct McpItem {
  std::string name;  // its own: a name, a URI or a URI template
  std::string json;  // an object
};

/// The items of a list's result; what is no object with a name of 1 to 1024 bytes is left out.
void read_list(McpList list, JsonView result, std::vector<McpItem>& items);

/// Whether callers may see and use the tool.
bool is_tool_allowed(const McpServer& server, std::string_view tool);

/// "server__tool", at most 64 bytes of [A-Za-z0-9_-]: what does not fit ends in six digits of its hash.
std::string shown_name(std::string_view server, std::string_view name);
/// "server+file:///…".
std::string shown_uri(std::string_view server, std::string_view uri);
std::string shown_name(McpList list, std::string_view server, std::string_view name);
/// Server and what stands behind it; nullopt when the text does not begin with one.
std::optional<std::pair<std::string_view, std::string_view>> split_shown_name(std::string_view shown);
std::optional<std::pair<std::string_view, std::string_view>> split_shown_uri(std::string_view shown);

/// `object`, raw, with its string member `name` replaced by `text`; every other byte as it was.
std::string with_member(JsonView object, std::string_view name, std::string_view text);

/// `json`, the raw result of a call, with each URI that a client could read put as callers of the gateway see it.
std::string with_shown_uris(std::string_view json, std::string_view server);

}  // namespace pg
