// The first start, step by step; each step does nothing where its result is already there.
#include "config/init.h"

#include <fmt/format.h>

#include <utility>

#include "config/app_key.h"
#include "config/audit_seal.h"
#include "config/load.h"
#include "config/project_files.h"
#include "config/providers.h"
#include "core/base/shipped.h"
#include "core/store/files.h"

namespace pg {
namespace {

bool is_there(const std::string& path) {
  return stamp_file(path).inode != 0;
}

// Where pg.toml is, or where it is going to be.
std::string choose_config_file(const LoadOptions& options, const Environment& environment, const Paths& paths) {
  if (!options.config.empty()) return options.config;
  if (const auto named = find_variable(environment, "PG_CONFIG")) return *named;
  if (!is_there(paths.config_file) && is_there(paths.system_file)) return paths.system_file;
  return paths.config_file;
}

void note(InitReport& report, bool made, const std::string& path) {
  (made ? report.created : report.kept).push_back(path);
}

Status make_config(const std::string& path, InitReport& report) {
  if (auto made = make_private_directory(directory_of(path)); !made) return made;
  PG_TRY(const bool made, create_file(path, shipped("pg.example.toml")));
  note(report, made, path);
  return {};
}

Status make_app_key(const Environment& environment, const std::string& file, InitReport& report) {
  if (find_variable(environment, "PG_APP_KEY")) {
    auto key = load_app_key(environment, file);
    return key ? Status() : Status(std::move(key).error());
  }
  PG_TRY(const bool made, create_app_key(file));
  note(report, made, file);
  auto key = load_app_key(environment, file);
  return key ? Status() : Status(std::move(key).error());
}

// Those whose key stands in the environment, then echo.
std::vector<std::string> choose_providers(const Settings& settings, const Environment& environment) {
  std::vector<std::string> chosen = {"echo"};
  for (const std::string& name : provider_names(settings)) {
    const auto row = find_provider_row(settings, name);
    const std::string credential = row ? row->credential.value_or("") : "";
    if (credential.substr(0, 4) == "env:" && find_variable(environment, credential.substr(4))) chosen.push_back(name);
  }
  return chosen;
}

Status make_project(const Settings& settings, const Environment& environment, const ProjectAct& act, InitReport& report) {
  if (!settings.projects.empty()) {
    report.kept.push_back(settings.projects.begin()->second.file);
    return {};
  }
  auto added = add_project(settings, {"default", "", choose_providers(settings, environment)}, act);
  // Another process that starts at the same moment may have made it.
  if (!added && added.error().code != Code::conflict) return std::move(added).error();
  note(report, bool(added), settings.projects_dir + "/default.toml");
  return {};
}

Status make_first_key(Db& db, const Clock& clock, const Environment& environment, const std::string& actor, InitReport& report) {
  NewKey wanted;
  wanted.name = "first";
  wanted.owner = find_variable(environment, "USER").value_or("");
  auto issued = KeyStore(db, clock, actor).add_first(wanted);
  if (issued)
    report.key = std::move(issued).value();
  else if (issued.error().code != Code::conflict)
    return std::move(issued).error();
  return {};
}

}  // namespace

Result<InitReport> init_files(const LoadOptions& options, const Clock& clock, const std::string& actor) {
  InitReport report;
  const Environment environment = options.environment ? *options.environment : process_environment();
  if (auto made = make_config(choose_config_file(options, environment, find_paths(environment)), report); !made)
    return std::move(made).error();
  PG_TRY(Settings settings, load_settings(options));
  if (auto made = make_app_key(environment, settings.app_key_file, report); !made) return std::move(made).error();
  const bool had_database = is_there(settings.database);
  PG_TRY(Db db, Db::open(settings.database));
  note(report, !had_database, settings.database);
  if (auto made = make_project(settings, environment, {&db, &clock, actor}, report); !made) return std::move(made).error();
  if (auto made = make_first_key(db, clock, environment, actor, report); !made) return std::move(made).error();
  // A log that was cut is no reason not to start: `pg audit verify` and serve tell of it.
  if (auto key = load_app_key(environment, settings.app_key_file)) (void)seal_audit(db, key.value(), !had_database);
  PG_TRY(report.settings, load_settings(options));
  if (!report.settings.projects.empty()) {
    const ProjectSettings& first = report.settings.projects.begin()->second;
    report.project = first.name;
    report.project_id = first.id;
  }
  return report;
}

}  // namespace pg
