// Discovery and layering: which files, in which order, and what stands above them.
#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "config/knobs.h"
#include "config/load_toml.h"
#include "config/mcp_knobs.h"
#include "config/project_files.h"
#include "config/providers.h"
#include "config/read_endpoints.h"
#include "config/read_environment.h"
#include "config/read_tables.h"
#include "config/validate.h"
#include "config/validate_services.h"
#include "core/base/text.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::size_t kMaxProjects = 1000;

void complain(std::vector<Problem>& problems, const std::string& file, std::string message) {
  problems.push_back({{file, 0, 0, "", 1}, std::move(message), ""});
}

// read_file's message without the path, which the place already names.
std::string reason_of(const Error& error, const std::string& path) {
  return error.message.substr(0, path.size() + 2) == path + ": " ? error.message.substr(path.size() + 2) : error.message;
}

// A document, or nullopt when the file is not there or cannot be used (which is then a problem).
std::optional<TomlDocument> read_document(const std::string& path, bool required, Loaded& loaded) {
  std::vector<Problem>& problems = loaded.problems;
  loaded.settings.stamps.emplace_back(path, stamp_file(path));
  auto text = read_file(path, kMaxTomlBytes, FileTrust::shared);
  if (!text) {
    if (!required && text.error().code == Code::not_found) return std::nullopt;
    complain(problems, path, reason_of(text.error(), path));
    loaded.unread.insert(path);
    return std::nullopt;
  }
  const std::size_t before = problems.size();
  TomlDocument document = parse_toml(text.value(), path, problems);
  if (problems.size() == before) return document;
  loaded.unread.insert(path);
  return std::nullopt;
}

bool read_main_file(const std::string& path, bool required, Loaded& loaded) {
  const std::size_t before = loaded.problems.size();
  const auto document = read_document(path, required, loaded);
  if (!document && loaded.problems.size() == before) return false;
  loaded.settings.config_file = path;
  if (document) read_settings_tables(*document, loaded);
  return true;
}

void read_repo_file(const LoadOptions& options, const Paths& paths, Loaded& loaded) {
  if (!options.repo_file) return;
  std::error_code failed;
  const std::string from = options.directory.empty() ? std::filesystem::current_path(failed).string() : options.directory;
  const auto path = find_repo_file(from, paths.home);
  if (!path) return;
  loaded.settings.repo_file = *path;
  if (const auto document = read_document(*path, true, loaded)) read_repo_tables(*document, loaded);
}

// Files in rising order of precedence. An explicit file stands above the checkout's, the user's own and the system's below it.
void read_files(const LoadOptions& options, const Environment& environment, const Paths& paths, Loaded& loaded) {
  const std::string named = !options.config.empty() ? options.config : find_variable(environment, "PG_CONFIG").value_or("");
  if (!named.empty()) {
    read_repo_file(options, paths, loaded);
    read_main_file(named, true, loaded);
    return;
  }
  if (!read_main_file(paths.config_file, false, loaded)) read_main_file(paths.system_file, false, loaded);
  read_repo_file(options, paths, loaded);
}

void resolve_paths(const Paths& paths, Settings& settings) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  if (!settings.config_file.empty()) settings.config_file = resolve_path(settings.config_file, here, paths.home);
  const std::string beside = settings.config_file.empty() ? directory_of(paths.config_file) : directory_of(settings.config_file);
  settings.projects_dir = beside + "/projects";
  settings.database = settings.database.empty() ? paths.database : resolve_path(settings.database, beside, paths.home);
  if (!settings.log.file.empty()) settings.log.file = resolve_path(settings.log.file, beside, paths.home);
  settings.app_key_file =
      settings.app_key_file.empty() ? paths.app_key_file : resolve_path(settings.app_key_file, beside, paths.home);
}

void read_project(const TomlDocument& document, const std::string& name, Loaded& loaded) {
  Settings& settings = loaded.settings;
  ProjectSettings project;
  project.name = name;
  project.file = document.file;
  project.guards = settings.guards;
  std::vector<Problem> problems;
  read_project_tables(document, project, settings.origins, problems);
  load_schemas(project, settings.stamps, problems);
  loaded.problems.insert(loaded.problems.end(), problems.begin(), problems.end());
  settings.projects.insert_or_assign(name, std::move(project));
}

std::vector<std::string> list_project_files(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator it(directory, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (name.size() > 5 && name.front() != '.' && name.substr(name.size() - 5) == ".toml") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void read_projects(Loaded& loaded) {
  const std::string& directory = loaded.settings.projects_dir;
  loaded.settings.stamps.emplace_back(directory, stamp_file(directory));
  std::vector<std::string> files = list_project_files(directory);
  if (files.size() > kMaxProjects) {
    complain(loaded.problems, directory, fmt::format("more than {} projects", kMaxProjects));
    files.resize(kMaxProjects);
  }
  for (const std::string& file : files) {
    const std::string name = file.substr(0, file.size() - 5);
    const std::string path = directory + "/" + file;
    if (!is_project_name(name)) {
      complain(loaded.problems, path, "a project's file name is lower-case letters, digits, dashes and underscores, and no UUID");
      continue;
    }
    if (const auto document = read_document(path, true, loaded)) read_project(*document, name, loaded);
  }
}

// The key file whose path a variable holds, as GOOGLE_APPLICATION_CREDENTIALS does; "" if it is unset or holds the key itself.
std::string find_named_file(const Environment& environment, const std::string& variable, const Settings& settings,
                            const std::string& home) {
  const std::string value = find_variable(environment, variable).value_or("");
  const std::string_view text = trim(value);
  if (text.empty() || text.starts_with('{')) return "";
  return credential_path("file:" + std::string(text), settings, home);
}

// Rotated credentials are a change, too.
void stamp_secrets(const Environment& environment, const Paths& paths, Settings& settings) {
  for (const std::string& name : provider_names(settings)) {
    const auto row = find_provider_row(settings, name);
    for (const std::string& credential : row ? credentials_of(*row) : std::vector<std::string>()) {
      std::string path;
      if (credential.substr(0, 5) == "file:")
        path = credential_path(credential, settings, paths.home);
      else if (credential.substr(0, 6) == "sealed")
        path = settings.app_key_file;
      else if (credential.substr(0, 4) == "env:" && row->auth == "google")
        path = find_named_file(environment, credential.substr(4), settings, paths.home);
      if (!path.empty()) settings.stamps.emplace_back(path, stamp_file(path));
    }
  }
  const auto stamp = [&](const std::vector<std::pair<std::string, std::string>>& credentials) {
    for (const auto& [what, credential] : credentials) {
      const bool is_file = credential.starts_with("file:");
      if (!is_file && !credential.starts_with("sealed")) continue;
      const std::string path = is_file ? credential_path(credential, settings, paths.home) : settings.app_key_file;
      settings.stamps.emplace_back(path, stamp_file(path));
    }
  };
  for (const auto& [project, row] : settings.projects) {
    for (const auto& [name, service] : row.services) stamp(credentials_of(service));
    for (const auto& [name, server] : row.servers) stamp(credentials_of(server));
  }
}

// Keys that nobody set.
void note_defaults(Settings& settings) {
  for (const auto& knob : settings_knobs()) settings.origins.emplace(knob.key, "default");
  for (const auto& knob : guard_knobs()) settings.origins.emplace("guards." + std::string(knob.key), "default");
  for (const auto& [name, project] : settings.projects) {
    const std::string prefix = "projects." + name + ".";
    for (const auto& knob : project_knobs()) settings.origins.emplace(prefix + std::string(knob.key), "default");
    for (const auto& knob : guard_knobs()) {
      const std::string key = "guards." + std::string(knob.key);
      settings.origins.emplace(prefix + key, settings.origins[key]);
    }
  }
}

// What one file says of another. A file that could not be read makes every reference to it look wrong.
void check_references(Loaded& loaded) {
  const std::string projects = loaded.settings.projects_dir + "/";
  Settings trial = loaded.settings;
  for (const std::string& path : loaded.unread) {
    if (!path.starts_with(projects)) return;
    std::erase_if(trial.hosts, [&](const auto& row) { return projects + row.second.project + ".toml" == path; });
  }
  check_settings(trial, loaded.problems);
}

// "work" for a problem of projects/work.toml.
std::optional<std::string> project_of(const Settings& settings, const Problem& problem) {
  const std::string directory = settings.projects_dir + "/";
  const std::string& file = problem.place.file;
  if (!file.starts_with(directory) || !file.ends_with(".toml")) return std::nullopt;
  return file.substr(directory.size(), file.size() - directory.size() - 5);
}

}  // namespace

Loaded read_settings(const LoadOptions& options) {
  Loaded loaded;
  const Environment environment = options.environment ? *options.environment : process_environment();
  const Paths paths = find_paths(environment);
  read_files(options, environment, paths, loaded);
  read_environment(environment, loaded);
  read_flags(options.flags, loaded);
  resolve_paths(paths, loaded.settings);
  read_projects(loaded);
  stamp_secrets(environment, paths, loaded.settings);
  note_defaults(loaded.settings);
  check_references(loaded);
  if (loaded.problems.empty()) {
    const std::vector<std::string> warnings = find_warnings(loaded.settings, environment);
    loaded.settings.warnings.insert(loaded.settings.warnings.end(), warnings.begin(), warnings.end());
  }
  loaded.settings.loaded_with = options;
  return loaded;
}

Result<Settings> load_settings(const LoadOptions& options) {
  Loaded loaded = read_settings(options);
  if (loaded.problems.empty()) return std::move(loaded.settings);
  return make_error(Code::invalid_config, problems_text(loaded.problems));
}

Result<Settings> load_usable_settings(const LoadOptions& options) {
  Loaded loaded = read_settings(options);
  Settings& settings = loaded.settings;
  std::vector<Problem> others;
  for (const Problem& problem : loaded.problems) {
    if (const auto name = project_of(settings, problem))
      settings.broken.try_emplace(*name, problem);
    else
      others.push_back(problem);
  }
  if (!others.empty()) return make_error(Code::invalid_config, problems_text(others));
  for (const auto& row : settings.broken) settings.projects.erase(row.first);
  return std::move(settings);
}

Loaded read_settings_text(std::string_view text, const std::string& file) {
  Loaded loaded;
  loaded.settings.config_file = file;
  const TomlDocument document = parse_toml(text, file, loaded.problems);
  if (loaded.problems.empty()) read_settings_tables(document, loaded);
  note_defaults(loaded.settings);
  if (loaded.problems.empty()) check_settings(loaded.settings, loaded.problems);
  return loaded;
}

std::vector<Problem> read_project_text(std::string_view text, const std::string& name, const std::string& file,
                                       Settings& settings) {
  Loaded loaded;
  loaded.settings = settings;
  const TomlDocument document = parse_toml(text, file, loaded.problems);
  if (loaded.problems.empty()) read_project(document, name, loaded);
  if (loaded.problems.empty()) check_settings(loaded.settings, loaded.problems);
  if (loaded.problems.empty()) settings = std::move(loaded.settings);
  return std::move(loaded.problems);
}

}  // namespace pg
