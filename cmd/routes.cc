// pg routes: the rules of a project, listed; explaining one call lives in explain_route.cc.
#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/explain_route.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/wire/dialect.h"

namespace pg {
namespace {

/// "model claude-*, dialect anthropic", or "every call".
std::string match_cell(const RouteSettings& route) {
  std::string out;
  for (const auto& [test, globs] : route.match)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", test, fmt::join(globs, " or "));
  return out.empty() ? "every call" : out;
}

std::string route_json(const std::string& project, std::size_t number, const RouteSettings& route) {
  std::string match = "{";
  for (const auto& [test, globs] : route.match) json_raw(match, test, json_list(globs));
  std::string object = "{";
  json_field(object, "project", project);
  json_number(object, "number", static_cast<std::int64_t>(number));
  json_field(object, "name", route.name);
  json_raw(object, "match", match + "}");
  json_field(object, "provider", route.provider);
  json_field(object, "model", route.model);
  json_field(object, "prompt", route.prompt);
  json_field(object, "fallback", route.fallback);
  json_field(object, "place", route.places.at("").text());
  return object + "}";
}

std::vector<ProjectSettings> listed_projects(Shell& shell, const Settings& settings) {
  if (!shell.project.empty()) return {chosen_project(shell, settings).value()};
  std::vector<ProjectSettings> all;
  for (const auto& [name, project] : settings.projects) all.push_back(project);
  return all;
}

int list_routes(Shell& shell) {
  auto settings = open_settings(shell).value();
  Table table({{"PROJECT"},
               {"#", Align::right},
               {"NAME", Align::left, 0, 8},
               {"MATCH", Align::left, 0, 16},
               {"PROVIDER"},
               {"MODEL", Align::left, 1, 8},
               {"PROMPT", Align::left, 2},
               {"FALLBACK", Align::left, 3}});
  std::string objects;
  const auto cell = [](const std::string& text) { return Cell{text.empty() ? "–" : text}; };
  for (const ProjectSettings& project : listed_projects(shell, settings)) {
    for (std::size_t i = 0; i < project.routes.size(); ++i) {
      const RouteSettings& route = project.routes[i];
      table.add({{project.name},
                 {std::to_string(i + 1)},
                 {route.name, Color::bold},
                 {match_cell(route)},
                 cell(route.provider),
                 cell(route.model),
                 cell(route.prompt),
                 cell(route.fallback)});
      objects += (objects.empty() ? "" : ",\n") + route_json(project.name, i + 1, route);
    }
  }
  // Stars as long as what they cover, so that columns stay aligned and JSON stays JSON.
  shell.write(without_secrets(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell)));
  if (table.empty()) shell.note("no routes; add [[route]] to a project file with 'pg projects edit'");
  return exit_ok;
}

}  // namespace

void add_routes(CLI::App& command, Shell& shell) {
  command.footer("pg routes list\npg routes explain --path /v1/messages --model claude-haiku-4-5");
  auto* lists = command.add_subcommand("list", "List the routing rules of all projects, or of --project");
  lists->footer("pg routes list\npg routes list --project work --json");
  set_action(*lists, shell, [&shell] { return list_routes(shell); });

  auto call = std::make_shared<ExplainedCall>();
  auto* explains = command.add_subcommand("explain",
                                          "Say where a call would go, and which rules said no\n"
                                          "Nothing is sent. The call is described by a request body, by options, or by both.");
  explains->add_option("FILE", call->file, "A request body as JSON, or '-' for standard input")->type_name("FILE");
  explains->add_option("--host", call->host, "The host name it is sent to")->type_name("HOST");
  explains->add_option("--path", call->path, "The path it is sent to, with or without /api/PROJECT")->type_name("PATH");
  explains->add_option("--model", call->model, "The model it asks for")->type_name("MODEL");
  std::vector<std::string> names;
  for (const Dialect& row : client_dialects()) names.emplace_back(row.name);
  one_of(explains->add_option("--dialect", call->dialect, "The client's dialect, when neither path nor body tells"), names);
  explains->add_option("--key", call->key, "The name of the caller's key")->type_name("NAME");
  explains->add_option("--agent", call->agent, "The calling agent")->type_name("AGENT");
  explains->footer(
      "pg routes explain request.json --path /v1/messages\n"
      "pg routes explain --host llm.example.com --path /v1/messages --model fast\n"
      "pg routes explain --dialect openai-chat --model fast --project work --json");
  set_action(*explains, shell, [&shell, call] { return explain_route(shell, *call); });
}

}  // namespace pg
