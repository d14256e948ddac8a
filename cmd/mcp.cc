// pg mcp: the MCP servers of projects, listed, asked for their tools and tried.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/provider_probe.h"
#include "config/build_mcp.h"
#include "config/mcp_knobs.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/guard/stream_mask.h"
#include "proxy/probe_mcp.h"

namespace pg {
namespace {

constexpr Millis kTimeToList{15'000};  // beside the start
constexpr std::size_t kBytesOfToken = 4;
constexpr std::size_t kMostOfCursor = 40, kMostOfCopilot = 128;

struct ListedServer {
  std::string project;
  McpServerSettings row;
  std::shared_ptr<const McpServer> server;

  const std::string& name() const { return row.name; }
  bool is_program() const { return server->service == nullptr; }
  std::string where() const {
    if (!is_program()) return shown_argument(row.http.base_url);
    std::string line;
    for (const std::string& word : server->command) line += (line.empty() ? "" : " ") + shown_argument(word);
    return line;
  }
  std::string credential() const {
    std::string all;
    for (const auto& [what, credential] : pg::credentials_of(row)) all += (all.empty() ? "" : ",") + credential;
    return all.empty() ? "none" : all;
  }
};

/// Those of the project that --project names, or of all.
std::vector<ListedServer> find_servers(const Shell& shell, const Settings& settings) {
  std::vector<ProjectSettings> projects;
  if (!shell.project.empty())
    projects.push_back(chosen_project(shell, settings).value());
  else
    for (const auto& [name, project] : settings.projects) projects.push_back(project);
  PolicyParts parts;
  parts.environment = process_environment();
  parts.open_sealed = [&settings](std::string_view name) { return open_sealed_credential(settings, name); };
  std::vector<ListedServer> servers;
  for (const ProjectSettings& project : projects)
    for (const auto& [name, server] : build_mcp_servers(project, settings, parts))
      servers.push_back({project.name, project.servers.at(name), server});
  return servers;
}

/// Those of that name, or all; not_found when there is none.
Result<std::vector<ListedServer>> wanted_servers(const Shell& shell, const Settings& settings, const std::string& wanted) {
  std::vector<ListedServer> servers = find_servers(shell, settings);
  std::vector<std::string> names;
  for (const ListedServer& listed : servers) names.push_back(listed.name());
  if (!wanted.empty()) std::erase_if(servers, [&](const ListedServer& listed) { return listed.name() != wanted; });
  if (!servers.empty()) return servers;
  if (names.empty())
    return make_error(Code::not_found, shell.project.empty() ? "no project has an MCP server"
                                                             : fmt::format("project {} has no MCP server", shell.project));
  const auto near = find_nearest(wanted, std::vector<std::string_view>(names.begin(), names.end()));
  return make_error(Code::not_found, fmt::format("no MCP server named \"{}\"{}",
                                                 escape_controls(without_secrets(std::string_view(wanted).substr(0, 64))),
                                                 near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
}

int fail_without(Shell& shell, const Error& error, const std::string& wanted) {
  return shell.fail(error,
                    wanted.empty() ? "'pg projects add NAME --type mcp' makes a project that may have some" : "pg mcp list");
}

/// What a server said, or what is said of it, without what only it and pg know.
std::string told(const ListedServer& listed, std::string text) {
  StreamMask(listed.server->credentials).mask(text);
  return without_secrets(text);
}

std::string globs_cell(const McpServerSettings& row) {
  std::string cell = row.tools.empty() ? "all" : fmt::format("{}", fmt::join(row.tools, ","));
  if (!row.deny_tools.empty()) cell += fmt::format(" but {}", fmt::join(row.deny_tools, ","));
  return cell;
}

std::string server_json(const ListedServer& listed) {
  std::vector<std::string> command;
  for (const std::string& word : listed.server->command) command.push_back(shown_argument(word));
  std::string object = "{";
  json_field(object, "project", listed.project);
  json_field(object, "server", listed.name());
  json_field(object, "kind", listed.is_program() ? "program" : "http");
  if (listed.is_program())
    json_raw(object, "command", json_list(command));
  else
    json_field(object, "url", listed.where());
  json_raw(object, "tools", json_list(listed.row.tools));
  json_raw(object, "deny_tools", json_list(listed.row.deny_tools));
  json_field(object, "credential", listed.credential());
  json_bool(object, "ready", listed.server->problem.empty());
  json_field(object, "problem", listed.server->problem);
  return object + "}";
}

int list_servers(Shell& shell) {
  const Settings settings = open_settings(shell).value();
  Table table({{"PROJECT"},
               {"SERVER"},
               {"KIND", Align::left, 2},
               {"WHERE", Align::left, 0, 20},
               {"TOOLS", Align::left, 1, 10},
               {"PROBLEM", Align::left, 0, 12}});
  std::string objects;
  for (const ListedServer& listed : find_servers(shell, settings)) {
    const std::string& problem = listed.server->problem;
    table.add({{listed.project},
               {listed.name(), Color::bold},
               {listed.is_program() ? "program" : "http"},
               {listed.where()},
               {globs_cell(listed.row)},
               {problem.empty() ? "–" : problem, problem.empty() ? Color::plain : Color::red}});
    objects += (objects.empty() ? "" : ",\n") + server_json(listed);
  }
  shell.write(without_secrets(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell)));
  if (table.empty()) shell.note("no MCP servers; 'pg projects add NAME --type mcp' makes a project that may have some");
  return exit_ok;
}

/// As serve would ask it; a server that cannot be asked is not.
McpProbe ask_server(const Shell& shell, const ListedServer& listed) {
  McpProbe probe;
  if (listed.server->problem.empty())
    probe = probe_mcp(*listed.server, shell.timeout_or(listed.server->start_timeout + kTimeToList).value());
  else
    probe.error = make_error(Code::unavailable, listed.server->problem);
  return probe;
}

std::string what_failed(const ListedServer& listed, const Error& error) {
  return told(listed, error.message + (error.detail.empty() ? "" : " (" + error.detail + ")"));
}

std::string hint_for(const ListedServer& listed, const Error& error) {
  if (!listed.server->problem.empty())
    return "set it where pg serve is started, or write \"sealed:NAME\" and pg providers login NAME";
  if (error.code == Code::forbidden) return fmt::format("private = true under [servers.{}] allows it", listed.name());
  if (error.code == Code::upstream_timeout) return "--timeout allows more";
  return "";
}

std::size_t count_allowed(const McpProbe& probe) {
  return static_cast<std::size_t>(
      std::count_if(probe.tools.begin(), probe.tools.end(), [](const McpTool& tool) { return tool.allowed; }));
}

std::int64_t tokens_of(const McpTool& tool) {
  return static_cast<std::int64_t>((tool.bytes + kBytesOfToken - 1) / kBytesOfToken);
}

std::string first_line(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(0, text.find_first_of("\r\n"))));
}

/// The tools of all servers that were asked, as they come.
class ToolList {
 public:
  explicit ToolList(Shell& shell)
      : shell_(shell),
        table_({{"PROJECT", Align::left, 3},
                {"TOOL", Align::left, 0, 12},
                {"USE", Align::left, 1},
                {"TOKENS", Align::right, 2},
                {"DESCRIPTION", Align::left, 4, 20}}) {}

  void add(const ListedServer& listed, const McpProbe& probe) {
    for (const McpTool& tool : probe.tools) {
      const std::string description = told(listed, tool.description);
      table_.add({{listed.project},
                  {told(listed, tool.shown), tool.allowed ? Color::bold : Color::dim},
                  {tool.allowed ? "allowed" : "denied", tool.allowed ? Color::green : Color::yellow},
                  {std::to_string(tokens_of(tool))},
                  {first_line(description)}});
      std::string object = "{";
      json_field(object, "project", listed.project);
      json_field(object, "server", listed.name());
      json_field(object, "tool", told(listed, tool.shown));
      json_field(object, "name", told(listed, tool.name));
      json_bool(object, "allowed", tool.allowed);
      json_number(object, "bytes", static_cast<std::int64_t>(tool.bytes));
      json_number(object, "tokens", tokens_of(tool));
      json_field(object, "description", description);
      objects_ += (objects_.empty() ? "" : ",\n") + object + "}";
      ++tools_;
      if (!tool.allowed) continue;
      ++allowed_[listed.project];
      tokens_ += tokens_of(tool);
    }
  }

  void end() {
    if (shell_.json)
      shell_.write("[" + objects_ + "]\n");
    else if (!table_.empty())
      shell_.write(table_.text(shell_));
    std::size_t allowed = 0;
    for (const auto& [project, count] : allowed_) allowed += count;
    const std::string sum = fmt::format("{} of {} tools allowed, about {} tokens of definitions", allowed, tools_, tokens_);
    // Elsewhere rows are read by programs.
    if (shell_.out_tty && !shell_.json)
      shell_.print("{}\n", sum);
    else
      shell_.note(sum);
    for (const auto& [project, count] : allowed_)
      if (count > kMostOfCursor)
        shell_.warn(fmt::format("{} tools of project {} are allowed: {}; tools = [\"…\"] of a server says which", count, project,
                                count > kMostOfCopilot
                                    ? fmt::format("Copilot takes no more than {}, Cursor {}", kMostOfCopilot, kMostOfCursor)
                                    : fmt::format("Cursor takes no more than {}", kMostOfCursor)));
  }

 private:
  Shell& shell_;
  Table table_;
  std::string objects_;
  std::size_t tools_ = 0;
  std::int64_t tokens_ = 0;
  std::map<std::string, std::size_t> allowed_;  // by project: what one client sees
};

int list_tools(Shell& shell, const std::string& wanted) {
  const Settings settings = open_settings(shell).value();
  const auto servers = wanted_servers(shell, settings, wanted);
  if (!servers) return fail_without(shell, servers.error(), wanted);
  ToolList list(shell);
  int status = exit_ok;
  for (const ListedServer& listed : servers.value()) {
    const McpProbe probe = ask_server(shell, listed);
    list.add(listed, probe);
    if (!probe.error) continue;
    status = exit_upstream;
    shell.note_error(escape_controls(
        fmt::format("{}: {}; 'pg mcp test {}' says more", listed.name(), what_failed(listed, *probe.error), listed.name())));
  }
  list.end();
  return status;
}

std::string probe_json(const ListedServer& listed, const McpProbe& probe) {
  std::vector<std::string> words;
  for (const std::string& line : probe.last_words) words.push_back(told(listed, line));
  std::string object = "{";
  json_field(object, "project", listed.project);
  json_field(object, "server", listed.name());
  json_field(object, "verdict", probe.error ? "fail" : "ok");
  json_field(object, "revision", told(listed, probe.revision));
  json_field(object, "name", told(listed, probe.server_name));
  json_field(object, "version", told(listed, probe.server_version));
  json_number(object, "tools", static_cast<std::int64_t>(probe.tools.size()));
  json_number(object, "allowed", static_cast<std::int64_t>(count_allowed(probe)));
  json_number(object, "took_ms", probe.took.count());
  json_text_or_null(object, "error", probe.error ? what_failed(listed, *probe.error) : "");
  json_text_or_null(object, "hint", probe.error ? hint_for(listed, *probe.error) : "");
  json_raw(object, "stderr", json_list(words));
  return object + "}";
}

void print_probe(Shell& shell, const ListedServer& listed, const McpProbe& probe) {
  const std::string verdict = probe.error ? "fail" : "ok";
  const std::string detail = probe.error ? what_failed(listed, *probe.error)
                                         : told(listed, fmt::format("{} {}", probe.server_name, probe.server_version));
  const std::string tools = fmt::format("{} of {} tools", count_allowed(probe), probe.tools.size());
  if (!shell.out_tty)
    shell.print("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", verdict, listed.project, listed.name(),
                escape_controls(told(listed, probe.revision)), probe.error ? "" : tools, probe.took.count(),
                escape_controls(trim(detail)));
  else
    shell.print(
        "{}  {:<12} {}{}\n", shell.paint(probe.error ? Color::red : Color::green, fmt::format("{:<4}", verdict)), listed.name(),
        probe.error ? ""
                    : fmt::format("{}  {}  {} ms  ", escape_controls(told(listed, probe.revision)), tools, probe.took.count()),
        escape_controls(trim(detail)));
  if (!probe.error) return;
  for (const std::string& line : probe.last_words) shell.print("      stderr: {}\n", escape_controls(told(listed, line)));
  const std::string hint = hint_for(listed, *probe.error);
  if (!hint.empty()) shell.print("      hint: {}\n", hint);
}

int test_servers(Shell& shell, const std::string& wanted) {
  const Settings settings = open_settings(shell).value();
  const auto servers = wanted_servers(shell, settings, wanted);
  if (!servers) return fail_without(shell, servers.error(), wanted);
  int status = exit_ok;
  std::string objects;
  for (const ListedServer& listed : servers.value()) {
    const McpProbe probe = ask_server(shell, listed);
    if (probe.error) status = exit_no;
    if (shell.json)
      objects += (objects.empty() ? "" : ",\n") + probe_json(listed, probe);
    else
      print_probe(shell, listed, probe);
    shell.flush();
  }
  if (shell.json) shell.write("[" + objects + "]\n");
  return status;
}

}  // namespace

void add_mcp(CLI::App& command, Shell& shell) {
  command.footer("pg mcp list\npg mcp tools\npg mcp test files");
  auto* lists = command.add_subcommand("list", "List the MCP servers of all projects, or of --project");
  lists->footer("pg mcp list\npg mcp list --project tools --json");
  set_action(*lists, shell, [&shell] { return list_servers(shell); });

  auto name = std::make_shared<std::string>();
  auto* tools =
      command.add_subcommand("tools",
                             "List the tools of servers, as callers see them\n"
                             "Starts or asks each server. Says which tools are allowed, and what their definitions cost in each\n"
                             "request of an agent: tokens are estimated as a quarter of the bytes. Warns of more tools than\n"
                             "clients take. Exits 7 when a server cannot be asked.");
  tools->add_option("SERVER", *name, "Its name; all of them when not given");
  tools->footer("pg mcp tools\npg mcp tools files --project tools\npg mcp tools --json");
  set_action(*tools, shell, [&shell, name] { return list_tools(shell, *name); });

  auto* tests =
      command.add_subcommand("test",
                             "Start or ask servers, and say what came of it\n"
                             "Without a running serve. Says the revision of the protocol, what the server calls itself and how\n"
                             "many tools it has; or what failed, with the last lines that a program wrote to standard error.\n"
                             "Exits 1 when one failed.");
  tests->add_option("SERVER", *name, "Its name; all of them when not given");
  tests->footer("pg mcp test\npg mcp test github --timeout 5s\npg mcp test --project tools --json");
  set_action(*tests, shell, [&shell, name] { return test_servers(shell, *name); });
}

}  // namespace pg
