// pg config: are the settings right, what are they, and where do they come from.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "config/build_policy.h"
#include "config/load.h"
#include "config/show.h"
#include "core/guard/mask_secrets.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

std::string problem_json(const Problem& problem) {
  std::string object = "{";
  json_field(object, "file", without_secrets(problem.place.file));
  json_known(object, "line", problem.place.line > 0 ? problem.place.line : -1);
  json_known(object, "column", problem.place.line > 0 ? problem.place.column : -1);
  json_field(object, "message", without_secrets(problem.message));
  json_field(object, "hint", without_secrets(problem.hint));
  return object + "}";
}

int check_json(Shell& shell, const Loaded& loaded, bool valid) {
  std::string problems = "[";
  for (const auto& problem : loaded.problems) problems += (problems.size() > 1 ? "," : "") + problem_json(problem);
  std::string object = "{";
  json_bool(object, "valid", valid);
  json_field(object, "config", loaded.settings.config_file);
  json_raw(object, "problems", problems + "]");
  json_raw(object, "warnings", json_list(loaded.settings.warnings));
  shell.write(object + "}\n");
  return valid ? exit_ok : exit_no;
}

// Guards are made as a whole and stop at the first pattern that is wrong, so each of a whole that fails is tried by itself.
void check_each_pattern(const Settings& settings, std::vector<Problem>& problems) {
  Settings trial = settings;
  trial.providers.clear();
  const auto try_each = [&](const GuardSettings& guards, GuardSettings& slot) {
    for (const CustomRule& rule : guards.custom) {
      slot = GuardSettings();
      slot.custom = {rule};
      check_guards(trial, problems);
    }
    slot = GuardSettings();
  };
  trial.projects.clear();
  try_each(settings.guards, trial.guards);
  for (const auto& [name, project] : settings.projects) {
    trial.projects = {{name, project}};
    try_each(project.guards, trial.projects.at(name).guards);
  }
}

void check_all_guards(Loaded& loaded) {
  // Nothing is known of the guards that stand in a pg.toml which is no TOML.
  if (loaded.unread.count(loaded.settings.config_file) != 0) return;
  const std::size_t before = loaded.problems.size();
  check_guards(loaded.settings, loaded.problems);
  if (loaded.problems.size() != before) check_each_pattern(loaded.settings, loaded.problems);
}

int check_config(Shell& shell, bool strict) {
  auto loaded = read_settings(load_options(shell));
  check_all_guards(loaded);
  const bool valid = loaded.problems.empty() && !(strict && !loaded.settings.warnings.empty());
  if (shell.json) return check_json(shell, loaded, valid);
  if (!loaded.problems.empty()) shell.write(problems_text(loaded.problems) + "\n");
  for (const auto& warning : loaded.settings.warnings) shell.warn(warning);
  const auto& settings = loaded.settings;
  const auto file = settings.config_file.empty() ? std::string("no settings file, only defaults") : settings.config_file;
  if (valid) {
    shell.note(fmt::format("{}: {}, {} project{}", shell.paint_err(Color::green, "ok"), file, settings.projects.size(),
                           settings.projects.size() == 1 ? "" : "s"));
    return exit_ok;
  }
  shell.note(fmt::format("{}: {} problem{}, {} warning{}", shell.paint_err(Color::red, "not valid"), loaded.problems.size(),
                         loaded.problems.size() == 1 ? "" : "s", settings.warnings.size(),
                         settings.warnings.size() == 1 ? "" : "s"));
  return exit_no;
}

// What serve would refuse is refused here, where somebody reads it.
int reload(Shell& shell) {
  auto loaded = read_settings(load_options(shell));
  if (loaded.problems.empty()) check_guards(loaded.settings, loaded.problems);
  if (!loaded.problems.empty()) {
    const Problem& first = loaded.problems.front();
    return shell.fail({.what = without_secrets(first.message),
                       .at = without_secrets(first.place.text()),
                       .hint = "a running serve goes on with the settings it has; 'pg config check' shows every mistake",
                       .status = exit_config});
  }
  const std::string& database = loaded.settings.database;
  const auto serve = find_running_serve(database);
  const auto fail_without = [&] {
    Failure failure = no_serve(database);
    failure.status = exit_not_found;
    return shell.fail(failure);
  };
  // Whoever holds the lock and is no serve that listens dies of the signal; pid 0 would be our own process group.
  if (!serve || !serve->is_ready()) return fail_without();
  if (::kill(static_cast<pid_t>(serve->pid), SIGHUP) != 0)
    return errno == ESRCH
               ? fail_without()
               : shell.fail({.what = fmt::format("pg serve (pid {}) belongs to somebody else", serve->pid), .status = exit_auth});
  if (shell.json) return shell.print("{{\"pid\":{}}}\n", serve->pid), exit_ok;
  shell.print("pg serve (pid {}) reads its settings anew; 'pg audit tail' shows what changed\n", serve->pid);
  return exit_ok;
}

// Values are shown as TOML; what JSON spells alike is that value, and anything else is a text.
void json_value(std::string& object, const std::string& value) {
  const bool alike = nlohmann::json::accept(value);
  alike ? json_raw(object, "value", value) : json_field(object, "value", value);
}

int show_config(Shell& shell, bool origin, const std::string& only) {
  auto settings = open_settings(shell).value();
  std::vector<Column> columns{{"SETTING", Align::left, 0, 16}, {"VALUE", Align::left, 0, 12}};
  if (origin) columns.push_back({"ORIGIN", Align::left, 0, 8});
  Table table(std::move(columns));
  std::string objects;
  for (const auto& shown : show_settings(settings)) {
    if (shown.key.find(only) == std::string::npos) continue;
    std::vector<Cell> cells{{shown.key}, {shown.value}};
    if (origin) cells.push_back({shown.origin, shown.origin == "default" ? Color::dim : Color::cyan});
    table.add(std::move(cells));
    std::string object = "{";
    json_field(object, "key", shown.key);
    json_value(object, shown.value);
    json_field(object, "origin", shown.origin);
    objects += (objects.empty() ? "" : ",\n") + object + "}";
  }
  if (table.empty())
    return shell.fail({.what = fmt::format("no setting holds '{}'", only), .hint = "pg config show", .status = exit_not_found});
  shell.write(shell.json ? "[" + objects + "]\n" : table.text(shell));
  return exit_ok;
}

int show_config_path(Shell& shell) {
  const auto settings = open_settings(shell).value();
  const std::vector<std::pair<std::string, std::string>> rows{{"config", settings.config_file},
                                                              {"projects", settings.projects_dir},
                                                              {"database", settings.database},
                                                              {"app_key", settings.app_key_file}};
  if (shell.json) {
    std::string object = "{";
    for (const auto& [name, file] : rows) json_field(object, name, file);
    shell.write(object + "}\n");
    return exit_ok;
  }
  for (const auto& [name, file] : rows) shell.print("{}\t{}\n", name, file.empty() ? "–" : file);
  return exit_ok;
}

}  // namespace

void add_config(CLI::App& command, Shell& shell) {
  command.footer("pg config check\npg config show --origin\npg config reload");

  auto* checks =
      command.add_subcommand("check", "Report every mistake in the settings, with line and column\nExits 1 when there is one.");
  auto strict = std::make_shared<bool>(false);
  checks->add_flag("--strict", *strict, "Warnings count as mistakes");
  checks->footer("pg config check\npg config check --strict --json\npg config check --config ./pg.toml");
  set_action(*checks, shell, [&shell, strict] { return check_config(shell, *strict); });

  auto* reloads = command.add_subcommand("reload",
                                         "Make a running serve read its settings now\n"
                                         "It does so by itself within a second of a change. This checks them first, and exits 3 "
                                         "with the mistake when there is one; serve also opens its log file anew.");
  reloads->footer("pg config reload\npg config reload --json");
  set_action(*reloads, shell, [&shell] { return reload(shell); });

  auto* shows = command.add_subcommand("show", "Print every setting as it is now; credentials are never shown");
  auto origin = std::make_shared<bool>(false);
  auto only = std::make_shared<std::string>();
  shows->add_flag("--origin", *origin, "Also where each value comes from");
  shows->add_option("PART", *only, "Only keys that hold this text");
  shows->footer("pg config show\npg config show --origin serve\npg config show providers.openai --json");
  set_action(*shows, shell, [&shell, origin, only] { return show_config(shell, *origin, *only); });

  auto* paths = command.add_subcommand("path", "Print where settings, projects and database live");
  paths->footer("pg config path\npg config path --json");
  set_action(*paths, shell, [&shell] { return show_config_path(shell); });
}

}  // namespace pg
