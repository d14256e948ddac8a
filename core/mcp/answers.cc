// The same question has the same answer as long as the servers are the same: lists are part of a prompt that providers cache.
#include "core/mcp/answers.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "core/base/encode.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::string_view kServerInfo = R"({"name":"promptgate","version":")" PG_VERSION R"("})";
constexpr std::string_view kOffers = R"({"completions":{},"prompts":{},"resources":{},"tools":{}})";
constexpr std::size_t kPage = 1'000;

std::string instructions_for(std::span<const std::string> servers) {
  if (servers.size() < 2) return {};
  std::string names;
  for (const std::string& server : servers) names += (names.empty() ? "" : ", ") + server;
  return fmt::format("This is a gateway to {} MCP servers: {}. The name of a tool begins with that of its server.",
                     servers.size(), names);
}

std::optional<std::size_t> read_cursor(std::string_view cursor) {
  if (cursor.empty()) return 0;
  std::size_t offset = 0;
  if (!cursor.starts_with('p')) return std::nullopt;
  const char* const end = cursor.data() + cursor.size();
  const auto [stop, failed] = std::from_chars(cursor.data() + 1, end, offset);
  if (failed != std::errc() || stop != end || offset % kPage != 0) return std::nullopt;
  return offset;
}

// As callers see it.
std::string shown_item(McpList list, const McpItem& item, const std::string& name) {
  JsonDoc doc;
  if (!doc.parse(item.json)) return item.json;
  return with_member(doc.root(), words_of(list).name, name);
}

}  // namespace

std::string write_initialize_result(std::string_view revision, std::span<const std::string> servers) {
  std::string out;
  JsonOut json(out);
  json.open_object().field("protocolVersion", settle_revision(revision)).raw("capabilities", kOffers);
  json.raw("serverInfo", kServerInfo).field_if("instructions", instructions_for(servers)).close_object();
  return out;
}

std::string write_discover_result(std::span<const std::string> servers) {
  std::string out;
  JsonOut json(out);
  json.open_object().open_array("supportedVersions").string(kStatelessRevision);
  for (const std::string_view each : kSessionRevisions) json.string(each);
  json.close_array().raw("capabilities", kOffers).field_if("instructions", instructions_for(servers));
  json.open_object("_meta").raw("io.modelcontextprotocol/serverInfo", kServerInfo).close_object().close_object();
  return out;
}

Result<std::string> write_list_result(McpList list, std::span<const McpListed> all, bool shown, std::string_view cursor) {
  const std::optional<std::size_t> from = read_cursor(cursor);
  if (!from) return make_error(Code::bad_request, "this cursor was not given out here");
  std::string out;
  JsonOut json(out);
  json.open_object().open_array(words_of(list).member);
  std::set<std::string> seen;
  std::size_t at = 0;
  for (const McpListed& listed : all) {
    for (const McpItem& item : *listed.items) {
      if (list == McpList::tools && !is_tool_allowed(*listed.server, item.name)) continue;
      std::string name = shown ? shown_name(list, listed.server->name, item.name) : item.name;
      if (!seen.insert(name).second) continue;
      const std::size_t index = at++;
      if (index < *from || index >= *from + kPage) continue;
      json.raw(shown ? shown_item(list, item, name) : item.json);
    }
  }
  json.close_array();
  if (at > *from + kPage) json.field("nextCursor", fmt::format("p{}", *from + kPage));
  json.close_object();
  return out;
}

std::optional<std::string> own_name(const McpListed& listed, std::string_view asked, bool shown) {
  for (const McpItem& item : *listed.items)
    if (shown ? shown_name(listed.server->name, item.name) == asked : item.name == asked) return item.name;
  return std::nullopt;
}

std::string with_stateless_facts(std::string_view result, ResultKind kind) {
  JsonDoc doc;
  if (!doc.parse(result) || !doc.root().is_object()) return std::string(result);
  const JsonView root = doc.root();
  std::string facts;
  if (!root["resultType"]) facts += R"("resultType":"complete",)";
  if (kind == ResultKind::kept && !root["ttlMs"]) facts += fmt::format("\"ttlMs\":{},", kListTtlMs);
  if (kind == ResultKind::kept && !root["cacheScope"]) facts += R"("cacheScope":"private",)";
  if (facts.empty()) return std::string(result);
  if (root.size() == 0) facts.pop_back();
  const auto open = static_cast<std::size_t>(root.raw().data() - result.data()) + 1;
  return std::string(result.substr(0, open)).append(facts).append(result.substr(open));
}

std::string write_tool_refusal(std::string_view why) {
  return fmt::format(R"({{"content":[{{"type":"text","text":{}}}],"isError":true}})", json_quoted(why));
}

}  // namespace pg
