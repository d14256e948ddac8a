// Checks across the fields of a server. Programs are looked for when they are started.
#include "config/validate_mcp.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/mcp_knobs.h"
#include "config/validate_services.h"
#include "core/store/files.h"

namespace pg {
namespace {

class McpCheck {
 public:
  McpCheck(const ProjectSettings& project, const McpServerSettings& server, std::vector<Problem>& problems)
      : project_(project), server_(server), problems_(problems), prefix_("servers." + server.name) {}

  void run() {
    if (server_.has_command == server_.has_url) return add_kind();
    check_keys();
    if (server_.tools.empty() && has("tools"))
      add("tools", "tools is empty: nothing could be called", "such as tools = [\"search_*\"]; unset: every tool");
    if (server_.has_url) check_server_url(project_, service_of(server_), problems_);
  }

 private:
  bool has(const std::string& key) const { return project_.places.count(prefix_ + "." + key) != 0; }

  void add(const std::string& key, const std::string& message, std::string hint) {
    auto found = project_.places.find(prefix_ + "." + key);
    if (found == project_.places.end()) found = project_.places.find(prefix_);
    const SourcePlace place = found == project_.places.end() ? SourcePlace{project_.file, 0, 0, "", 1} : found->second;
    problems_.push_back({place, fmt::format("server \"{}\": {}", server_.name, message), std::move(hint)});
  }

  void add_kind() {
    if (server_.has_command)
      add("url", "it is a program (command) or a place (url), and not both", "make it two servers");
    else
      add("", "there is neither a command nor a url",
          "such as command = [\"npx\", \"-y\", \"some-mcp-server\"] or url = \"https://api.githubcopilot.com/mcp/\"");
  }

  void check_keys() {
    const std::string start = prefix_ + ".";
    for (auto row = project_.places.lower_bound(start); row != project_.places.end() && row->first.starts_with(start); ++row) {
      const std::string key = row->first.substr(start.size());
      const char* hint = server_.has_url ? hint_of_program_key(key) : hint_of_place_key(key);
      if (hint == nullptr) continue;
      add(key,
          server_.has_url ? fmt::format("{} is for a program that pg starts, and this server has a url", key)
                          : fmt::format("{} is for a server with a url, and this one is a program", key),
          hint);
    }
  }

  const ProjectSettings& project_;
  const McpServerSettings& server_;
  std::vector<Problem>& problems_;
  const std::string prefix_;
};

SourcePlace first_place(const ProjectSettings& project, const std::string& prefix) {
  const auto found = project.places.lower_bound(prefix);
  const bool is_there = found != project.places.end() && found->first.starts_with(prefix);
  return is_there ? found->second : SourcePlace{project.file, 0, 0, "", 1};
}

void warn_program(const std::string& who, const McpServerSettings& server, std::vector<std::string>& warnings) {
  for (const auto& [name, value] : server.env)
    // A word that others use as well is no credential, whatever it is called.
    if (!is_looked_up(value) && value.size() >= 8 &&
        mask_credentials(fmt::format("{} = \"{}\"", name, value)) != fmt::format("{} = \"{}\"", name, value))
      warnings.push_back(fmt::format("{}: env.{} looks like a credential in plain text; {} = \"env:{}\" keeps it out of the file",
                                     who, name, name, name));
  // Arguments stand in lists of processes.
  const auto is_shown_whole = [](const std::string& word) { return shown_argument(word) == word; };
  if (!std::all_of(server.command.begin(), server.command.end(), is_shown_whole))
    warnings.push_back(fmt::format(
        "{}: command holds what looks like a credential; everybody on this machine can see it, a variable of env nobody", who));
  for (std::size_t i = 1; i < server.command.size(); ++i)
    if (server.command[i].starts_with("~/") || server.command[i].starts_with("$"))
      warnings.push_back(fmt::format("{}: {} is passed on as it is: no shell reads command", who,
                                     shown_argument(server.command[i].substr(0, 64))));
}

// Callers see server__tool, the server itself knows nothing of that.
void warn_globs(const std::string& who, const McpServerSettings& server, std::vector<std::string>& warnings) {
  const std::string shown = server.name + "__";
  for (const auto* globs : {&server.tools, &server.deny_tools})
    for (const std::string& glob : *globs)
      if (glob.starts_with(shown) && glob.size() > shown.size())
        warnings.push_back(
            fmt::format("{}: {} is over the server's own names; did you mean \"{}\"?", who, glob, glob.substr(shown.size())));
}

}  // namespace

void check_mcp_servers(const ProjectSettings& project, std::vector<Problem>& problems) {
  if (project.type != "mcp") {
    if (!project.servers.empty())
      problems.push_back({first_place(project, "servers."), fmt::format("a project of type \"{}\" has no servers", project.type),
                          "type = \"mcp\" has"});
    return;
  }
  if (!project.providers.empty())
    problems.push_back({first_place(project, "providers"), "a project of type \"mcp\" has no providers",
                        "models are asked through an \"agent\" or a \"wrapper\""});
  for (const auto& [name, server] : project.servers) McpCheck(project, server, problems).run();
}

void warn_mcp_servers(const Settings& settings, const ProjectSettings& project, const Environment& environment,
                      std::vector<std::string>& warnings) {
  if (project.type == "mcp" && project.servers.empty())
    warnings.push_back(fmt::format("{}: the project {} has no servers yet; add [servers.NAME] with a command or a url",
                                   project.file, project.name));
  for (const auto& [name, server] : project.servers) {
    const std::string who = fmt::format("server {} of project {}", name, project.name);
    warn_credentials(settings, environment, who, credentials_of(server), warnings);
    if (server.has_url) warn_unencrypted(who, server.http, warnings);
    warn_program(who, server, warnings);
    warn_globs(who, server, warnings);
    if (server.directory.empty()) continue;
    const std::string path = resolve_path(server.directory, directory_of(settings.config_file), find_paths(environment).home);
    if (stamp_file(path).inode == 0) warnings.push_back(fmt::format("{}: {}: no such directory", who, path));
  }
}

}  // namespace pg
