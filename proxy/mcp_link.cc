// What both kinds of links say to a server.
#include "proxy/mcp_link.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/encode.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::string_view kClientInfo = R"({"name":"promptgate","version":")" PG_VERSION R"("})";

bool is_of_hop(std::string_view key) {
  return key == kMetaRevision || key == kMetaCapabilities || key == kMetaClient || key == "progressToken";
}

void write_stateless_meta(JsonOut& json, std::string_view capabilities) {
  json.field(kMetaRevision, kStatelessRevision).raw(kMetaClient, kClientInfo);
  json.raw(kMetaCapabilities, capabilities.empty() ? "{}" : capabilities);
}

}  // namespace

McpAsk::Members read_members(JsonView object) {
  McpAsk::Members members;
  if (!object.is_object()) return members;
  for (const JsonView member : object) {
    std::string key = member.key();
    const auto same = std::find_if(members.begin(), members.end(), [&key](const auto& each) { return each.first == key; });
    if (same == members.end())
      members.emplace_back(std::move(key), member.raw());
    else
      same->second = member.raw();
  }
  return members;
}

std::string write_mcp_params(const McpAsk& ask, McpEra era, std::uint64_t id) {
  std::string out;
  JsonOut json(out);
  json.open_object();
  for (const auto& [key, value] : ask.params) json.any_key(key).raw(value);
  const bool has_meta = era == McpEra::stateless || ask.wants_progress || !ask.meta.empty();
  if (!has_meta) {
    json.close_object();
    return out;
  }
  json.open_object("_meta");
  for (const auto& [key, value] : ask.meta)
    if (!is_of_hop(key)) json.any_key(key).raw(value);
  if (ask.wants_progress) json.field("progressToken", static_cast<std::int64_t>(id));
  if (era == McpEra::stateless) write_stateless_meta(json, ask.capabilities);
  json.close_object().close_object();
  return out;
}

std::string write_initialize_params() {
  return fmt::format(R"({{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{}}})", kSessionRevisions.front(), kClientInfo);
}

std::string write_discover_params() {
  return write_mcp_params({}, McpEra::stateless, 0);
}

std::shared_ptr<McpLink> make_mcp_link(std::shared_ptr<const McpServer> server) {
  const bool is_place = server->service != nullptr;
  return is_place ? make_place_link(std::move(server)) : make_program_link(std::move(server));
}

}  // namespace pg
