// pg models: what a client may write as a model, from the settings alone or as the providers list it. Works without serve.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/provider_probe.h"
#include "config/providers.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"

namespace pg {
namespace {

constexpr Millis kListTimeout{15'000};

struct ModelsOptions {
  std::string provider;
  bool remote = false;
};

struct ModelRow {
  std::string model, kind, provider, target;  // kind: "alias", "route", "configured", "pattern", "renamed", "listed"
};

std::vector<ModelRow> alias_rows(const ProjectSettings& project) {
  std::vector<ModelRow> rows;
  for (const auto& [alias, model] : project.aliases) {
    const std::string name = model.substr(0, model.find(':'));
    const bool named = std::find(project.providers.begin(), project.providers.end(), name) != project.providers.end();
    rows.push_back({alias, "alias", named ? name : "", model});
  }
  return rows;
}

/// What the rules of a project look for in a model's name; those without a wildcard are in a wrapper's own list, too.
void add_routed(const ProjectSettings& project, std::vector<ModelRow>& rows) {
  for (const RouteSettings& route : project.routes) {
    const auto models = route.match.find("model");
    if (models == route.match.end()) continue;
    for (const std::string& model : models->second) rows.push_back({model, "route", route.provider, route.model});
  }
}

void add_configured(const ProviderSettings& row, std::vector<ModelRow>& rows) {
  for (const std::string& model : row.models)
    rows.push_back({model, model.find_first_of("*?") == std::string::npos ? "configured" : "pattern", row.name, ""});
  for (const auto& [model, called] : row.model_names) rows.push_back({model, "renamed", row.name, called});
}

/// The providers of --provider, else of the project, else of all projects.
std::vector<std::string> wanted_providers(const Settings& settings, const ModelsOptions& options,
                                          const std::optional<ProjectSettings>& project) {
  if (!options.provider.empty()) return {named_provider(settings, options.provider)};
  if (project) return project->providers;
  return used_providers(settings);
}

int add_listed(Shell& shell, const Settings& settings, const std::string& name, Millis timeout, std::vector<ModelRow>& rows) {
  const ProbeVerdict verdict = judge_provider(settings, name, timeout);
  for (const ListedModel& model : verdict.models) rows.push_back({model.id, "listed", name, model.name});
  if (verdict.verdict == "fail" || verdict.verdict == "warn")
    shell.warn(fmt::format("{}: {}{}", name, verdict.detail, verdict.hint.empty() ? "" : "; " + verdict.hint));
  return verdict.exit;
}

void print_rows(Shell& shell, const std::vector<ModelRow>& rows) {
  if (shell.json) {
    std::string objects;
    for (const ModelRow& row : rows) {
      std::string object = "{";
      json_field(object, "model", row.model);
      json_field(object, "kind", row.kind);
      json_field(object, "provider", row.provider);
      json_field(object, row.kind == "listed" ? "display_name" : "target", row.target);
      objects += (objects.empty() ? "" : ",\n") + object + "}";
    }
    shell.write(without_secrets("[" + objects + "]\n"));  // stars as long as what they cover
    return;
  }
  Table table({{"MODEL"}, {"KIND", Align::left, 2, 8}, {"PROVIDER"}, {"IS", Align::left, 1, 10}});
  for (const ModelRow& row : rows) table.add({{row.model, Color::bold}, {row.kind}, {row.provider}, {row.target}});
  shell.write(without_secrets(table.text(shell)));
}

int list_models(Shell& shell, const ModelsOptions& options) {
  const Settings settings = open_settings(shell).value();
  std::optional<ProjectSettings> project;
  if (!shell.project.empty()) project = chosen_project(shell, settings).value();
  std::vector<ModelRow> rows;
  if (options.provider.empty()) {
    for (const auto& [name, row] : settings.projects)
      if (!project || project->name == name) {
        for (ModelRow& alias : alias_rows(row)) rows.push_back(std::move(alias));
        add_routed(row, rows);
      }
  }
  int status = exit_ok;
  for (const std::string& name : wanted_providers(settings, options, project)) {
    const auto row = find_provider_row(settings, name);
    if (!row) continue;
    add_configured(*row, rows);
    if (!options.remote) continue;
    const int listed = add_listed(shell, settings, name, shell.timeout_or(kListTimeout).value(), rows);
    status = std::max(status, listed);
  }
  print_rows(shell, rows);
  if (rows.empty() && status == exit_ok)
    shell.note(options.remote ? "no provider lists a model"
                              : "the settings name no models: every name is passed on; --remote asks the providers");
  return status;
}

}  // namespace

void add_models(CLI::App& command, Shell& shell) {
  command.footer("pg models list\npg models list --remote --provider openai");
  auto options = std::make_shared<ModelsOptions>();
  auto* lists = command.add_subcommand("list",
                                       "List aliases, models of routes, configured ones, and with --remote what providers list\n"
                                       "Of all projects, or of the one that --project names. Works while serve is not running.");
  lists->add_option("--provider", options->provider, "Only this provider's")->type_name("PROVIDER");
  lists->add_flag("--remote", options->remote, "Ask the providers too; costs nothing");
  lists->footer("pg models list\npg models list --project default --remote\npg models list --provider openai --remote --json");
  set_action(*lists, shell, [&shell, options] { return list_models(shell, *options); });
}

}  // namespace pg
