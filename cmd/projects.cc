// pg projects: TOML files beside pg.toml, added, listed, shown and removed; editing lives in edit_project.cc.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <span>

#include "cmd/command.h"
#include "cmd/edit_project.h"
#include "cmd/guard_words.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "config/checks.h"
#include "config/project_files.h"
#include "core/base/text.h"
#include "core/store/key_store.h"

namespace pg {
namespace {

std::string base_url(const Settings& settings, const ProjectSettings& project) {
  return fmt::format("{}/api/{}", agent_origin(settings), project.name);
}

std::string guards_json(const GuardSettings& guards) {
  std::string object = "{";
  for (const auto& [name, action] : guard_actions(guards)) json_field(object, name, action_name(action));
  return object + "}";
}

const std::string& guard_origin(const Settings& settings, const ProjectSettings& project, std::string_view guard) {
  return settings.origins.at(fmt::format("projects.{}.guards.{}", project.name, guard));
}

std::string guard_origins_json(const Settings& settings, const ProjectSettings& project) {
  std::string object = "{";
  for (const auto& row : guard_actions(project.guards)) json_field(object, row.first, guard_origin(settings, project, row.first));
  return object + "}";
}

/// "secrets: pg.toml:100; email iban: default": who decides, in the order of the guards.
std::string guard_origins_cell(const Settings& settings, const ProjectSettings& project) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (const auto& row : guard_actions(project.guards)) {
    const std::string& origin = guard_origin(settings, project, row.first);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& known) { return known.first == origin; });
    if (group == groups.end()) group = groups.insert(groups.end(), {origin, ""});
    group->second += (group->second.empty() ? "" : " ") + std::string(row.first);
  }
  std::string out;
  for (const auto& [origin, names] : groups) out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", names, origin);
  return out;
}

template <class Row>
std::vector<std::string> names_in(const std::map<std::string, Row>& rows) {
  std::vector<std::string> names;
  for (const auto& [name, row] : rows) names.push_back(name);
  return names;
}

/// What the calls of a project go to, and what that is called.
std::pair<std::string_view, std::vector<std::string>> reached_by(const ProjectSettings& project) {
  if (project.type == "api") return {"services", names_in(project.services)};
  if (project.type == "mcp") return {"servers", names_in(project.servers)};
  return {"providers", project.providers};
}

std::string project_json(const Settings& settings, const ProjectSettings& project) {
  std::string object = "{";
  json_field(object, "name", project.name);
  json_field(object, "id", project.id);
  json_field(object, "type", project.type);
  json_raw(object, "providers", json_list(project.providers));
  json_raw(object, "fallback", json_list(project.fallback));
  json_raw(object, "services", json_list(names_in(project.services)));
  json_raw(object, "servers", json_list(names_in(project.servers)));
  json_raw(object, "guards", guards_json(project.guards));
  json_raw(object, "guard_origins", guard_origins_json(settings, project));
  json_bool(object, "require_key", project.require_key.value_or(settings.serve.require_key));
  json_field(object, "base_url", base_url(settings, project));
  json_field(object, "file", project.file);
  return object + "}";
}

int list_projects(Shell& shell) {
  auto settings = open_settings(shell).value();
  Table table({{"NAME"}, {"PROVIDERS", Align::left, 2, 12}, {"GUARDS", Align::left, 3, 20}, {"ID", Align::left, 1, 36}});
  std::string objects;
  for (const auto& [name, project] : settings.projects) {
    table.add({{name, Color::bold},
               {fmt::format("{}", fmt::join(reached_by(project).second, ", "))},
               {guards_cell(project.guards)},
               {project.id}});
    objects += (objects.empty() ? "" : ",\n") + project_json(settings, project);
  }
  shell.write(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell));
  if (table.empty()) shell.note("no projects; 'pg init' or 'pg projects add NAME' makes one");
  return exit_ok;
}

ProjectSettings named(Shell& shell, const Settings& settings, const std::string& name) {
  if (!name.empty()) shell.project = name;
  return chosen_project(shell, settings).value();
}

// A project whose file is wrong can be edited and removed all the same: that is what an editor is for.
ProjectSettings named_or_broken(Shell& shell, const Settings& settings, const std::string& name) {
  const std::string wanted = !name.empty() ? name : shell.project.empty() ? "default" : shell.project;
  if (settings.broken.count(wanted) == 0) return named(shell, settings, name);
  ProjectSettings project;
  project.name = wanted;
  project.file = fmt::format("{}/{}.toml", settings.projects_dir, wanted);
  return project;
}

int show_project(Shell& shell, const std::string& name) {
  auto settings = open_settings(shell).value();
  auto project = named(shell, settings, name);
  if (shell.json) {
    shell.write(project_json(settings, project) + "\n");
    return exit_ok;
  }
  const auto reached = reached_by(project);
  const std::vector<std::pair<std::string_view, std::string>> rows{
      {"name", project.name},
      {"id", project.id},
      {"type", project.type},
      {reached.first, fmt::format("{}", fmt::join(reached.second, ", "))},
      {"fallback", project.fallback.empty() ? "none" : fmt::format("{}", fmt::join(project.fallback, ", "))},
      {"prompt", project.prompt.empty() ? "none" : project.prompt},
      {"routes", fmt::format("{}", project.routes.size())},
      {"guards", guards_cell(project.guards)},
      {"set in", guard_origins_cell(settings, project)},
      {"key", project.require_key.value_or(settings.serve.require_key) ? "required" : "not required"},
      {"base url", base_url(settings, project)},
      {"file", project.file}};
  for (const auto& [title, value] : rows)
    shell.write(shell.out_tty ? fmt::format("{:<11}{}\n", title, escape_controls(value))
                              : fmt::format("{}\t{}\n", title, escape_controls(value)));
  return exit_ok;
}

/// The database, for the audit row; there may be none yet.
std::optional<Workplace> database_if_any(const Settings& settings) {
  std::error_code ignored;
  if (!std::filesystem::exists(settings.database, ignored)) return std::nullopt;
  return std::optional<Workplace>(std::in_place, settings, Db::open(settings.database).value(), DbMode::read_write);
}

int add_project_file(Shell& shell, const NewProject& wanted, bool if_missing) {
  auto settings = open_settings(shell).value();
  auto db = database_if_any(settings);
  auto added = add_project(settings, wanted, {db ? &db->db : nullptr, &wall_clock(), actor_name()});
  const bool is_kept = !added && added.error().code == Code::conflict && if_missing;
  if (!is_kept && !added) return shell.fail(added.error());
  auto fresh = open_settings(shell).value();
  auto project = named(shell, fresh, wanted.name);
  if (shell.json) {
    shell.write(project_json(fresh, project) + "\n");
    return exit_ok;
  }
  if (is_kept) {
    shell.note(fmt::format("project {} exists already", wanted.name));
    return exit_ok;
  }
  shell.note(fmt::format("created {}", added.value()));
  shell.note(fmt::format("a running serve answers {} within a second", base_url(fresh, project)));
  return exit_ok;
}

/// "2 keys: laptop, ci"
std::string counted_keys(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNames = 8;
  const std::span<const std::string> first = std::span(names).first(std::min(names.size(), kMostNames));
  return fmt::format("{} key{}: {}{}", names.size(), names.size() == 1 ? "" : "s", fmt::join(first, ", "),
                     names.size() > kMostNames ? ", …" : "");
}

Result<bool> typed_yes(Shell& shell, const ProjectSettings& project, const std::vector<std::string>& keys) {
  if (shell.yes || !shell.may_ask()) return shell.confirm("");
  const std::string revokes = keys.empty() ? "" : fmt::format("It also revokes its {}\n", counted_keys(keys));
  std::fputs(
      fmt::format("This removes {} and cannot be undone.\n{}Type the project's name to go on: ", project.file, revokes).c_str(),
      shell.err);
  std::fflush(shell.err);
  char answer[128] = {};
  return std::fgets(answer, sizeof answer, shell.in) != nullptr && trim(answer) == project.name;
}

// Its keys go with it: they fit no other project, and one that is made again with this id would take them.
int remove(Shell& shell, const std::string& name) {
  auto settings = open_settings(shell).value();
  auto project = named_or_broken(shell, settings, name);
  auto db = database_if_any(settings);
  std::optional<KeyStore> store;
  std::vector<std::string> keys;
  if (db) store.emplace(db->db, wall_clock(), actor_name(), std::map<std::string, std::string>{{project.id, project.name}});
  if (store)
    for (const Key& key : store->bound_to(project.id).value()) keys.push_back(key.name);
  if (!typed_yes(shell, project, keys).value()) return shell.fail({.what = "not removed", .status = exit_no});
  if (store) keys = store->revoke_bound_to(project.id).value();
  if (!keys.empty()) shell.note(fmt::format("revoked its {}", counted_keys(keys)));
  remove_project(settings, project.name, {db ? &db->db : nullptr, &wall_clock(), actor_name()}).value();
  shell.note(fmt::format("removed {}; its log rows stay", project.file));
  if (project.id.empty() && store)
    shell.note("its file was wrong and told no id: keys that were made for it are in 'pg keys list' still");
  if (!keys.empty()) let_serve_notice(shell, db->db);
  return exit_ok;
}

int edit_by_name(Shell& shell, const std::string& name, const std::string& from_file) {
  auto settings = open_settings(shell).value();
  auto project = named_or_broken(shell, settings, name);
  auto db = database_if_any(settings);
  return edit_project_file(shell, settings, project, from_file, {db ? &db->db : nullptr, &wall_clock(), actor_name()});
}

}  // namespace

void add_projects(CLI::App& command, Shell& shell) {
  command.footer("pg projects list\npg projects add work --provider anthropic\npg projects edit work");
  auto* lists = command.add_subcommand("list", "List projects");
  lists->footer("pg projects list\npg projects list --json");
  set_action(*lists, shell, [&shell] { return list_projects(shell); });

  auto wanted = std::make_shared<NewProject>();
  auto if_missing = std::make_shared<bool>(false);
  auto* adds = command.add_subcommand("add", "Write a new project file");
  adds->add_option("NAME", wanted->name, "Lower-case letters, digits, '-' and '_'")->type_name("TEXT")->required();
  adds->add_option("--provider", wanted->providers, "A provider, in order of preference; repeat for more")
      ->type_name("PROVIDER")
      ->allow_extra_args(false);
  one_of(adds->add_option("--type", wanted->type, "What it is for (default: agent)"),
         {project_types().begin(), project_types().end()});
  adds->add_option("--id", wanted->id, "Its UUID; made when not given")->type_name("UUID");
  adds->add_flag("--if-missing", *if_missing, "No error when it exists");
  adds->footer(
      "pg projects add work --provider anthropic --provider openai\n"
      "pg projects add team --type wrapper --provider openai --provider ollama\npg projects add apis --type api\n"
      "pg projects add tools --type mcp");
  set_action(*adds, shell, [&shell, wanted, if_missing] { return add_project_file(shell, *wanted, *if_missing); });

  auto name = std::make_shared<std::string>();
  auto* shows = command.add_subcommand("show", "Show one project and the URL it answers at");
  shows->add_option("PROJECT", *name, "Name or id; the default project when not given");
  shows->footer("pg projects show\npg projects show work --json");
  set_action(*shows, shell, [&shell, name] { return show_project(shell, *name); });

  auto from_file = std::make_shared<std::string>();
  auto* edits = command.add_subcommand("edit",
                                       "Edit a project file; only a valid one is kept\n"
                                       "Opens $VISUAL or $EDITOR on a copy. What a running serve reads is replaced in one step.");
  edits->add_option("PROJECT", *name, "Name or id; the default project when not given");
  edits->add_option("--from-file", *from_file, "Take the new text from this file, or '-' for standard input")->type_name("FILE");
  edits->footer("pg projects edit work\npg projects edit work --from-file work.toml\npg projects edit work --from-file -");
  set_action(*edits, shell, [&shell, name, from_file] { return edit_by_name(shell, *name, *from_file); });

  auto* removes = command.add_subcommand("remove", "Remove a project file, and revoke the keys that were made for it alone");
  removes->add_option("PROJECT", *name, "Name or id")->required();
  removes->footer("pg projects remove work\npg projects remove work --yes");
  set_action(*removes, shell, [&shell, name] { return remove(shell, *name); });
}

}  // namespace pg
