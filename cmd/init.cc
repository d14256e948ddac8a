// pg init: everything a fresh machine needs, and the next two commands.
#include "config/init.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/snippet.h"

namespace pg {
namespace {

int print_report_json(Shell& shell, const InitReport& report) {
  std::string object = "{";
  json_raw(object, "created", json_list(report.created));
  json_raw(object, "kept", json_list(report.kept));
  json_field(object, "config", report.settings.config_file);
  json_field(object, "database", report.settings.database);
  json_field(object, "project", report.project);
  json_field(object, "project_id", report.project_id);
  json_field(object, "base_url", fmt::format("{}/api/{}", agent_origin(report.settings), report.project));
  if (report.key) json_field(object, "key", report.key->text.reveal());
  shell.write(object + "}\n");
  return exit_ok;
}

int init(Shell& shell) {
  auto report = init_files(load_options(shell), wall_clock(), actor_name()).value();
  if (shell.json) return print_report_json(shell, report);
  for (const auto& path : report.created) shell.note(fmt::format("{} {}", shell.paint_err(Color::green, "created"), path));
  for (const auto& path : report.kept)
    if (shell.verbose > 0 || report.created.empty()) shell.note(fmt::format("kept    {}", path));
  shell.note(fmt::format("project {} ({})", report.project, report.project_id));
  if (report.key) {
    shell.note("key     shown once, stored nowhere:");
    shell.print("{}\n", report.key->text.reveal());
  }
  const std::string config = shell.config.empty() ? "" : " --config " + shell_word(ShellKind::sh, shell.config);
  const std::string serve = "pg serve" + config, setup = "pg setup claude-code" + config;
  shell.note(fmt::format("\nNext:\n  {:<{}}  # in one terminal\n  {}  # in another: how to point an agent at it", serve,
                         std::max<std::size_t>(setup.size() + 2, 22), setup + "  "));
  return exit_ok;
}

}  // namespace

void add_init(CLI::App& command, Shell& shell) {
  command.description(
      "Create settings, database, a first project and a key\n"
      "Makes what is missing and leaves alone what is there, so that it may be run again.");
  command.footer("pg init\npg init --config ./pg.toml  # somewhere else\npg init --json  # for scripts");
  set_action(command, shell, [&shell] { return init(shell); });
}

}  // namespace pg
