// The lines are the agents' own: each has another name for the same three things.
#include "cmd/setup_mcp.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/print.h"
#include "cmd/setup_check.h"
#include "core/base/text.h"

namespace pg {
namespace {

const ClientTool* find_mcp_client(const std::string& name) {
  const auto& tools = shipped_clients();
  const auto found = std::find_if(tools.begin(), tools.end(),
                                  [&name](const ClientTool& tool) { return tool.name == name && !tool.mcp.empty(); });
  return found == tools.end() ? nullptr : &*found;
}

std::string put_name(std::string text, const std::string& project) {
  constexpr std::string_view kPlace = "{project}";
  for (std::size_t at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at + project.size()))
    text.replace(at, kPlace.size(), project);
  return text;
}

std::string mcp_setup_json(const ClientTool& tool, const SetupValues& values, const ProjectSettings& project,
                           const std::string& text) {
  std::string object = "{";
  json_field(object, "agent", tool.name);
  json_field(object, "project", project.name);
  json_field(object, "url", values.base + "/mcp");
  json_field(object, "key", values.key);
  json_field(object, "text", text);
  return object + "}\n";
}

}  // namespace

bool serves_mcp(const ProjectSettings& project) {
  return project.type == "mcp" || project.type == "gateway";
}

int print_mcp_setup(Shell& shell, Workplace& place, const AgentOptions& options, const ProjectSettings& project) {
  SetupValues values;
  values.base = fmt::format("{}/api/{}", agent_origin(place.settings), project.name);
  const ClientTool* tool = find_mcp_client(options.name);
  if (tool == nullptr)
    return shell.fail({.what = fmt::format("pg does not know where '{}' has its MCP servers", escape_controls(options.name)),
                       .hint = fmt::format("any MCP client takes the URL {}/mcp and the header x-pg-key", values.base),
                       .code = "unsupported"});
  auto key = given_key(options).value();
  std::string made;
  if (!key) {
    auto [name, text] = mint_agent_key(place, options.name + "-mcp", project, Millis{0}).value();
    made = name;
    key = text;
  }
  values.key = *key;
  const std::string text = fill_in(put_name(tool->mcp, project.name), values);
  shell.write(shell.json ? mcp_setup_json(*tool, values, project, text) : text);
  shell.flush();
  if (made.empty()) return exit_ok;
  let_serve_notice(shell, place.db);
  shell.note(fmt::format("\nmade key {} for project {}; 'pg keys revoke {}' takes it back", shell.paint_err(Color::bold, made),
                         project.name, made));
  return exit_ok;
}

}  // namespace pg
