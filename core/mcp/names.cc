// Names go both ways without a table: what was shortened is found again by computing every name of the server anew.
#include "core/mcp/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/guard_call.h"

namespace pg {
namespace {

constexpr std::array<McpListWords, 4> kListWords = {{{"tools/list", "tools", "name"},
                                                     {"prompts/list", "prompts", "name"},
                                                     {"resources/list", "resources", "uri"},
                                                     {"resources/templates/list", "resourceTemplates", "uriTemplate"}}};
constexpr std::string_view kJoint = "__";
constexpr std::size_t kLongestShown = 64, kHashDigits = 6, kLongestItemName = 1024;

bool matches_any(const std::vector<std::string>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(), [name](const std::string& glob) { return matches_glob(glob, name); });
}

void replace_uri(JsonView object, std::string_view json, std::string_view server, std::vector<Edit>& edits) {
  const JsonView uri = object["uri"];
  if (!uri.is_string()) return;
  const auto begin = static_cast<std::uint32_t>(uri.raw().data() - json.data());
  edits.push_back({begin, begin + static_cast<std::uint32_t>(uri.raw().size()), json_quoted(shown_uri(server, uri.text()))});
}

// A block of a tool's or prompt's content: a link to a resource, or one that is embedded.
void replace_in_content(JsonView block, std::string_view json, std::string_view server, std::vector<Edit>& edits) {
  if (block["type"].text_is("resource_link")) replace_uri(block, json, server, edits);
  if (block["type"].text_is("resource")) replace_uri(block["resource"], json, server, edits);
}

}  // namespace

const McpListWords& words_of(McpList list) {
  return kListWords[static_cast<std::size_t>(list)];
}

void read_list(McpList list, JsonView result, std::vector<McpItem>& items) {
  const McpListWords& words = words_of(list);
  for (const JsonView item : result[words.member]) {
    const JsonView name = item[words.name];
    if (!name.is_string()) continue;
    std::string text = name.text();
    if (text.empty() || text.size() > kLongestItemName) continue;
    items.push_back({std::move(text), std::string(item.raw())});
  }
}

bool is_tool_allowed(const McpServer& server, std::string_view tool) {
  if (matches_any(server.deny_tools, tool)) return false;
  return server.tools.empty() || matches_any(server.tools, tool);
}

std::string shown_name(std::string_view server, std::string_view name) {
  std::string shown = fmt::format("{}{}{}", server, kJoint, name);
  bool changed = false;
  for (char& c : shown) {
    if (is_alnum(c) || c == '_' || c == '-') continue;
    c = '_';
    changed = true;
  }
  if (!changed && shown.size() <= kLongestShown) return shown;
  const std::string hash = to_hex(as_bytes(sha256(name))).substr(0, kHashDigits);
  shown.resize(std::min(shown.size(), kLongestShown - kHashDigits - 1));
  return shown.append("_").append(hash);
}

std::string shown_uri(std::string_view server, std::string_view uri) {
  return fmt::format("{}+{}", server, uri);
}

std::string shown_name(McpList list, std::string_view server, std::string_view name) {
  return list == McpList::tools || list == McpList::prompts ? shown_name(server, name) : shown_uri(server, name);
}

std::optional<std::pair<std::string_view, std::string_view>> split_shown_name(std::string_view shown) {
  const std::size_t joint = shown.find(kJoint);
  if (joint == std::string_view::npos || joint == 0) return std::nullopt;
  return std::pair(shown.substr(0, joint), shown.substr(joint + kJoint.size()));
}

std::optional<std::pair<std::string_view, std::string_view>> split_shown_uri(std::string_view shown) {
  const std::size_t joint = shown.find('+');
  if (joint == std::string_view::npos || joint == 0 || joint > shown.find(':')) return std::nullopt;
  return std::pair(shown.substr(0, joint), shown.substr(joint + 1));
}

std::string with_member(JsonView object, std::string_view name, std::string_view text) {
  const std::string_view raw = object.raw(), value = object[name].raw();
  if (value.empty()) return std::string(raw);
  const auto begin = static_cast<std::size_t>(value.data() - raw.data());
  std::string out(raw.substr(0, begin));
  return out.append(json_quoted(text)).append(raw.substr(begin + value.size()));
}

std::string with_shown_uris(std::string_view json, std::string_view server) {
  JsonDoc doc;
  if (!doc.parse(json)) return std::string(json);
  std::vector<Edit> edits;
  for (const JsonView block : doc.root()["content"]) replace_in_content(block, json, server, edits);
  for (const JsonView content : doc.root()["contents"]) replace_uri(content, json, server, edits);
  for (const JsonView message : doc.root()["messages"]) replace_in_content(message["content"], json, server, edits);
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  return apply_edits(json, edits);
}

}  // namespace pg
